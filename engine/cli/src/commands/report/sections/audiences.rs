//! The audiences: how large they are and were, and whom they share.

use std::cmp::Ordering;

use c360_flow::{AudienceSizes, Audiences, Overlap, Overview};

use super::share;
use crate::commands::report::section::Section;
use crate::commands::report::shapes::{Line, Point, Sheet};
use crate::failure::Failure;
use crate::numbers::{percent, thousands};

/// A table of sizes, a line for each audience, a table of overlaps.
pub fn audiences(told: &Overview) -> Result<Section, Failure> {
    let mut section = Section::new("audiences", "Audiences");
    let Some(it) = &told.audiences else {
        return section.says(
            "No audiences are published: no epoch shows a table customer.audiences with the columns audience and \
             person_id.",
        );
    };
    if it.audiences.is_empty() {
        return section.says("No audiences are published: customer.audiences is empty.");
    }
    section = section.with(sizes(it)?);
    for (number, audience) in (1..).zip(&it.audiences) {
        let id = format!("audience-{number}");
        section = section.with(line(audience, &id).markup()?);
    }
    if it.overlaps.is_empty() {
        return section.says("No person is in two audiences.");
    }
    let sheet = Sheet {
        title: "Persons in two audiences",
        headers: &["audience", "and", "persons", "of the first", "of the other"],
        numbers: &["persons", "of the first", "of the other"],
        rows: it.overlaps.iter().map(|both| overlap(both, it)).collect(),
    };
    Ok(section.with(sheet.markup()?))
}

fn sizes(it: &Audiences) -> Result<minijinja::Value, Failure> {
    let first = it.audiences[0].epochs.first();
    let before = first.map_or_else(String::new, |size| format!("in epoch {}", size.epoch));
    let headers = ["audience", "persons", &before, "change"];
    let sheet = Sheet {
        title: "Persons by audience",
        headers: &headers,
        numbers: &headers[1..],
        rows: it.audiences.iter().map(row).collect(),
    };
    sheet.markup()
}

fn row(it: &AudienceSizes) -> Vec<String> {
    let before = it.epochs.first().map_or(0, |size| size.persons);
    let change = match it.persons.cmp(&before) {
        Ordering::Less => format!("\u{2212}{}", thousands(before - it.persons)),
        Ordering::Equal => "0".to_owned(),
        Ordering::Greater => format!("+{}", thousands(it.persons - before)),
    };
    vec![
        it.audience.clone(),
        thousands(it.persons),
        thousands(before),
        change,
    ]
}

fn line<'a>(it: &'a AudienceSizes, id: &'a str) -> Line<'a> {
    let points = it.epochs.iter().map(|size| Point {
        epoch: size.epoch,
        number: size.persons,
    });
    Line {
        id,
        title: &it.audience,
        points: points.collect(),
        unit: "person",
    }
}

fn overlap(both: &Overlap, it: &Audiences) -> Vec<String> {
    let size = |name: &str| {
        let mut audiences = it.audiences.iter();
        let found = audiences.find(|audience| audience.audience == name);
        found.map_or(0, |audience| audience.persons)
    };
    let part = |name: &str| percent(share(both.persons, size(name)));
    vec![
        both.one.clone(),
        both.other.clone(),
        thousands(both.persons),
        part(&both.one),
        part(&both.other),
    ]
}
