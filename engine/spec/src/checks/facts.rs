//! A facts job against the table it reads and the sources it names.

use crate::document::Document;
use crate::job::FactsJob;

use super::Names;

pub fn check(document: &mut Document, job: &FactsJob, names: &Names<'_>) {
    names.check_output(document, "/table", &job.table);
    names.check_table(document, "/from", &job.from);
    for (index, person) in job.person.iter().enumerate() {
        let pointer = format!("/person/{index}/source");
        names.check_record_source(document, &pointer, &person.source);
    }
    if let Some(bridge) = &job.bridge {
        names.check_column(document, "/bridge", &job.from, bridge);
    }
}
