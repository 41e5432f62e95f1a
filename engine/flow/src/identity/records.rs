//! Records and their identifiers, read from the tables that the identity job names.
//!
//! A record depends only on the rows of its source that share its key. So a change costs the keys in changed rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use c360_spec::{IdentityJob, Matching, RecordSource, TableName};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::{first_value, min};
use datafusion::logical_expr::{Expr, lit, when};
use datafusion::prelude::{DataFrame, ident};

use super::Stage;
use super::rows::whole;
use super::standard::{accepted, has_text, normalizer, rule, standardise};
use crate::conform::{conform, lake_schema};
use crate::cursor::{Planned, Wanted, Work};
use crate::error::{Error, Result};
use crate::expression;
use crate::report::Outcome;
use crate::room::Room;
use crate::session::{Session, ascending};
use crate::touched::{Touched, changed_rows, scope};

/// Compares what both tables were made from with what there is now.
pub async fn decide(room: &Room<'_>, job: &IdentityJob) -> Result<Planned> {
    for (kind, rule) in &job.identifiers {
        normalizer(kind, rule)?;
    }
    let names: BTreeSet<TableName> = job
        .records
        .iter()
        .map(|source| source.from.clone())
        .collect();
    let inputs: Vec<TableName> = names.into_iter().collect();
    Planned::of(room, &Stage::Records.tables(&job.entity), &inputs, None).await
}

/// Brings records and identifiers up to date.
pub async fn apply(
    room: &Room<'_>,
    job: &IdentityJob,
    planned: &Planned,
    outcome: &mut Outcome,
) -> Result<()> {
    if planned.decision.work == Work::Nothing {
        return Ok(());
    }
    let session = planned.session(room).await?;
    let touched = match planned.wanted(room) {
        None => None,
        Some(wanted) => Some(touched_records(&session, job, planned, wanted).await?),
    };
    let made = made(&session, job, touched.as_ref()).await?;
    let scope = || scope(touched.as_ref());
    let table = job.entity.records();
    let key = ["source", "key"].map(String::from);
    let output = room.output(&table, &key, "one row a record");
    let rows = made.records.execute_stream().await?;
    let stamp = room.stamp(&planned.now);
    let committed = output
        .write(planned.output(&table), scope(), rows, stamp)
        .await?;
    outcome.wrote(&committed);

    let table = job.entity.identifiers();
    let key = ["source", "key", "kind", "value"].map(String::from);
    let comment = "one row a standardised identifier of a record";
    let output = room.output(&table, &key, comment);
    let rows = made.identifiers.execute_stream().await?;
    let stamp = room.stamp(&planned.now);
    let committed = output
        .write(planned.output(&table), scope(), rows, stamp)
        .await?;
    outcome.wrote(&committed);
    Ok(())
}

/// Records and identifiers, as queries over the tables that the job names.
pub struct Made {
    records: DataFrame,
    identifiers: DataFrame,
}

impl Made {
    /// All records in memory, as the lake would hold them.
    pub async fn records(&self) -> Result<RecordBatch> {
        in_memory(&self.records).await
    }

    /// All identifiers in memory, as the lake would hold them.
    pub async fn identifiers(&self) -> Result<RecordBatch> {
        in_memory(&self.identifiers).await
    }
}

async fn in_memory(rows: &DataFrame) -> Result<RecordBatch> {
    let rows = whole(rows.clone()).await?;
    conform(&rows, &lake_schema(&rows.schema(), &[]))
}

/// The queries that make the records, or those of them that were touched.
pub async fn made(session: &Session, job: &IdentityJob, touched: Option<&Touched>) -> Result<Made> {
    made_by(session, job, &job.records, touched).await
}

/// The same of some of the job's sources.
pub async fn made_by(
    session: &Session,
    job: &IdentityJob,
    sources: &[RecordSource],
    touched: Option<&Touched>,
) -> Result<Made> {
    let mut records = Vec::new();
    let mut identifiers = Vec::new();
    for source in sources {
        let rows = read(session, job, source, touched).await?;
        records.push(record_frame(&rows, job, source)?);
        identifiers.extend(identifier_frames(&rows, job, source)?);
    }
    let identifiers = match identifiers.is_empty() {
        true => session.rows(RecordBatch::new_empty(identifiers_schema()))?,
        false => union(identifiers)?,
    };
    // In the order in which they are looked up.
    Ok(Made {
        records: union(records)?.sort(ascending(["source", "key"]))?,
        identifiers: identifiers.sort(ascending(["kind", "value", "source", "key"]))?,
    })
}

