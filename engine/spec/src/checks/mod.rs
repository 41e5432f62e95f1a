//! What a single value cannot show: whether the parts of a file agree, and whether the files of a
//! project agree with each other.

mod contract;
mod facts;
mod identity;
mod matching;
mod measures;
mod names;
mod profile;
mod settings;
mod source;
mod sql;

use crate::document::Document;
use crate::job::JobKind;

pub use contract::check_contract;
pub use names::Names;
pub use settings::check_settings;

/// Checks a job against itself and the rest of the project.
pub fn check_job(document: &mut Document, kind: &JobKind, names: &Names<'_>) {
    match kind {
        JobKind::Source(job) => source::check(document, job, names),
        JobKind::Identity(job) => identity::check(document, job, names),
        JobKind::Facts(job) => facts::check(document, job, names),
        JobKind::Profile(job) => profile::check(document, job, names),
        JobKind::Feature(job) => sql::check_feature(document, job, names),
        JobKind::Measures(job) => measures::check(document, job, names),
        JobKind::Publish(job) => sql::check_publish(document, job, names),
    }
}

/// Reports a name at `key` that differs from the file's.
pub fn check_stem(document: &mut Document, key: &str) {
    let pointer = format!("/{key}");
    let stem = document.stem().to_owned();
    let Some(name) = document
        .text_at(&pointer)
        .filter(|name| *name != stem)
        .map(str::to_owned)
    else {
        return;
    };
    let message = format!("{key} `{name}` stands in a file named `{stem}.yaml`");
    document.report_value(
        &pointer,
        message,
        Some(format!("name both `{name}` or both `{stem}`")),
    );
}
