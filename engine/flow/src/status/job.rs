//! One job of a status: its main output, what came of it last, and what it would do now.

use c360_catalog::Table;
use c360_spec::JobKind;
use jiff::Timestamp;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::ledger::LastOutcome;
use crate::plan::step;
use crate::report::Action;
use crate::room::Room;
use crate::source::{self, Freshness};

/// Where a job stands.
#[derive(Debug, Clone, Serialize)]
pub struct JobStatus {
    /// The job.
    pub job: String,
    /// Its kind, as in the spec.
    pub kind: String,
    /// Its main output table.
    pub output: String,
    /// Rows of that table; none before it is there.
    pub rows: Option<u64>,
    /// When these rows last changed.
    pub changed_at: Option<Timestamp>,
    /// What came of it when it last did something or failed.
    pub last: Option<LastOutcome>,
    /// What it would do now; none where it would fail.
    pub action: Option<Action>,
    /// Why it would do that, or fail.
    pub why: String,
    /// What the reader should do, as exit codes have it, where it would fail.
    pub error_kind: Option<String>,
    /// And how, where that is known.
    pub hint: Option<String>,
    /// What came in and what waits, where the job reads files.
    pub source: Option<SourceStatus>,
}

/// How a source stands.
#[derive(Debug, Clone, Serialize)]
pub struct SourceStatus {
    /// Rows in quarantine: those that broke the contract, of all files.
    pub quarantined: u64,
    /// Its files; none where it would fail.
    #[serde(flatten)]
    pub files: Option<Freshness>,
}

/// The status of the room's job; `before` is a job that it has to wait for.
pub async fn status(
    room: &Room<'_>,
    before: Option<&JobStatus>,
    last: Option<LastOutcome>,
) -> Result<JobStatus> {
    let output = &room.job.output_tables()[0];
    let table = room.output_table(output).await?;
    let next = Next::of(room, before).await;
    Ok(JobStatus {
        job: room.job.name.clone(),
        kind: room.job.kind_name().to_owned(),
        output: output.to_string(),
        rows: table.as_ref().map(Table::row_count),
        changed_at: table.as_ref().and_then(Table::changed_at),
        last,
        action: next.action,
        why: next.why,
        error_kind: next.error.as_ref().map(|error| error.kind().to_string()),
        hint: next.error.as_ref().and_then(Error::hint),
        source: source_status(room, next.files).await?,
    })
}

/// What a run would do with a job.
#[derive(Default)]
struct Next {
    action: Option<Action>,
    why: String,
    files: Option<Freshness>,
    error: Option<Error>,
}

impl Next {
    async fn of(room: &Room<'_>, before: Option<&JobStatus>) -> Self {
        if let Some(before) = before {
            return Self::waits(before);
        }
        Self::planned(room).await.unwrap_or_else(|error| Self {
            why: error.in_full(),
            error: Some(error),
            ..Self::default()
        })
    }

    fn waits(before: &JobStatus) -> Self {
        let first = &before.job;
        Self {
            action: Some(Action::Waits),
            why: match before.action {
                Some(_) => format!("{first} will change its input"),
                None => format!("{first} would fail"),
            },
            ..Self::default()
        }
    }

    async fn planned(room: &Room<'_>) -> Result<Self> {
        let (action, why, files) = match &room.job.kind {
            JobKind::Source(job) => {
                let work = source::decide(room, job).await?;
                (work.action(), work.why, Some(work.freshness))
            }
            _ => {
                let step = step(room).await?;
                (step.action, step.why, None)
            }
        };
        Ok(Self {
            action: Some(action),
            why,
            files,
            error: None,
        })
    }
}

async fn source_status(room: &Room<'_>, files: Option<Freshness>) -> Result<Option<SourceStatus>> {
    let JobKind::Source(job) = &room.job.kind else {
        return Ok(None);
    };
    let rejects = room.output_table(&job.rejects_table()).await?;
    Ok(Some(SourceStatus {
        quarantined: rejects.as_ref().map_or(0, Table::row_count),
        files,
    }))
}
