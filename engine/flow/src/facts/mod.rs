//! The facts room: every row of a source with the person it belongs to.
//!
//! A row names records (an account, a card, a guest's e-mail); the first that is known gives the person. A *bridge*
//! column, such as a device, lends its one known person to rows that name none; a device that several persons use
//! lends nobody.

mod met;
mod reached;

use std::sync::OnceLock;

use c360_catalog::Table;
use c360_spec::FactsJob;
use datafusion::common::JoinType;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::{DataFrame, ident};

use crate::cursor::Planned;
use crate::error::{Error, Result};
use crate::expression;
use crate::identity;
use crate::report::Outcome;
use crate::room::Room;
use crate::session::Session;
use crate::touched::Touched;
use reached::{Found, Reached};

const PERSON: &str = "person_id";

/// Compares what the table was made from with what there is now.
pub async fn decide(room: &Room<'_>, job: &FactsJob) -> Result<Planned> {
    let inputs = [job.from.clone(), identity::persons()];
    Planned::of(room, std::slice::from_ref(&job.table), &inputs, None).await
}

/// Brings the table up to date.
pub async fn apply(room: &Room<'_>, job: &FactsJob, planned: &Planned) -> Result<Outcome> {
    let key = key_columns(job, planned.input(&job.from)?)?;
    let comment = format!("rows of {} with the person they belong to", job.from);
    let output = room.output(&job.table, &key, &comment);
    // Together lie the rows of a person, which are asked for together. They have the keys that they had in the source's
    // table, and a record has one person.
    let output = output.ordered_by(&[PERSON]).distinct();
    // The rows of the source that are in memory already.
    let met = OnceLock::new();
    planned
        .apply(
            room,
            &output,
            async |session, wanted| {
                let reached = Reached::none(job, &key);
                let Found { keys, rows } = reached.by(session, planned, wanted).await?;
                if let Some(rows) = rows {
                    met.get_or_init(|| rows);
                }
                Ok(Some(keys))
            },
            async |session, touched| {
                let (raw, is_part) = match (met.get(), touched) {
                    (Some(met), _) => (met.clone(), true),
                    (None, Some(touched)) => part(session, job, &key, touched).await?,
                    (None, None) => (session.table(&job.from).await?, false),
                };
                let rows = attach(session, job, raw, is_part).await?;
                let rows = rows.execute_stream().await?;
                let columns = output.sorted_by(&rows.schema());
                session.ordered(rows, &columns).await
            },
        )
        .await
}

/// The rows of the source that were touched, and whether they are in memory.
async fn part(
    session: &Session,
    job: &FactsJob,
    key: &[String],
    touched: &Touched,
) -> Result<(DataFrame, bool)> {
    let names: Vec<&str> = key.iter().map(String::as_str).collect();
    let rows = touched.narrow(session.table(&job.from).await?, &names)?;
    match touched.count() <= met::ROWS_MAX {
        true => Ok((session.read_once(rows).await?, true)),
        false => Ok((rows, false)),
    }
}

/// The columns that name a row.
fn key_columns(job: &FactsJob, raw: &Table) -> Result<Vec<String>> {
    let key = raw.key();
    if key.is_empty() {
        let message = format!(
            "{} has no key, so its rows cannot be given persons",
            job.from
        );
        return Err(Error::invalid(message).with_hint("declare `key` in its contract"));
    }
    Ok(key)
}

fn place(job: &FactsJob, index: usize) -> String {
    format!("table {}, person[{index}].key", job.table)
}

/// `raw` with `person_id` in front; `is_part` where these are some of the rows, in memory.
async fn attach(
    session: &Session,
    job: &FactsJob,
    raw: DataFrame,
    is_part: bool,
) -> Result<DataFrame> {
    let columns: Vec<String> = raw
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let mut rows = raw.clone();
    for (index, reference) in job.person.iter().enumerate() {
        let key = expression::parse_text(session, &raw, &reference.key, &place(job, index))?;
        let mut known = known(session, &reference.source).await?;
        if is_part {
            let mut named = Touched::none(&["key"]);
            named.add(raw.clone(), vec![key.clone()]).await?;
            known = named.narrow(known, &["key"])?;
        }
        rows = look_up(rows, index, key, known)?;
    }
    let found: Vec<Expr> = (0..job.person.len())
        .map(|index| ident(person_column(index)))
        .collect();
    let mut selected: Vec<Expr> = vec![coalesce(found).alias(PERSON)];
    selected.extend(columns.iter().map(ident));
    let rows = rows.select(selected)?;
    match &job.bridge {
        Some(bridge) => lend(rows, bridge, &columns),
        None => Ok(rows),
    }
}

fn person_column(index: usize) -> String {
    format!("c360_person_{index}")
}

/// Records of a source, by `key`, with their persons.
async fn known(session: &Session, source: &str) -> Result<DataFrame> {
    let persons = session.table(&identity::persons()).await?;
    let known = persons.filter(ident("source").eq(lit(source)))?;
    Ok(known.select(vec![ident("key"), ident(PERSON)])?)
}

/// `rows` with one more column: the person of the known record that `key` names.
fn look_up(rows: DataFrame, index: usize, key: Expr, known: DataFrame) -> Result<DataFrame> {
    let (lookup, record) = (
        format!("c360_lookup_{index}"),
        format!("c360_record_{index}"),
    );
    let known = known.select(vec![
        ident("key").alias(&record),
        ident(PERSON).alias(person_column(index)),
    ])?;
    let rows = rows.with_column(&lookup, key)?;
    Ok(rows.join(
        known,
        JoinType::Left,
        &[lookup.as_str()],
        &[record.as_str()],
        None,
    )?)
}

/// Gives rows without a person the one person known for their value of `bridge`.
fn lend(rows: DataFrame, bridge: &str, columns: &[String]) -> Result<DataFrame> {
    let known = rows
        .clone()
        .filter(ident(PERSON).is_not_null())?
        .aggregate(
            vec![ident(bridge).alias("c360_bridge")],
            vec![
                min(ident(PERSON)).alias("c360_first"),
                max(ident(PERSON)).alias("c360_last"),
            ],
        )?
        .filter(ident("c360_first").eq(ident("c360_last")))?;
    let joined = rows.join(known, JoinType::Left, &[bridge], &["c360_bridge"], None)?;
    let person = coalesce(vec![ident(PERSON), ident("c360_first")]).alias(PERSON);
    let mut selected = vec![person];
    selected.extend(columns.iter().map(ident));
    Ok(joined.select(selected)?)
}
