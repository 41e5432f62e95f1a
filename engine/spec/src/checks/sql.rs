//! Feature and publish jobs against the files and tables that they name. What their SQL says is
//! checked by whoever parses it.

use std::collections::BTreeSet;

use crate::document::Document;
use crate::job::{Check, FeatureJob, PublishJob};

use super::Names;

pub fn check_feature(document: &mut Document, job: &FeatureJob, names: &Names<'_>) {
    names.check_output(document, "/table", &job.table);
    names.check_sql(document, "/sql", &job.sql);
    check_key(document);
    for (index, window) in job.windows.iter().enumerate() {
        let pointer = format!("/windows/{index}");
        names.check_table(document, &format!("{pointer}/table"), &window.table);
        names.check_column(
            document,
            &format!("{pointer}/at"),
            &window.table,
            &window.at,
        );
    }
}

pub fn check_publish(document: &mut Document, job: &PublishJob, names: &Names<'_>) {
    names.check_output(document, "/table", &job.table);
    names.check_sql(document, "/sql", &job.sql);
    check_key(document);
    for (index, table) in job.epoch.iter().enumerate() {
        names.check_table(document, &format!("/epoch/{index}"), table);
    }
    let mut seen = BTreeSet::new();
    for (index, check) in job.checks.iter().enumerate() {
        let Check::Sql { name, sql, .. } = check else {
            continue;
        };
        names.check_sql(document, &format!("/checks/{index}/sql"), sql);
        if !seen.insert(name) {
            let message = format!("a second check `{name}`");
            document.report_value(&format!("/checks/{index}/name"), message, None);
        }
    }
}

fn check_key(document: &mut Document) {
    if !document.has("/by") && !document.has("/key") {
        let message = "nothing tells the table's rows apart".to_owned();
        let hint = "name the columns, as in `key: [person_id]`".to_owned();
        document.report_key("/table", message, Some(hint));
    }
}