fn identifiers_schema() -> SchemaRef {
    let names = ["kind", "value", "source", "key"];
    let fields = names.map(|name| Field::new(name, DataType::Utf8, true));
    Arc::new(Schema::new(fields.to_vec()))
}

fn union(frames: Vec<DataFrame>) -> Result<DataFrame> {
    let mut frames = frames.into_iter();
    let first = frames
        .next()
        .ok_or_else(|| Error::invalid("the identity job names no source of records"))?;
    frames.try_fold(first, |all, next| Ok(all.union(next)?))
}

/// (source, key) of every record with a changed row, or of those in a sample.
async fn touched_records(
    session: &Session,
    job: &IdentityJob,
    planned: &Planned,
    wanted: Wanted<'_>,
) -> Result<Touched> {
    let mut touched = Touched::none(&["source", "key"]);
    for source in &job.records {
        let table = planned.input(&source.from)?;
        let rows = match wanted {
            Wanted::ChangedSince(since) => changed_rows(session, table, since.since(table)).await?,
            Wanted::Sampled(_) => Some(session.table(&source.from).await?),
        };
        let Some(mut rows) = rows else { continue };
        let key = expression::parse_text(session, &rows, &source.key, &place(source, "key"))?;
        let record = || vec![lit(source.source.as_str()), key.clone()];
        if let Wanted::Sampled(sample) = wanted {
            let columns = ["source", "key"].map(String::from);
            rows = rows.filter(sample.holds_values(&columns, record()))?;
        }
        touched.add(rows, record()).await?;
    }
    Ok(touched)
}

fn place(source: &RecordSource, what: &str) -> String {
    format!("identity, records of {}, {what}", source.source)
}

/// Rows of a source with `key`, `seen_at`, attributes and standardised identifiers as columns. The source is the same in
/// all and added when they are gathered: DataFusion takes such a column for an order of the rows, and then spills nothing.
struct SourceRows {
    rows: DataFrame,
    /// Whether each row is a record of its own, because the source's table has the record's key for its own.
    one_a_record: bool,
}

async fn read(
    session: &Session,
    job: &IdentityJob,
    source: &RecordSource,
    touched: Option<&Touched>,
) -> Result<SourceRows> {
    let raw = session.table(&source.from).await?;
    let text =
        |sql: &str, what: &str| expression::parse_text(session, &raw, sql, &place(source, what));
    let seen_at = &place(source, "seen_at");
    let seen_at = expression::parse_instant(session, &raw, &source.seen_at, seen_at)?;
    let key = text(&source.key, "key")?;
    let one_a_record = expression::is_key(session, &source.from, &raw, &key).await?;
    let mut columns = vec![key.alias("key"), seen_at.alias("seen_at")];
    for (name, sql) in &source.attributes {
        columns.push(text(sql, name)?.alias(name));
    }
    for (kind, sql) in &source.identifiers {
        let value = standardise(rule(job, kind), text(sql, kind)?);
        columns.push(value.alias(standard_column(kind)));
    }
    let mut rows = raw.select(columns)?.filter(has_text(ident("key")))?;
    if let Some(touched) = touched {
        let keys = touched.of("source", &source.source)?;
        // Read once, for records and identifiers alike.
        rows = session.read_once(keys.narrow(rows, &["key"])?).await?;
    }
    Ok(SourceRows { rows, one_a_record })
}

fn standard_column(kind: &str) -> String {
    format!("c360_standard_{kind}")
}

