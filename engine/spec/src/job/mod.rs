//! `jobs/<name>.yaml`: one job a file, its `kind` says which of the seven shapes below it has.

mod about;
mod check;
mod entity;
mod facts;
mod feature;
mod identity;
mod matching;
mod measures;
mod profile;
mod publish;
mod source;

use serde::Serialize;

use crate::TableName;

pub use about::About;
pub use check::{Check, Severity};
pub use entity::Entity;
pub use facts::{FactsJob, PersonReference};
pub use feature::{FeatureJob, Window};
pub use identity::{Guard, IdentifierLimit, IdentifierRule, IdentityJob, Normalize, RecordSource};
pub use matching::{BlockingRule, Comparison, Matching, Nicknames, Separator, Sound};
pub use measures::{Aggregate, InvalidLength, Length, Measure, MeasuresJob};
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
    Measures(MeasuresJob),
    Publish(PublishJob),
}

/// The features of one job, however they are computed.
#[derive(Clone, Copy, Debug)]
pub struct Features<'a> {
    /// The table that holds them
    pub table: &'a TableName,
    /// Columns that tell its rows apart
    pub key: &'a [String],
    pub about: Option<&'a About>,
}

impl Job {
    /// Every table that the job writes, the main one first.
    pub fn output_tables(&self) -> Vec<TableName> {
        self.kind.output_tables()
    }

    /// The tables that the spec itself says the job reads, sorted, each once. What the SQL of a
    /// feature or publish job reads besides is known to whoever parses that SQL.
    pub fn input_tables(&self) -> Vec<TableName> {
        self.kind.input_tables()
    }

    /// The SQL files that the job names: its SELECT first, then those of its checks.
    pub fn sql_files(&self) -> Vec<&str> {
        self.kind.sql_files()
    }

    /// The word after `kind:`.
    pub fn kind_name(&self) -> &'static str {
        self.kind.name()
    }
}

impl JobKind {
    /// As [`Job::output_tables`].
    pub fn output_tables(&self) -> Vec<TableName> {
        match self {
            Self::Source(job) => job.output_tables(),
            Self::Identity(job) => job.entity.tables(),
            Self::Facts(job) => vec![job.table.clone()],
            Self::Profile(job) => vec![job.table.clone()],
            Self::Feature(job) => vec![job.table.clone()],
            Self::Measures(job) => vec![job.table.clone()],
            Self::Publish(job) => vec![job.table.clone(), job.changes_table()],
        }
    }

    /// As [`Job::input_tables`].
    pub fn input_tables(&self) -> Vec<TableName> {
        let mut tables = match self {
            Self::Source(_) => Vec::new(),
            Self::Identity(job) => job
                .records
                .iter()
                .map(|record| record.from.clone())
                .collect(),
            Self::Facts(job) => vec![job.from.clone(), Entity::default().members()],
            Self::Profile(job) => job.input_tables(),
            Self::Feature(job) => job
                .windows
                .iter()
                .map(|window| window.table.clone())
                .collect(),
            Self::Measures(job) => vec![job.from.clone()],
            Self::Publish(job) => job.epoch.clone(),
        };
        tables.sort();
        tables.dedup();
        tables
    }

    /// As [`Job::sql_files`].
    pub fn sql_files(&self) -> Vec<&str> {
        match self {
            Self::Feature(job) => vec![&job.sql],
            Self::Publish(job) => job.sql_files(),
            _ => Vec::new(),
        }
    }

    /// What a job that makes features says of them.
    pub fn features(&self) -> Option<Features<'_>> {
        let (table, key, about) = match self {
            Self::Feature(job) => (&job.table, &job.key, &job.about),
            Self::Measures(job) => (&job.table, &job.key, &job.about),
            _ => return None,
        };
        Some(Features {
            table,
            key,
            about: about.as_ref(),
        })
    }

    /// The word after `kind:`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Source(_) => "source",
            Self::Identity(_) => "identity",
            Self::Facts(_) => "facts",
            Self::Profile(_) => "profile",
            Self::Feature(_) => "feature",
            Self::Measures(_) => "measures",
            Self::Publish(_) => "publish",
        }
    }

    /// Defaults that depend on other keys: `of` is the field's name, `key` is `by`.
    pub(crate) fn fill_defaults(&mut self) {
        match self {
            Self::Profile(job) => {
                for field in job.fields.iter_mut().filter(|field| field.of.is_empty()) {
                    field.of = vec![field.name.clone()];
                }
            }
            Self::Feature(job) if job.key.is_empty() => job.key.extend(job.by.clone()),
            Self::Measures(job) => {
                job.key = [&job.by].into_iter().chain(&job.per).cloned().collect();
            }
            Self::Publish(job) if job.key.is_empty() => job.key.extend(job.by.clone()),
            _ => {}
        }
    }
}
