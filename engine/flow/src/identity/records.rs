//! Records and their identifiers, read from the tables that the identity job names.
//!
//! A record depends only on the rows of its source that share its key. So a change costs the keys in changed rows.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use c360_resolve::standardise::{Normalizer, normalize};
use c360_spec::{IdentifierRule, IdentityJob, Matching, Normalize, RecordSource, TableName};
use datafusion::arrow::array::{RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn::{coalesce, regexp_like};
use datafusion::functions_aggregate::expr_fn::{first_value, min};
use datafusion::logical_expr::{Expr, ExprFunctionExt, cast, in_list, lit, not};
use datafusion::prelude::{DataFrame, ident};

use super::rows::whole;
use super::{Stage, identifiers, records};
use crate::conform::{conform, lake_schema};
use crate::cursor::{Cursor, Planned, Work};
use crate::error::{Context, Error, Result};
use crate::expression;
use crate::report::Outcome;
use crate::room::Room;
use crate::session::{Session, ascending};
use crate::touched::{Touched, changed_rows, scope};
use crate::udf;

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
    Planned::of(room, &Stage::Records.tables(), &inputs, None).await
}

/// Brings records and identifiers up to date.
pub async fn apply(
    room: &Room<'_>,
    job: &IdentityJob,
    planned: &Planned,
    outcome: &mut Outcome,
) -> Result<()> {
    let touched = match &planned.decision.work {
        Work::Nothing => return Ok(()),
        Work::Full => None,
        Work::Incremental(since) => Some(touched_records(room, job, planned, since).await?),
    };
    let session = planned.session(room).await?;
    let made = made(&session, job, touched.as_ref()).await?;
    let scope = || scope(touched.as_ref());
    let table = records();
    let key = ["source", "key"].map(String::from);
    let output = room.output(&table, &key, "one row a record");
    let rows = made.records.execute_stream().await?;
    let stamp = room.stamp(&planned.now);
    let committed = output
        .write(planned.output(&table), scope(), rows, stamp)
        .await?;
    outcome.wrote(&committed);

    let table = identifiers();
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
        false => union(identifiers)?.distinct()?,
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

/// (source, key) of every record with a changed row.
async fn touched_records(
    room: &Room<'_>,
    job: &IdentityJob,
    planned: &Planned,
    since: &Cursor,
) -> Result<Touched> {
    let session = planned.session(room).await?;
    let mut touched = Touched::none(&["source", "key"]);
    for source in &job.records {
        let table = planned.input(&source.from)?;
        let Some(rows) = changed_rows(&session, table, since.since(table)).await? else {
            continue;
        };
        let key = expression::parse_text(&session, &rows, &source.key, &place(source, "key"))?;
        touched
            .add(rows, vec![lit(source.source.as_str()), key])
            .await?;
    }
    Ok(touched)
}

fn place(source: &RecordSource, what: &str) -> String {
    format!("identity, records of {}, {what}", source.source)
}

/// The source's rows with `source`, `key`, `seen_at`, attributes and standardised identifiers as columns.
async fn read(
    session: &Session,
    job: &IdentityJob,
    source: &RecordSource,
    touched: Option<&Touched>,
) -> Result<DataFrame> {
    let raw = session.table(&source.from).await?;
    let parse = |sql: &str, what: &str| expression::parse(session, &raw, sql, &place(source, what));
    let text = |expression| cast(expression, DataType::Utf8);
    let instant = DataType::Timestamp(TimeUnit::Microsecond, None);
    let mut columns = vec![
        lit(source.source.as_str()).alias("source"),
        text(parse(&source.key, "key")?).alias("key"),
        cast(parse(&source.seen_at, "seen_at")?, instant).alias("seen_at"),
    ];
    for (name, sql) in &source.attributes {
        columns.push(text(parse(sql, name)?).alias(name));
    }
    for (kind, sql) in &source.identifiers {
        let value = standardise(rule(job, kind), text(parse(sql, kind)?));
        columns.push(value.alias(standard_column(kind)));
    }
    let rows = raw.select(columns)?.filter(has_text(ident("key")))?;
    match touched {
        None => Ok(rows),
        // Read once, for records and identifiers alike.
        Some(touched) => {
            let keys = touched.of("source", &source.source)?;
            session.read_once(keys.narrow(rows, &["key"])?).await
        }
    }
}

/// An empty text names nobody, no more than a null does.
fn has_text(value: Expr) -> Expr {
    value.clone().is_not_null().and(value.not_eq(lit("")))
}

fn standard_column(kind: &str) -> String {
    format!("c360_standard_{kind}")
}

/// The rule of a kind of identifier.
fn rule<'a>(job: &'a IdentityJob, kind: &str) -> &'a IdentifierRule {
    static DEFAULT: LazyLock<IdentifierRule> = LazyLock::new(IdentifierRule::default);
    job.identifiers.get(kind).unwrap_or(&DEFAULT)
}

