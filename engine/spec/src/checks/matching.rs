//! What an identity job says of matching, against its records and itself.

use std::collections::BTreeSet;

use crate::document::{Document, escaped};
use crate::job::{BlockingRule, Comparison, IdentityJob, Matching, Nicknames};
use crate::spelling;

use super::identity::COLUMNS;

pub fn check(document: &mut Document, job: &IdentityJob) {
    let Some(matching) = &job.matching else {
        return;
    };
    check_columns(document, job, matching);
    for (at, rule) in matching.blocking.iter().enumerate() {
        check_parts(document, &format!("/matching/blocking/{at}"), rule);
    }
    if !matching.blocking.iter().any(|rule| rule.certain) {
        let message = "no blocking rule is certain".to_owned();
        let hint = "mark one whose pairs are nearly always one person with `certain: true`";
        document.report_key("/matching/blocking", message, Some(hint.to_owned()));
    }
    for (at, comparison) in matching.comparisons.iter().enumerate() {
        check_levels(document, &format!("/matching/comparisons/{at}"), comparison);
    }
}

fn check_columns(document: &mut Document, job: &IdentityJob, matching: &Matching) {
    let records = job.records.iter();
    let known: BTreeSet<&str> = records
        .flat_map(|record| record.attributes.keys().chain(record.identifiers.keys()))
        .map(String::as_str)
        .collect();
    for (place, column) in matching.columns() {
        if !known.contains(column) {
            let message = format!("no source of records has an attribute or identifier `{column}`");
            let hint = spelling::hint(column, known.iter().copied());
            document.report_value(&format!("/matching{place}"), message, hint);
        } else if COLUMNS.contains(&column) {
            let message = format!("a record has a column `{column}` already");
            let hint = "call the identifier kind otherwise".to_owned();
            document.report_value(&format!("/matching{place}"), message, Some(hint));
        }
    }
}

/// Columns that do not count whole: each is one of the rule's, and is told once.
fn check_parts(document: &mut Document, pointer: &str, rule: &BlockingRule) {
    let first = rule.first.keys().map(|column| ("first", column));
    let sound = rule.sound.keys().map(|column| ("sound", column));
    let each = rule.each.keys().map(|column| ("each", column));
    let mut told = BTreeSet::new();
    for (key, column) in first.chain(sound).chain(each) {
        let pointer = format!("{pointer}/{key}/{}", escaped(column));
        if !rule.on.contains(column) {
            let message = format!("`{column}` is not among the rule's columns");
            let hint = spelling::hint(column, rule.on.iter().map(String::as_str));
            document.report_key(&pointer, message, hint);
        } else if !told.insert(column) {
            let message = format!("the rule says twice what counts of `{column}`");
            let hint = "keep one of `first`, `sound` and `each` for it".to_owned();
            document.report_key(&pointer, message, Some(hint));
        }
    }
    if rule.each.len() > 1 {
        let message = "a rule takes one list apart".to_owned();
        let hint = "make it two rules, one for each list".to_owned();
        document.report_key(&format!("{pointer}/each"), message, Some(hint));
    }
}

fn check_levels(document: &mut Document, pointer: &str, comparison: &Comparison) {
    match comparison {
        Comparison::Name {
            nicknames: Some(nicknames),
            ..
        } => check_nicknames(document, &format!("{pointer}/nicknames"), nicknames),
        Comparison::Number {
            within,
            within_percent,
            ..
        } => {
            check_ascent(document, &format!("{pointer}/within"), within);
            check_ascent(
                document,
                &format!("{pointer}/within_percent"),
                within_percent,
            );
            if within.is_empty() && within_percent.is_empty() {
                let message = "no degree of agreement but equality".to_owned();
                let hint = "add `within: [1, 5]`, `within_percent: [10]`, or `compare: exact`";
                document.report_key(pointer, message, Some(hint.to_owned()));
            }
        }
        Comparison::Location { within_km, .. } => {
            check_ascent(document, &format!("{pointer}/within_km"), within_km);
        }
        Comparison::List { common, .. } => {
            let fewer: Vec<f64> = common.iter().map(|common| -f64::from(*common)).collect();
            let hint = "a pair takes the first that holds: write the greatest first";
            check_order(document, &format!("{pointer}/common"), &fewer, hint);
        }
        _ => {}
    }
}

fn check_ascent(document: &mut Document, pointer: &str, distances: &[f64]) {
    let hint = "a pair takes the first that holds: write the least first";
    check_order(document, pointer, distances, hint);
    if let Some(at) = distances.iter().position(|distance| *distance == 0.0) {
        let message = "equality has a degree of its own".to_owned();
        let hint = "leave the 0 out".to_owned();
        document.report_value(&format!("{pointer}/{at}"), message, Some(hint));
    }
}

/// A degree that an earlier one leaves nothing to.
fn check_order(document: &mut Document, pointer: &str, degrees: &[f64], hint: &str) {
    let mut pairs = degrees.windows(2);
    if let Some(at) = pairs.position(|pair| pair[1] <= pair[0]) {
        let message = "no pair comes to this degree".to_owned();
        let pointer = format!("{pointer}/{}", at + 1);
        document.report_value(&pointer, message, Some(hint.to_owned()));
    }
}

fn check_nicknames(document: &mut Document, pointer: &str, nicknames: &Nicknames) {
    if !nicknames.english && nicknames.groups.is_empty() {
        let message = "no short forms are named".to_owned();
        let hint = "write `english: true`, or `groups: [[giovanni, gianni]]`".to_owned();
        document.report_key(pointer, message, Some(hint));
    }
    for (at, group) in nicknames.groups.iter().enumerate() {
        if group.len() < 2 {
            let message = "a group of fewer than two names".to_owned();
            let hint = "a group is a name and its short forms".to_owned();
            document.report_value(&format!("{pointer}/groups/{at}"), message, Some(hint));
        }
    }
}
