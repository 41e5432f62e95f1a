//! What a job makes, part by part: tables that come of the same inputs, and the room's own way to make them.
//!
//! This is the one place that says which tables a rebuild makes again. A job's other tables are logs, which tell how
//! the lake got where it is (`identity.events`, the change tables), or are given to what follows (models, frequencies,
//! decisions).

use c360_spec::{FactsJob, IdentityJob, Job, JobKind, ProfileJob, SourceJob, TableName};

use crate::derived::Derivation;
use crate::error::Result;
use crate::room::Room;
use crate::{facts, feature, identity, measures, profile, publish};

/// Tables that are made together.
pub enum Part<'a> {
    /// Of files.
    Files(&'a SourceJob),
    /// Of other tables.
    Tables(Made<'a>),
}

/// What is made of tables.
pub enum Made<'a> {
    /// A stage of the identity room.
    Identity(identity::Stage, &'a IdentityJob),
    /// Rows of a source with their persons.
    Facts(&'a FactsJob),
    /// Golden profiles.
    Profile(&'a ProfileJob),
    /// The rows of one SELECT.
    Select(Derivation<'a>),
}

impl<'a> Part<'a> {
    /// The parts of what the job makes, in the order in which they are made.
    pub fn of(job: &'a Job) -> Vec<Self> {
        let made = match &job.kind {
            JobKind::Source(job) => return vec![Self::Files(job)],
            JobKind::Identity(job) => {
                let stages = identity::Stage::by(job).into_iter();
                stages.map(|stage| Made::Identity(stage, job)).collect()
            }
            JobKind::Facts(job) => vec![Made::Facts(job)],
            JobKind::Profile(job) => vec![Made::Profile(job)],
            JobKind::Feature(job) => vec![Made::Select(feature::derivation(job))],
            JobKind::Measures(job) => vec![Made::Select(measures::derivation(job))],
            JobKind::Publish(job) => vec![Made::Select(publish::derivation(job))],
        };
        made.into_iter().map(Self::Tables).collect()
    }

    /// The tables of the part.
    pub fn tables(&self) -> Vec<TableName> {
        match self {
            Self::Files(job) => {
                let tables = [job.table(), job.rejects_table()].into_iter();
                tables.chain(job.deleted_table()).collect()
            }
            Self::Tables(made) => made.tables(),
        }
    }
}

/// What is made and compared of a table where a sample is asked for.
pub enum Sampling {
    /// The rows with sampled values of these columns; none: of those that name a row.
    By(Vec<String>),
    /// All rows: they come as the rows of another table are made.
    Whole,
    /// Nothing, and why: one row hangs on all others.
    Nothing(&'static str),
}

impl Sampling {
    fn by(columns: &[&str]) -> Self {
        Self::By(columns.iter().map(ToString::to_string).collect())
    }
}

impl Part<'_> {
    /// What of the part's table is made for a sample.
    pub fn sampling(&self, table: &TableName) -> Sampling {
        match self {
            Self::Files(job) if *table == job.table() => Sampling::by(&[]),
            Self::Files(_) => Sampling::Whole,
            Self::Tables(made) => made.sampling(),
        }
    }
}

impl Made<'_> {
    fn sampling(&self) -> Sampling {
        match self {
            Self::Identity(identity::Stage::Records, _) => Sampling::by(&["source", "key"]),
            Self::Identity(..) => Sampling::Nothing("who is who is decided among all records"),
            Self::Facts(_) => Sampling::by(&[]),
            Self::Profile(_) => Sampling::by(&["person_id"]),
            Self::Select(derivation) => match derivation.by {
                Some(by) => Sampling::by(&[by]),
                None => Sampling::Nothing("it is computed of all rows at once"),
            },
        }
    }

    /// The tables of the part.
    pub fn tables(&self) -> Vec<TableName> {
        match self {
            Self::Identity(stage, job) => stage.tables(&job.entity),
            Self::Facts(job) => vec![job.table.clone()],
            Self::Profile(job) => vec![job.table.clone()],
            Self::Select(derivation) => vec![derivation.table.clone()],
        }
    }

    /// Brings them up to date.
    pub async fn apply(&self, room: &Room<'_>) -> Result<()> {
        let outcome = match self {
            Self::Identity(stage, job) => return stage.apply(room, job).await,
            Self::Facts(job) => {
                let planned = facts::decide(room, job).await?;
                facts::apply(room, job, &planned).await
            }
            Self::Profile(job) => {
                let planned = profile::decide(room, job).await?;
                profile::apply(room, job, &planned).await
            }
            Self::Select(derivation) => {
                let planned = derivation.decide(room).await?;
                derivation.apply(room, &planned).await
            }
        };
        outcome.map(|_| ())
    }
}
