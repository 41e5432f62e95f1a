//! An identity job against itself and the tables that it reads.

use std::collections::BTreeSet;

use crate::document::{Document, escaped};
use crate::job::{IdentityJob, Normalize, RecordSource};
use crate::spelling;

use super::{Names, matching};

/// Names that the table of records, and the rows it is made from, need for themselves.
pub(super) const COLUMNS: [&str; 4] = ["source", "key", "seen_at", "first_seen_at"];

pub fn check(document: &mut Document, job: &IdentityJob, names: &Names<'_>) {
    check_entity(document, job);
    check_only_one(document, job, names);
    let mut seen = BTreeSet::new();
    for (index, record) in job.records.iter().enumerate() {
        let pointer = format!("/records/{index}");
        if !seen.insert(&record.source) {
            let message = format!("a second source `{}`", record.source);
            document.report_value(&format!("{pointer}/source"), message, None);
        }
        names.check_table(document, &format!("{pointer}/from"), &record.from);
        check_attributes(document, &pointer, record);
        for kind in record
            .identifiers
            .keys()
            .filter(|kind| !job.identifiers.contains_key(*kind))
        {
            let pointer = format!("{pointer}/identifiers/{}", escaped(kind));
            let hint = spelling::nearest(kind, job.identifiers.keys().map(String::as_str))
                .map(|near| format!("did you mean `{near}`?"))
                .unwrap_or_else(|| format!("add `{kind}:` to the rules under `identifiers`"));
            let message = format!("identifier kind `{kind}` has no rule");
            document.report_key(&pointer, message, Some(hint));
        }
    }
    if job
        .records
        .iter()
        .all(|record| record.identifiers.is_empty())
    {
        let message = "no source of records has an identifier".to_owned();
        let hint = "name one under its `identifiers`: records are linked by what they share";
        document.report_key("/records", message, Some(hint.to_owned()));
    }
    check_rules(document, job);
    check_deciding_attributes(document, job);
    matching::check(document, job);
}

fn check_attributes(document: &mut Document, pointer: &str, record: &RecordSource) {
    for attribute in record.attributes.keys() {
        if COLUMNS.contains(&attribute.as_str()) {
            let pointer = format!("{pointer}/attributes/{}", escaped(attribute));
            let message = format!("a record has a column `{attribute}` already");
            let hint = "call the attribute otherwise".to_owned();
            document.report_key(&pointer, message, Some(hint));
        }
    }
}

/// Another entity has neither the tables of something else nor what is for persons alone.
fn check_entity(document: &mut Document, job: &IdentityJob) {
    let entity = &job.entity;
    if entity.is_taken() {
        let message = format!("the namespace `{entity}` is taken");
        let hint = "name what the records are, as in `household`".to_owned();
        document.report_value("/entity", message, Some(hint));
    }
    if job.matching.is_some() && !entity.is_person() {
        let message = format!("`matching` is for persons, and not for entity `{entity}`");
        let hint = "link its records by identifiers".to_owned();
        document.report_key("/matching", message, Some(hint));
    }
}

fn check_only_one(document: &mut Document, job: &IdentityJob, names: &Names<'_>) {
    let this = document.stem().to_owned();
    let mut writers = names
        .writers
        .get(&job.entity.records())
        .into_iter()
        .flatten();
    if let Some(other) = writers.find(|name| **name != this) {
        let (pointer, whose) = match job.entity.is_person() {
            true => ("/kind", String::new()),
            false => ("/entity", format!(" of entity `{}`", job.entity)),
        };
        let message = format!("the job `{other}` is an identity job{whose} too");
        let hint = "an entity has one: name all sources of its records in it".to_owned();
        document.report_value(pointer, message, Some(hint));
    }
}

fn check_rules(document: &mut Document, job: &IdentityJob) {
    for (kind, rule) in &job.identifiers {
        if rule.region.is_some() && rule.normalize != Normalize::Phone {
            let pointer = format!("/identifiers/{}/region", escaped(kind));
            let message = "`region` has no meaning here".to_owned();
            document.report_key(
                &pointer,
                message,
                Some("it is for `normalize: phone`".to_owned()),
            );
        }
    }
}

fn check_deciding_attributes(document: &mut Document, job: &IdentityJob) {
    let attributes: BTreeSet<&str> = job
        .records
        .iter()
        .flat_map(|record| record.attributes.keys())
        .map(String::as_str)
        .collect();
    for (place, attribute) in job.deciding_attributes() {
        if !attributes.contains(attribute) {
            let message = format!("no source of records has an attribute `{attribute}`");
            let hint = spelling::hint(attribute, attributes.iter().copied());
            document.report_value(&place, message, hint);
        }
    }
}
