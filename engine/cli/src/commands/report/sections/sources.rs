//! What came in, what was refused and why, and how old it is.

use c360_flow::{Overview, SourceHealth};

use super::{instant, share};
use crate::commands::report::section::Section;
use crate::commands::report::shapes::Sheet;
use crate::failure::Failure;
use crate::numbers::{count, hours, percent, thousands};

const HEADERS: [&str; 6] = [
    "source",
    "rows",
    "rejected rows",
    "share rejected",
    "newest snapshot",
    "age at as_of",
];

/// A table of the sources and one of the reasons for rejects.
pub fn sources(told: &Overview) -> Result<Section, Failure> {
    let section = Section::new("sources", "Sources");
    let sources = &told.sources;
    if sources.is_empty() {
        return section.says("The project has no source, so nothing can come in.");
    }
    if sources.iter().all(|source| source.committed_at.is_none()) {
        let none = count(sources.len() as u64, "source");
        return section.says(format!("The project has {none}, and none was read yet."));
    }
    let sheet = Sheet {
        title: "Rows by source",
        headers: &HEADERS,
        numbers: &HEADERS[1..4],
        rows: sources.iter().map(row).collect(),
    };
    let section = section.says(lead(sources))?.with(sheet.markup()?);
    let reasons = reasons(sources);
    if reasons.is_empty() {
        return Ok(section);
    }
    let sheet = Sheet {
        title: "Why rows were rejected",
        headers: &["source", "column", "reason", "rows"],
        numbers: &["rows"],
        rows: reasons,
    };
    Ok(section.with(sheet.markup()?))
}

fn lead(sources: &[SourceHealth]) -> String {
    let sum = |of: fn(&SourceHealth) -> u64| sources.iter().map(of).sum::<u64>();
    let (rows, rejected) = (sum(|it| it.rows), sum(|it| it.rejected));
    let held = format!(
        "{} hold {}.",
        count(sources.len() as u64, "source"),
        count(rows, "row")
    );
    match rejected {
        0 => format!("{held} No row broke its contract."),
        _ => format!(
            "{held} {} more broke their contract and were set aside: {} of all.",
            thousands(rejected),
            percent(share(rejected, rows + rejected))
        ),
    }
}

fn row(source: &SourceHealth) -> Vec<String> {
    vec![
        source.source.clone(),
        thousands(source.rows),
        thousands(source.rejected),
        percent(source.rejected_share),
        source.committed_at.map_or("none yet".into(), instant),
        source.hours_before_as_of.map_or_else(String::new, age),
    ]
}

/// The page may be made as of a day in the past, which what it tells of is younger than.
fn age(before: f64) -> String {
    match before < 0.0 {
        true => format!("{} later", hours(-before)),
        false => hours(before),
    }
}

fn reasons(sources: &[SourceHealth]) -> Vec<Vec<String>> {
    let of = |source: &SourceHealth| {
        let reasons = source.reasons.iter().map(|it| {
            let column = it.column.clone();
            vec![
                source.source.clone(),
                column.unwrap_or_else(|| "the whole row".into()),
                it.reason.clone(),
                thousands(it.rows),
            ]
        });
        reasons.collect::<Vec<_>>()
    };
    sources.iter().flat_map(of).collect()
}