/// One row a record: the earliest sight of it, each attribute from the newest row that has it, and of each kind of
/// identifier that matching compares the least value, where the attribute of that name has none.
fn record_frame(rows: &DataFrame, job: &IdentityJob, source: &RecordSource) -> Result<DataFrame> {
    let newest_first = |attribute: &str| {
        vec![
            ident("seen_at").sort(false, false),
            ident(attribute).sort(true, false),
        ]
    };
    let mut aggregates = vec![min(ident("seen_at")).alias("first_seen_at")];
    for attribute in source.attributes.keys() {
        let value = first_value(ident(attribute), newest_first(attribute))
            .filter(ident(attribute).is_not_null())
            .build()?;
        aggregates.push(value.alias(attribute));
    }
    let compared = compared_kinds(job);
    for kind in compared
        .iter()
        .filter(|kind| source.identifiers.contains_key(**kind))
    {
        let value = || ident(standard_column(kind));
        let least = min(value()).filter(accepted(kind, rule(job, kind), value())?);
        aggregates.push(least.build()?.alias(standard_column(kind)));
    }
    let grouped = rows
        .clone()
        .aggregate(vec![ident("source"), ident("key")], aggregates)?;
    let mut columns = vec![ident("source"), ident("key"), ident("first_seen_at")];
    for name in attributes(job) {
        let attribute = source.attributes.contains_key(name).then(|| ident(name));
        let is_compared = compared.contains(name) && source.identifiers.contains_key(name);
        let identifier = is_compared.then(|| ident(standard_column(name)));
        let mut values: Vec<Expr> = attribute.into_iter().chain(identifier).collect();
        values.push(lit(ScalarValue::Utf8(None)));
        columns.push(coalesce(values).alias(name));
    }
    Ok(grouped.select(columns)?)
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
    rows: &DataFrame,
    job: &IdentityJob,
    source: &RecordSource,
) -> Result<Vec<DataFrame>> {
    let mut frames = Vec::new();
    for kind in source.identifiers.keys() {
        let value = || ident(standard_column(kind));
        let frame = rows
            .clone()
            .filter(accepted(kind, rule(job, kind), value())?)?
            .select(vec![
                lit(kind.as_str()).alias("kind"),
                value().alias("value"),
                ident("source"),
                ident("key"),
            ])?;
        frames.push(frame);
    }
    Ok(frames)
}

fn standardise(rule: &IdentifierRule, raw: Expr) -> Expr {
    match (normalizer_name(rule.normalize), &rule.region) {
        (None, _) => raw,
        (Some("phone"), Some(region)) => {
            udf::normalize_udf("phone").call(vec![raw, lit(region.as_str())])
        }
        (Some(name), _) => udf::normalize_udf(name).call(vec![raw]),
    }
}

/// The standardiser of that name, if the rule has one.
pub fn normalizer_name(normalize: Normalize) -> Option<&'static str> {
    match normalize {
        Normalize::Email => Some("email"),
        Normalize::Phone => Some("phone"),
        Normalize::Name => Some("name"),
        Normalize::Handle => Some("handle"),
        Normalize::Postcode => Some("postcode"),
        Normalize::Text => Some("text"),
        Normalize::None => None,
    }
}

/// What turns values of `kind` into their standard form.
fn normalizer(kind: &str, rule: &IdentifierRule) -> Result<Normalizer> {
    let name = normalizer_name(rule.normalize).unwrap_or("none");
    udf::normalizer(name, rule.region.as_deref())
        .context(|| format!("identity, rule of identifier {kind}"))
}

/// Whether the standardised `value` of `kind` identifies anybody.
fn accepted(kind: &str, rule: &IdentifierRule, value: Expr) -> Result<Expr> {
    let value = || value.clone();
    let mut accepted = has_text(value());
    if let Some(name) = normalizer_name(rule.normalize) {
        accepted = accepted.and(not(udf::is_junk_udf().call(vec![lit(name), value()])));
    }
    if let Some(pattern) = &rule.valid {
        accepted = accepted.and(regexp_like(value(), lit(pattern.as_str()), None));
    }
    let blocked = blocked(kind, rule)?;
    if !blocked.is_empty() {
        accepted = accepted.and(not(in_list(value(), blocked, false)));
    }
    Ok(accepted)
}

/// The blocked values as the table would hold them, without those that it could never hold.
fn blocked(kind: &str, rule: &IdentifierRule) -> Result<Vec<Expr>> {
    let written: StringArray = rule.blocked.iter().map(Some).collect();
    let standardised = normalize(&normalizer(kind, rule)?, &written);
    Ok(standardised.iter().flatten().map(lit).collect())
}
