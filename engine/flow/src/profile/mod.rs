//! The profile room: one golden profile a person.
//!
//! Candidates flow in sorted by person; each person's are looked at together, so memory goes with a batch and not
//! with the number of persons.

mod candidates;
mod choose;
mod golden;
mod whole_persons;

use c360_spec::{ProfileJob, TableName};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{Expr, lit};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{DataFrame, ident};
use futures::TryStreamExt;
use std::collections::BTreeSet;

use crate::cursor::{Planned, Wanted};
use crate::error::Result;
use crate::expression;
use crate::identity;
use crate::report::Outcome;
use crate::room::Room;
use crate::session::{Session, analyzed};
use crate::touched::{Touched, changed_rows};
use golden::Golden;
use whole_persons::whole_persons;

/// Compares what the profiles were made from with what there is now.
pub async fn decide(room: &Room<'_>, job: &ProfileJob) -> Result<Planned> {
    let mut names: BTreeSet<TableName> = job
        .sources
        .iter()
        .map(|source| source.from.clone())
        .collect();
    names.insert(identity::persons());
    let inputs: Vec<TableName> = names.into_iter().collect();
    Planned::of(room, std::slice::from_ref(&job.table), &inputs, None).await
}

/// Brings the profiles up to date.
pub async fn apply(room: &Room<'_>, job: &ProfileJob, planned: &Planned) -> Result<Outcome> {
    let key = ["person_id".to_string()];
    let output = room.output(&job.table, &key, "one row a person: the golden profile");
    planned
        .apply(
            room,
            &output,
            async |session, wanted| touched(session, job, planned, wanted).await.map(Some),
            async |session, touched| profiles(session, job, touched).await,
        )
        .await
}

async fn profiles(
    session: &Session,
    job: &ProfileJob,
    touched: Option<&Touched>,
) -> Result<SendableRecordBatchStream> {
    let frame = analyzed(candidates::candidates(session, job, touched).await?)?;
    let golden = Golden::new(job, frame.schema().as_arrow())?;
    let schema = golden.schema();
    let persons = whole_persons(frame.execute_stream().await?);
    let rows = persons.and_then(move |candidates| {
        let profile = golden
            .profiles(&candidates)
            .map_err(|error| DataFusionError::External(Box::new(error)));
        futures::future::ready(profile)
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
}

/// Persons in a sample, or those with a changed record and those that gained or lost a record.
async fn touched(
    session: &Session,
    job: &ProfileJob,
    planned: &Planned,
    wanted: Wanted<'_>,
) -> Result<Touched> {
    let mut touched = Touched::none(&["person_id"]);
    let since = match wanted {
        Wanted::ChangedSince(since) => since,
        Wanted::Sampled(sample) => {
            let persons = session.table(&identity::persons()).await?;
            let persons = persons.filter(sample.holds(&["person_id".to_owned()]))?;
            touched.add(persons, vec![ident("person_id")]).await?;
            return Ok(touched);
        }
    };
    let persons = planned.input(&identity::persons())?;
    if let Some(rows) = changed_rows(session, persons, since.since(persons)).await? {
        touched.add(rows, vec![ident("person_id")]).await?;
    }
    let mut records = Touched::none(&["source", "key"]);
    for source in &job.sources {
        let table = planned.input(&source.from)?;
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
    let rows = records.narrow(resolved, &["source", "key"])?;
    touched.add(rows, vec![ident("person_id")]).await?;
    Ok(touched)
}
