//! The publish room: write, audit, publish.
//!
//! The published table is brought up to date, checks run on what is new, its changes are appended to the change
//! table, and then one epoch makes all of it visible at once. A check that blocks leaves the last epoch in force.

mod changes;
mod checks;
mod columns;
mod epoch;
mod volume;

use c360_spec::PublishJob;

use crate::cursor::{self, Decision, Work};
use crate::derived::{Derivation, Query};
use crate::error::Result;
use crate::report::{EpochReport, Outcome};
use crate::room::Room;

pub use epoch::{rollback, shown, tagged_epoch};

/// What there is to do, with everything pinned that it takes.
pub struct Planned {
    /// What there is to do for the published table.
    pub derived: cursor::Planned,
    /// What there is to do.
    pub decision: Decision,
}

/// What the published table is made from.
pub fn derivation(job: &PublishJob) -> Derivation<'_> {
    Derivation {
        table: &job.table,
        query: Query::File(&job.sql),
        by: job.by.as_deref(),
        key: &job.key,
        windows: Vec::new(),
    }
}

/// Compares the published table with its inputs, and the last epoch with the tables that it names.
pub async fn decide(room: &Room<'_>, job: &PublishJob) -> Result<Planned> {
    let derived = derivation(job).decide(room).await?;
    let mut decision = derived.decision.clone();
    if decision.work == Work::Nothing
        && let Some(why) = epoch::pending(room, job).await?.map(|pending| pending.why)
    {
        decision = Decision {
            work: Work::Incremental(Default::default()),
            why,
        };
    }
    Ok(Planned { derived, decision })
}

/// Writes, audits and publishes.
pub async fn apply(room: &Room<'_>, job: &PublishJob, planned: &Planned) -> Result<Outcome> {
    let mut outcome = derivation(job).apply(room, &planned.derived).await?;
    let Some(pending) = epoch::pending(room, job).await? else {
        return Ok(outcome);
    };
    let warnings = [
        columns::check(room, &pending)?,
        checks::run(room, job, &pending).await?,
        volume::check(room, job, &pending).await?,
    ];
    outcome.warnings.extend(warnings.concat());
    let latest = pending.latest.as_ref();
    let (committed, changed) = changes::append(room, job, &pending.tables[0], latest).await?;
    outcome.wrote(&committed);
    outcome.published = changed;
    let epoch = epoch::create(room, &pending, &committed.table).await?;
    outcome.epoch = Some(EpochReport {
        number: epoch.number,
        tables: epoch.tables.keys().map(ToString::to_string).collect(),
    });
    Ok(outcome)
}
