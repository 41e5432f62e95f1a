//! The profile room: one golden profile a person.
//!
//! Candidates flow in sorted by person; each person's are looked at together, so memory goes with a batch and not
//! with the number of persons.

mod candidates;
mod choose;
mod golden;
mod whole_persons;

use c360_catalog::{Committed, Scope, Table};
use c360_spec::{ProfileJob, TableName};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{Expr, lit};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{DataFrame, ident};
use futures::TryStreamExt;
use std::collections::BTreeSet;

use crate::cursor::{Cursor, Decision, Work, decide as compare};
use crate::error::{Error, Result};
use crate::expression;
use crate::identity;
use crate::report::Outcome;
use crate::room::Room;
use crate::session::Session;
use crate::touched::{Touched, changed_rows};
use golden::Golden;
use whole_persons::whole_persons;

/// What there is to do, with everything pinned that it takes.
pub struct Planned {
    output: Option<Table>,
    inputs: Vec<Table>,
    now: Cursor,
    /// What there is to do.
    pub decision: Decision,
}

/// Compares what the profiles were made from with what there is now.
pub async fn decide(room: &Room<'_>, job: &ProfileJob) -> Result<Planned> {
    let output = room.output_table(&job.table).await?;
    let mut names: BTreeSet<TableName> = job
        .sources
        .iter()
        .map(|source| source.from.clone())
        .collect();
    names.insert(identity::persons());
    let inputs = room
        .input_tables(&names.into_iter().collect::<Vec<_>>())
        .await?;
    let now = Cursor::of(&inputs);
    let decision = compare(output.as_ref(), &room.job.fingerprint, &now);
    Ok(Planned {
        output,
        inputs,
        now,
        decision,
    })
}

/// Brings the profiles up to date.
pub async fn apply(room: &Room<'_>, job: &ProfileJob, planned: &Planned) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let session = room.runtime.session().with_tables(&planned.inputs).await?;
    match (&planned.decision.work, &planned.output) {
        (Work::Nothing, output) => {
            outcome.snapshot_id = output.as_ref().and_then(Table::snapshot_id);
        }
        (Work::Incremental(since), Some(output)) => {
            let touched = touched(&session, job, planned, since).await?;
            let committed = if touched.is_empty() {
                output.stamp(room.stamp(&planned.now)).await?
            } else {
                write(room, job, planned, &session, Some(&touched)).await?
            };
            outcome.committed(&committed);
        }
        _ => outcome.committed(&write(room, job, planned, &session, None).await?),
    }
    Ok(outcome)
}

async fn write(
    room: &Room<'_>,
    job: &ProfileJob,
    planned: &Planned,
    session: &Session,
    touched: Option<&Touched>,
) -> Result<Committed> {
    let scope = match touched {
        None => Scope::Whole,
        Some(touched) => touched.scope(session).await?,
    };
    let rows = profiles(session, job, touched).await?;
    let key = ["person_id".to_string()];
    let output = room.output(&job.table, &key, "one row a person: the golden profile");
    let stamp = room.stamp(&planned.now);
    output
        .write(planned.output.as_ref(), scope, rows, stamp)
        .await
}

async fn profiles(
    session: &Session,
    job: &ProfileJob,
    touched: Option<&Touched>,
) -> Result<SendableRecordBatchStream> {
    let frame = candidates::candidates(session, job, touched).await?;
    let golden = Golden::new(job, frame.schema().as_arrow())?;
    let schema = golden.schema();
    let persons = whole_persons(frame.execute_stream().await?);
    let rows = persons.and_then(move |candidates| {
        let profile = golden.profiles(&candidates);
        futures::future::ready(profile.map_err(|error| DataFusionError::External(Box::new(error))))
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
}

/// Persons with a changed record, and those that gained or lost a record.
async fn touched(
    session: &Session,
    job: &ProfileJob,
    planned: &Planned,
    since: &Cursor,
) -> Result<Touched> {
    let mut touched = Touched::none(&["person_id"]);
    let persons = pinned(planned, &identity::persons())?;
    if let Some(rows) = changed_rows(session, persons, since.since(persons)).await? {
        touched.add(rows, vec![ident("person_id")]).await?;
    }
    let mut records = Touched::none(&["source", "key"]);
    for source in &job.sources {
        let table = pinned(planned, &source.from)?;
        let Some(rows) = changed_rows(session, table, since.since(table)).await? else {
            continue;
        };
        let place = format!("profile, source {}, key", source.source);
        let key: Expr = expression::parse_text(session, &rows, &source.key, &place)?;
        records
            .add(rows, vec![lit(source.source.as_str()), key])
            .await?;
    }
    let resolved: DataFrame = session.table(&identity::persons()).await?;
    let rows = records.narrow(session, resolved, &["source", "key"])?;
    touched.add(rows, vec![ident("person_id")]).await?;
    Ok(touched)
}

fn pinned<'a>(planned: &'a Planned, name: &TableName) -> Result<&'a Table> {
    let found = planned.inputs.iter().find(|table| table.name() == name);
    found.ok_or_else(|| Error::internal(format!("{name} was not pinned")))
}
