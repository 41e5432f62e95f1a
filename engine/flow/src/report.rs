//! What a plan or a run has to say, as values that print as a table or as JSON.

use serde::Serialize;

use crate::effort::Effort;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Inputs and spec are those of the last run.
    Nothing,
    /// Only what changed is computed.
    Incremental,
    /// Everything is computed.
    Full,
    /// An earlier job will change this one's inputs first.
    Waits,
}

impl Action {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Incremental => "incremental",
            Self::Full => "full",
            Self::Waits => "waits",
        }
    }
}

/// What each job would do.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Jobs in the order in which they run.
    pub jobs: Vec<PlannedJob>,
}

/// What one job would do, and why.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedJob {
    /// The job.
    pub job: String,
    /// Its kind, as in the spec.
    pub kind: String,
    /// Its main output table.
    pub output: String,
    /// What it does.
    pub action: Action,
    /// Why it does that.
    pub why: String,
    /// How much it reads and writes.
    #[serde(flatten)]
    pub effort: Effort,
    /// Of a job that resolves persons: what it looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordNews>,
}

/// Rows of records whose persons are resolved. How many persons that changes is not known before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordNews {
    /// Rows that are new, or changed; none: not known.
    pub rows_added: Option<u64>,
    /// Rows that are gone, or were changed; none: not known.
    pub rows_removed: Option<u64>,
    /// Whether that is how many rows other jobs will probably write.
    pub is_estimated: bool,
}

impl Plan {
    /// True when a run would change nothing.
    pub fn is_empty(&self) -> bool {
        self.jobs.iter().all(|job| job.action == Action::Nothing)
    }
}

/// What a run did.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// The run.
    pub run_id: String,
    /// The instant that SQL saw as `$as_of`.
    pub as_of: String,
    /// Jobs in the order in which they ran.
    pub jobs: Vec<JobReport>,
    /// The epoch that the run published.
    pub epoch: Option<EpochReport>,
    /// Wall time of the run in seconds.
    pub seconds: f64,
}

impl RunReport {
    /// True when every job found its outputs up to date.
    pub fn nothing_happened(&self) -> bool {
        self.epoch.is_none() && self.jobs.iter().all(|job| job.action == Action::Nothing)
    }
}

/// What one job did.
#[derive(Debug, Clone, Serialize)]
pub struct JobReport {
    /// The job.
    pub job: String,
    /// Its kind, as in the spec.
    pub kind: String,
    /// What it did.
    pub action: Action,
    /// Why it did that.
    pub why: String,
    /// What changed.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// What a job changed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcome {
    /// Rows read from files.
    pub rows_in: u64,
    /// Rows quarantined.
    pub rows_rejected: u64,
    /// Rows new in the main output.
    pub inserted: u64,
    /// Rows replaced in the main output.
    pub updated: u64,
    /// Rows gone from the main output.
    pub deleted: u64,
    /// Rows of the published table that the job's epoch changes.
    pub published: u64,
    /// What happened to persons.
    pub persons: Option<PersonCounts>,
    /// What happened to the households, or whatever else than persons the job resolves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entities: Option<EntityCounts>,
    /// Bytes of data and delete files written.
    pub bytes_written: u64,
    /// What the reader should know, though the job went on.
    pub warnings: Vec<String>,
    /// The main output's snapshot after the job.
    pub snapshot_id: Option<i64>,
    /// The epoch that the job published.
    #[serde(skip)]
    pub epoch: Option<EpochReport>,
}

impl Outcome {
    /// Counts a commit of the main output.
    pub fn committed(&mut self, committed: &c360_catalog::Committed) {
        self.inserted += committed.inserted;
        self.updated += committed.updated;
        self.deleted += committed.deleted;
        self.snapshot_id = committed.table.snapshot_id();
        self.wrote(committed);
    }

    /// Counts the bytes of a commit to a table beside the main output.
    pub fn wrote(&mut self, committed: &c360_catalog::Committed) {
        self.bytes_written += committed.bytes_written;
    }
}

/// What a run did to persons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PersonCounts {
    /// Persons seen for the first time.
    pub created: u64,
    /// Persons that became part of an older one.
    pub merged: u64,
    /// Persons that came out of another one.
    pub split: u64,
    /// Persons whose last record is gone.
    pub erased: u64,
}

/// What a run did to an entity that is not the person.
#[derive(Debug, Clone, Serialize)]
pub struct EntityCounts {
    /// The entity's name.
    pub entity: String,
    /// How many there were, of households as of persons.
    #[serde(flatten)]
    pub counts: PersonCounts,
}

/// A published epoch.
#[derive(Debug, Clone, Serialize)]
pub struct EpochReport {
    /// Its number.
    pub number: u64,
    /// The tables that it makes visible.
    pub tables: Vec<String>,
}
