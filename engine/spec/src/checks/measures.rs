//! A measures job against itself and the table that it reads.

use std::collections::BTreeSet;

use crate::document::Document;
use crate::job::{Aggregate, Measure, MeasuresJob};

use super::Names;

pub fn check(document: &mut Document, job: &MeasuresJob, names: &Names<'_>) {
    names.check_output(document, "/table", &job.table);
    names.check_table(document, "/from", &job.from);
    names.check_column(document, "/by", &job.from, &job.by);
    names.check_column(document, "/at", &job.from, &job.at);
    for (index, column) in job.per.iter().enumerate() {
        names.check_column(document, &format!("/per/{index}"), &job.from, column);
    }
    check_columns(document, job);
    for (index, measure) in job.measures.iter().enumerate() {
        check_keys(document, &format!("/measures/{index}"), measure);
    }
}

/// Two columns of one name, whether given twice or made by a window.
fn check_columns(document: &mut Document, job: &MeasuresJob) {
    let mut taken = BTreeSet::from([job.by.clone()]);
    for (index, column) in job.per.iter().enumerate() {
        if !taken.insert(column.clone()) {
            let message = format!("a second column `{column}`");
            document.report_value(&format!("/per/{index}"), message, None);
        }
    }
    for (index, measure) in job.measures.iter().enumerate() {
        for column in measure.columns() {
            if !taken.insert(column.clone()) {
                let message = format!("a second column `{column}`");
                let hint = "measures and windows of one name share a column".to_owned();
                let pointer = format!("/measures/{index}/name");
                document.report_value(&pointer, message, Some(hint));
            }
        }
    }
}

/// Keys that the measure needs, and keys that say nothing of it.
fn check_keys(document: &mut Document, pointer: &str, measure: &Measure) {
    let kind = document.text_at(&format!("{pointer}/measure"));
    let kind = kind.unwrap_or_default().to_owned();
    let needed = match measure.measure {
        Aggregate::Count => None,
        Aggregate::Top => Some("n"),
        Aggregate::Percentile => Some("percent"),
        Aggregate::DecayedSum => Some("half_life_days"),
        _ => None,
    };
    let needs_value = measure.measure != Aggregate::Count;
    let needed: BTreeSet<&str> = needed
        .into_iter()
        .chain(needs_value.then_some("of"))
        .collect();
    for key in &needed {
        if !document.has(&format!("{pointer}/{key}")) {
            let message = format!("the measure `{kind}` needs `{key}`");
            document.report_value(&format!("{pointer}/measure"), message, None);
        }
    }
    for key in ["n", "percent", "half_life_days"] {
        let place = format!("{pointer}/{key}");
        if document.has(&place) && !needed.contains(key) {
            let message = format!("`{key}` says nothing of the measure `{kind}`");
            document.report_key(&place, message, Some("leave it out".to_owned()));
        }
    }
}
