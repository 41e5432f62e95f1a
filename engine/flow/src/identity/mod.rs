//! The identity room: who is who.
//!
//! ```text
//! raw tables ─▶ records, identifiers ─▶ models ─▶ matches ─▶ links, persons ─▶ events
//!               (by record)             (once)    (whole)    (by component)    (by change of persons)
//! ```
//!
//! The same steps resolve another entity, such as households, into tables of its own name; models, matches and decisions
//! are for persons only, and so are all other rooms, which know the tables of persons by the functions here.
//!
//! Each step has its own cursor, so a run that dies between two of them is simply run again. Models and matches are
//! there when the job declares `matching`; decisions are written by stewards, and read where there are some.

mod affected;
mod answer;
mod audit;
mod cluster;
pub mod decisions;
mod events;
mod graph;
mod lookup;
mod matching;
mod named;
mod preview;
mod record_name;
mod records;
mod rows;
mod stage;
mod standard;
mod two_persons;
mod upheaval;
mod why_not;

use c360_spec::{Entity, IdentityJob, TableName};

pub use audit::{Audit, Bridge, audit};
pub use lookup::{AskedRow, LikelyPerson, LikelyRecord, lookup};
pub use matching::explain::{Compare, Explanation};
pub use matching::import::{ImportedModel, ModelFile};
pub use matching::in_memory::ModelOf;
pub use matching::model::TrainedModel;
pub use matching::review::{Question, Sight, Values};
pub use matching::skipped::SkippedBlocks;
pub use matching::why_not::{ModelView, RuleView};
pub use preview::{Example, Preview, preview};
pub use record_name::RecordName;
pub use rows::text;
pub use stage::Stage;
pub use standard::normalizer_name;
pub use why_not::{Decided, Exceeded, Refused, Shared, Step, WhyNot, why_not};

use crate::cursor::{Decision, Planned, Work};
use crate::error::{Error, Result};
use crate::report::Outcome;
use crate::room::Room;

/// One row a record of persons.
pub fn records() -> TableName {
    Entity::default().records()
}

/// One row a standardised value of a record.
pub fn identifiers() -> TableName {
    Entity::default().identifiers()
}

/// One row a pair of records that a steward decided about.
pub fn decisions() -> TableName {
    table("decisions")
}

/// One row a model that was trained.
pub fn models() -> TableName {
    table("models")
}

/// One row a value that a model knows to be common.
pub fn frequencies() -> TableName {
    table("frequencies")
}

/// One row a pair of records whose persons the model joins.
pub fn matches() -> TableName {
    table("matches")
}

/// One row a blocking key of a record.
pub fn blocks() -> TableName {
    table("blocks")
}

/// One row a record that likely pairs connect with others.
pub fn candidates() -> TableName {
    table("candidates")
}

/// One row a piece of evidence.
pub fn links() -> TableName {
    Entity::default().links()
}

/// One row a record, with its person.
pub fn persons() -> TableName {
    Entity::default().members()
}

/// What happened to persons.
pub fn events() -> TableName {
    Entity::default().events()
}

fn table(name: &str) -> TableName {
    TableName::new("identity", name).expect("a plain name")
}

/// What the job's records were made from, and what there is to do for them.
pub async fn decide_records(room: &Room<'_>, job: &IdentityJob) -> Result<Planned> {
    records::decide(room, job).await
}

/// What there is to do: the first step that has work speaks for the job, since the later ones follow from it.
pub async fn decide(room: &Room<'_>, job: &IdentityJob) -> Result<Decision> {
    let first = records::decide(room, job).await?.decision;
    if first.work != Work::Nothing {
        return Ok(first);
    }
    if let Some(declared) = &job.matching {
        let model = matching::model::decide(room, declared).await?.decision;
        if model.work != Work::Nothing {
            return Ok(model);
        }
        let matched = matching::decide(room).await?.decision;
        if matched.work != Work::Nothing {
            return Ok(matched);
        }
    }
    let second = cluster::decide(room, job).await?.decision;
    if second.work != Work::Nothing {
        return Ok(second);
    }
    Ok(events::decide(room, &job.entity).await?.decision)
}

/// Trains a new model on the records that there are; the next run matches by it.
pub async fn train(room: &Room<'_>, job: &IdentityJob) -> Result<TrainedModel> {
    let Some(declared) = &job.matching else {
        return Err(undeclared(&room.job.name));
    };
    let planned = matching::model::decide(room, declared).await?;
    matching::model::train_anew(room, job, declared, &planned).await
}

/// Takes a Splink model for the newest one; the next run matches by it.
pub async fn import(
    room: &Room<'_>,
    job: &IdentityJob,
    file: &ModelFile<'_>,
) -> Result<ImportedModel> {
    let Some(declared) = &job.matching else {
        return Err(undeclared(&room.job.name));
    };
    let planned = matching::model::decide(room, declared).await?;
    matching::import::import(room, job, declared, &planned, file).await
}

/// What the model holds of two records.
pub async fn explain(
    room: &Room<'_>,
    job: &IdentityJob,
    names: [&RecordName; 2],
) -> Result<Explanation> {
    match &job.matching {
        Some(declared) => matching::explain::explain(room, job, declared, names).await,
        None => Err(undeclared(&room.job.name)),
    }
}

/// At most `count` pairs that a steward should look at.
pub async fn review(room: &Room<'_>, job: &IdentityJob, count: usize) -> Result<Vec<Question>> {
    match &job.matching {
        Some(declared) => matching::review::questions(room, job, declared, count).await,
        None => Err(undeclared(&room.job.name)),
    }
}

/// What to say where there is no model.
fn undeclared(job: &str) -> Error {
    Error::invalid(format!("job {job} declares no matching")).with_hint(format!(
        "declare blocking rules and comparisons under matching in jobs/{job}.yaml"
    ))
}

/// Brings the tables up to date, step by step, since each one's decision hangs on the table before it. Returns
/// the decision of the first step that had work.
pub async fn apply(room: &Room<'_>, job: &IdentityJob) -> Result<(Decision, Outcome)> {
    let mut outcome = Outcome::default();
    let first = records::decide(room, job).await?;
    records::apply(room, job, &first, &mut outcome).await?;
    let mut decision = first.decision;
    if let Some(declared) = &job.matching {
        let model = matching::model::decide(room, declared).await?;
        matching::model::apply(room, job, declared, &model).await?;
        let matched = matching::decide(room).await?;
        let written = matching::apply(room, job, &matched).await?;
        outcome.bytes_written += written.bytes_written;
        outcome.warnings.extend(written.warnings);
        decision = decision.or(model.decision).or(matched.decision);
    }
    let second = cluster::decide(room, job).await?;
    cluster::apply(room, job, &second, &mut outcome).await?;
    let third = events::decide(room, &job.entity).await?;
    events::apply(room, &job.entity, &third, &mut outcome).await?;
    Ok((decision.or(second.decision).or(third.decision), outcome))
}
