//! Who is who: how many records persons have, what links them, what is skipped.

use std::collections::BTreeMap;

use c360_flow::{IdentityHealth, Overview, RuleLinks, SkippedBlocks};

use super::share;
use crate::commands::report::section::Section;
use crate::commands::report::shapes::{Bar, Bars, Sheet, Tile, tiles};
use crate::failure::Failure;
use crate::numbers::{count, percent, thousands};

/// Persons of more records are one bar.
const RECORDS_MAX: u64 = 10;

/// Sizes of persons, links by rule, skipped blocks.
pub fn identity(told: &Overview) -> Result<Section, Failure> {
    let section = Section::new("identity", "Who is who");
    let Some(it) = &told.identity else {
        return section
            .says("Nobody is known yet: the project has no identity job, or it has not run.");
    };
    let sizes = Bars {
        id: "sizes",
        title: "Persons by their number of records",
        bars: sizes(it),
        ..Bars::default()
    };
    let followed = Bars {
        id: "links",
        title: "Links that join records, by rule",
        bars: followed(&it.rules),
        ..Bars::default()
    };
    let mut section = section.with(figures(it)?).with(sizes.markup()?);
    if !followed.bars.is_empty() {
        section = section.with(followed.markup()?);
    }
    let refused = refused(&it.rules);
    if !refused.is_empty() {
        let sheet = Sheet {
            title: "Links that were not followed",
            headers: &["rule", "refused by", "links"],
            numbers: &["links"],
            rows: refused,
        };
        section = section.with(sheet.markup()?);
    }
    with_skipped(section, &it.skipped_blocks)
}

fn figures(it: &IdentityHealth) -> Result<minijinja::Value, Failure> {
    let alone = it.sizes.iter().find(|size| size.records == 1);
    let alone = alone.map_or(0, |size| size.persons);
    let mean = it.records as f64 / it.persons.max(1) as f64;
    let links = it.rules.iter().filter(|rule| rule.refused_by.is_none());
    let links: u64 = links.map(|rule| rule.links).sum();
    tiles(&[
        Tile::new("Persons", thousands(it.persons), ""),
        Tile::new(
            "Records",
            thousands(it.records),
            format!("{mean:.2} a person"),
        ),
        Tile::new(
            "Of one record",
            percent(share(alone, it.persons)),
            count(alone, "person"),
        ),
        Tile::new("Links followed", thousands(links), ""),
    ])
}

fn sizes(it: &IdentityHealth) -> Vec<Bar> {
    let mut sizes: BTreeMap<u64, u64> = BTreeMap::new();
    for size in &it.sizes {
        *sizes.entry(size.records.min(RECORDS_MAX + 1)).or_default() += size.persons;
    }
    let bar = |(records, persons): (u64, u64)| {
        let name = match records > RECORDS_MAX {
            true => format!("{records} records or more"),
            false => count(records, "record"),
        };
        let part = percent(share(persons, it.persons));
        let value = format!("{} · {part}", count(persons, "person"));
        Bar::new(name, value, persons as f64)
    };
    sizes.into_iter().map(bar).collect()
}

fn followed(rules: &[RuleLinks]) -> Vec<Bar> {
    let mut followed: Vec<&RuleLinks> = rules
        .iter()
        .filter(|rule| rule.refused_by.is_none())
        .collect();
    followed.sort_by_key(|rule| std::cmp::Reverse(rule.links));
    let bar = |rule: &RuleLinks| Bar::new(&rule.rule, count(rule.links, "link"), rule.links as f64);
    followed.into_iter().map(bar).collect()
}

fn refused(rules: &[RuleLinks]) -> Vec<Vec<String>> {
    let rows = rules.iter().filter_map(|rule| {
        let by = rule.refused_by.clone()?;
        Some(vec![rule.rule.clone(), by, thousands(rule.links)])
    });
    rows.collect()
}

fn with_skipped(section: Section, blocks: &[SkippedBlocks]) -> Result<Section, Failure> {
    if blocks.is_empty() {
        return section.says("Matching skipped no block for being too large.");
    }
    let rows = blocks.iter().map(|of| {
        let records = format!("{} in the largest", thousands(u64::from(of.largest)));
        vec![
            of.rule.clone(),
            thousands(of.blocks),
            format!("{}, {records}", thousands(of.records)),
        ]
    });
    let sheet = Sheet {
        title: "Blocks that matching skipped, as too many records share a key",
        headers: &["blocking rule", "blocks", "records"],
        numbers: &["blocks", "records"],
        rows: rows.collect(),
    };
    Ok(section.with(sheet.markup()?))
}
