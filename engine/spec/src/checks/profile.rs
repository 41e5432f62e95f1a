//! A profile job against itself, the tables it reads and the sources it names.

use std::collections::BTreeSet;

use crate::document::Document;
use crate::job::{FieldRule, ProfileJob, Rule};
use crate::spelling;

use super::Names;

/// Columns that every profile has.
const COLUMNS: [&str; 3] = ["person_id", "record_count", "provenance"];

pub fn check(document: &mut Document, job: &ProfileJob, names: &Names<'_>) {
    names.check_output(document, "/table", &job.table);
    for (index, source) in job.sources.iter().enumerate() {
        let pointer = format!("/sources/{index}");
        names.check_record_source(document, &format!("{pointer}/source"), &source.source);
        names.check_table(document, &format!("{pointer}/from"), &source.from);
    }
    let mut columns = BTreeSet::from(COLUMNS);
    for (index, field) in job.fields.iter().enumerate() {
        let pointer = format!("/fields/{index}");
        for column in field.columns() {
            if !columns.insert(column) {
                let message = format!("the profile has a column `{column}` already");
                document.report_value(&format!("{pointer}/name"), message, None);
            }
        }
        check_values(document, &pointer, field, job);
        check_rule(document, &pointer, field);
        check_order(document, &pointer, field, job);
    }
}

/// Values that no source offers.
fn check_values(document: &mut Document, pointer: &str, field: &FieldRule, job: &ProfileJob) {
    let offered: BTreeSet<&str> = job
        .sources
        .iter()
        .flat_map(|source| source.fields.keys())
        .map(String::as_str)
        .collect();
    for (index, value) in field.of.iter().enumerate() {
        if offered.contains(value.as_str()) {
            continue;
        }
        let of = format!("{pointer}/of");
        let place = if document.has(&format!("{of}/{index}")) {
            format!("{of}/{index}")
        } else if document.has(&of) {
            of
        } else {
            format!("{pointer}/name")
        };
        let hint = spelling::hint(value, offered.iter().copied());
        document.report_value(
            &place,
            format!("no source offers the field `{value}`"),
            hint,
        );
    }
}

/// Options that the rule lacks or does not have.
fn check_rule(document: &mut Document, pointer: &str, field: &FieldRule) {
    let options = [
        ("n", Rule::Top, "top", "how many values"),
        (
            "order",
            Rule::SourceOrder,
            "source_order",
            "the sources, the most trusted first",
        ),
    ];
    for (option, rule, name, meaning) in options {
        let place = format!("{pointer}/{option}");
        match (field.rule == rule, document.has(&place)) {
            (true, false) => {
                let message = format!("rule `{name}` needs `{option}`: {meaning}");
                document.report_value(&format!("{pointer}/rule"), message, None);
            }
            (false, true) => {
                let message = format!("`{option}` has no meaning for this rule");
                document.report_key(&place, message, Some(format!("it is for rule `{name}`")));
            }
            _ => {}
        }
    }
    if field.rule == Rule::Top && field.is_group() {
        let message = "rule `top` makes a list of one field, not of a group".to_owned();
        document.report_value(&format!("{pointer}/rule"), message, None);
    }
}

fn check_order(document: &mut Document, pointer: &str, field: &FieldRule, job: &ProfileJob) {
    let sources: BTreeSet<&str> = job
        .sources
        .iter()
        .map(|source| source.source.as_str())
        .collect();
    for (index, source) in field.order.iter().enumerate() {
        if !sources.contains(source.as_str()) {
            let message = format!("the profile has no source `{source}`");
            let hint = spelling::hint(source, sources.iter().copied());
            document.report_value(&format!("{pointer}/order/{index}"), message, hint);
        }
    }
}