/// One row a record: the earliest sight of it, each attribute from the newest row that has it, and of each kind of
/// identifier that matching compares the least value, where the attribute of that name has none.
fn record_frame(read: &SourceRows, job: &IdentityJob, source: &RecordSource) -> Result<DataFrame> {
    let compared = compared_kinds(job);
    let kinds: Vec<&str> = compared
        .iter()
        .copied()
        .filter(|kind| source.identifiers.contains_key(*kind))
        .collect();
    let rows = match read.one_a_record {
        true => as_they_are(&read.rows, job, source, &kinds)?,
        false => gathered(&read.rows, job, source, &kinds)?,
    };
    let mut columns = vec![
        lit(source.source.as_str()).alias("source"),
        ident("key"),
        ident("first_seen_at"),
    ];
    for name in attributes(job) {
        let attribute = source.attributes.contains_key(name).then(|| ident(name));
        let identifier = kinds.contains(&name).then(|| ident(standard_column(name)));
        let mut values: Vec<Expr> = attribute.into_iter().chain(identifier).collect();
        values.push(lit(ScalarValue::Utf8(None)));
        columns.push(coalesce(values).alias(name));
    }
    Ok(rows.select(columns)?)
}

/// Rows of which each is a record.
fn as_they_are(
    rows: &DataFrame,
    job: &IdentityJob,
    source: &RecordSource,
    kinds: &[&str],
) -> Result<DataFrame> {
    let mut columns = vec![ident("key"), ident("seen_at").alias("first_seen_at")];
    columns.extend(source.attributes.keys().map(ident));
    for kind in kinds {
        let value = || ident(standard_column(kind));
        let accepted = when(accepted(kind, rule(job, kind), value())?, value()).end()?;
        columns.push(accepted.alias(standard_column(kind)));
    }
    Ok(rows.clone().select(columns)?)
}

/// The rows of each record in one.
fn gathered(
    rows: &DataFrame,
    job: &IdentityJob,
    source: &RecordSource,
    kinds: &[&str],
) -> Result<DataFrame> {
    let newest_first = |attribute: &str| {
        vec![
            ident("seen_at").sort(false, false),
            ident(attribute).sort(true, false),
        ]
    };
    let mut aggregates = vec![min(ident("seen_at")).alias("first_seen_at")];
    for attribute in source.attributes.keys() {
        let value = first_value(ident(attribute), newest_first(attribute));
        let value = expression::filtered(value, ident(attribute).is_not_null());
        aggregates.push(value.alias(attribute));
    }
    for kind in kinds {
        let value = || ident(standard_column(kind));
        let least = expression::filtered(min(value()), accepted(kind, rule(job, kind), value())?);
        aggregates.push(least.alias(standard_column(kind)));
    }
    Ok(rows.clone().aggregate(vec![ident("key")], aggregates)?)
}

/// Every attribute that some source has, and every kind of identifier that matching compares, sorted.
pub fn attributes(job: &IdentityJob) -> BTreeSet<&str> {
    let sources = job.records.iter();
    let attributes = sources.flat_map(|source| source.attributes.keys());
    attributes
        .map(String::as_str)
        .chain(compared_kinds(job))
        .collect()
}

/// The kinds of identifiers that matching compares.
fn compared_kinds(job: &IdentityJob) -> BTreeSet<&str> {
    let names = job.matching.iter().flat_map(Matching::columns);
    let is_kind = |name: &&str| {
        let mut sources = job.records.iter();
        sources.any(|source| source.identifiers.contains_key(*name))
    };
    names.map(|(_, name)| name).filter(is_kind).collect()
}

/// (kind, value, source, key) for each kind that the source has: standardised, valid, not blocked. The key's columns
/// stand in the order in which they are looked up, which upkeep sorts by too.
fn identifier_frames(
    read: &SourceRows,
    job: &IdentityJob,
    source: &RecordSource,
) -> Result<Vec<DataFrame>> {
    let mut frames = Vec::new();
    for kind in source.identifiers.keys() {
        let value = || ident(standard_column(kind));
        let named = vec![value().alias("value"), ident("key")];
        let accepted = accepted(kind, rule(job, kind), value())?;
        let frame = read.rows.clone().filter(accepted)?.select(named)?;
        let frame = match read.one_a_record {
            true => frame,
            false => frame.distinct()?,
        };
        frames.push(frame.select(vec![
            lit(kind.as_str()).alias("kind"),
            ident("value"),
            lit(source.source.as_str()).alias("source"),
            ident("key"),
        ])?);
    }
    Ok(frames)
}
