//! The identity room: who is who.
//!
//! ```text
//! raw tables ─▶ records, identifiers ─▶ links, persons ─▶ events
//!               (by record)             (by component)    (by change of persons)
//! ```
//!
//! Each of the five tables is a step of its own with its own cursor, so a run that dies between two of them is
//! simply run again.

mod affected;
mod cluster;
mod events;
mod graph;
mod records;

use c360_spec::{IdentityJob, TableName};

pub use records::normalizer_name;

use crate::cursor::{Decision, Work};
use crate::error::Result;
use crate::report::Outcome;
use crate::room::Room;

/// One row a record.
pub fn records() -> TableName {
    table("records")
}

/// One row a standardised value of a record.
pub fn identifiers() -> TableName {
    table("identifiers")
}

/// One row a piece of evidence.
pub fn links() -> TableName {
    table("links")
}

/// One row a record, with its person.
pub fn persons() -> TableName {
    table("persons")
}

/// What happened to persons.
pub fn events() -> TableName {
    table("events")
}

fn table(name: &str) -> TableName {
    TableName::new("identity", name).expect("a plain name")
}

/// What there is to do: the first step that has work speaks for the job, since the later ones follow from it.
pub async fn decide(room: &Room<'_>, job: &IdentityJob) -> Result<Decision> {
    let first = records::decide(room, job).await?.decision;
    if first.work != Work::Nothing {
        return Ok(first);
    }
    let second = cluster::decide(room).await?.decision;
    if second.work != Work::Nothing {
        return Ok(second);
    }
    Ok(events::decide(room).await?.decision)
}

/// Brings the five tables up to date, step by step, since each one's decision hangs on the table before it. Returns
/// the decision of the first step that had work.
pub async fn apply(room: &Room<'_>, job: &IdentityJob) -> Result<(Decision, Outcome)> {
    let mut outcome = Outcome::default();
    let first = records::decide(room, job).await?;
    records::apply(room, job, &first, &mut outcome).await?;
    let second = cluster::decide(room).await?;
    cluster::apply(room, job, &second, &mut outcome).await?;
    let third = events::decide(room).await?;
    events::apply(room, &third, &mut outcome).await?;
    let decision = first.decision.or(second.decision).or(third.decision);
    Ok((decision, outcome))
}
