//! `jobs/<name>.yaml`: one job a file, its `kind` says which of the six shapes below it has.

mod check;
mod facts;
mod feature;
mod identity;
mod profile;
mod publish;
mod source;

use serde::Serialize;

use crate::TableName;

pub use check::{Check, Severity};
pub use facts::{FactsJob, PersonReference};
pub use feature::{FeatureJob, Window};
pub use identity::{
    Guard, IdentifierLimit, IdentifierRule, IdentityJob, Normalize, RecordSource, identity_tables,
};
pub use profile::{FieldRule, ProfileJob, ProfileSource, Rule};
pub use publish::PublishJob;
pub use source::{
    Compression, CsvFormat, Encoding, Format, Mode, NdjsonFormat, OperationColumn, SourceJob,
};

/// A job of the project.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Job {
    /// Name of the job; equal to the file's stem
    pub name: String,
    pub description: Option<String>,
    pub kind: JobKind,
    /// 16 hexadecimal digits over everything that decides the job's result: the job with its
    /// defaults filled in, its contract and its SQL. Comments, order of keys and descriptions do
    /// not count.
    pub fingerprint: String,
}

/// What a job does, and how.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobKind {
    Source(SourceJob),
    Identity(IdentityJob),
    Facts(FactsJob),
    Profile(ProfileJob),
    Feature(FeatureJob),
    Publish(PublishJob),
}

impl Job {
    /// Every table that the job writes, the main one first.
    pub fn output_tables(&self) -> Vec<TableName> {
        match &self.kind {
            JobKind::Source(job) => job.output_tables(),
            JobKind::Identity(_) => identity_tables(),
            JobKind::Facts(job) => vec![job.table.clone()],
            JobKind::Profile(job) => vec![job.table.clone()],
            JobKind::Feature(job) => vec![job.table.clone()],
            JobKind::Publish(job) => vec![job.table.clone(), job.changes_table()],
        }
    }

    /// The tables that the spec itself says the job reads, sorted, each once. What the SQL of a
    /// feature or publish job reads besides is known to whoever parses that SQL.
    pub fn input_tables(&self) -> Vec<TableName> {
        let mut tables = match &self.kind {
            JobKind::Source(_) => Vec::new(),
            JobKind::Identity(job) => job.records.iter().map(|r| r.from.clone()).collect(),
            JobKind::Facts(job) => vec![job.from.clone(), identity::persons_table()],
            JobKind::Profile(job) => job.input_tables(),
            JobKind::Feature(job) => job.windows.iter().map(|w| w.table.clone()).collect(),
            JobKind::Publish(job) => job.epoch.clone(),
        };
        tables.sort();
        tables.dedup();
        tables
    }

    /// The SQL files that the job names: its SELECT first, then those of its checks.
    pub fn sql_files(&self) -> Vec<&str> {
        match &self.kind {
            JobKind::Feature(job) => vec![&job.sql],
            JobKind::Publish(job) => job.sql_files(),
            _ => Vec::new(),
        }
    }

    /// The word after `kind:`.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            JobKind::Source(_) => "source",
            JobKind::Identity(_) => "identity",
            JobKind::Facts(_) => "facts",
            JobKind::Profile(_) => "profile",
            JobKind::Feature(_) => "feature",
            JobKind::Publish(_) => "publish",
        }
    }
}
