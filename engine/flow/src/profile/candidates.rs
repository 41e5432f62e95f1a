//! What a person's records say about each field: the rows that survivorship chooses from.

use std::collections::BTreeMap;

use c360_spec::{ProfileJob, ProfileSource};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{JoinType, ScalarValue};
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::logical_expr::{Expr, ExprSchemable, cast, lit};
use datafusion::prelude::{DataFrame, ident};

use crate::error::{Error, Result};
use crate::expression;
use crate::identity;
use crate::session::Session;
use crate::touched::Touched;

/// Column of the person, then of the record, then of the time at which the values were true; the fields follow.
pub const PERSON: &str = "c360_person";
/// The record's source.
pub const SOURCE: &str = "c360_source";
/// The record's key.
pub const KEY: &str = "c360_key";
/// When the record's values were true.
pub const OBSERVED_AT: &str = "c360_observed_at";
/// Column of the key of a record whose person is known.
const RECORD: &str = "c360_record";

/// Every field that some source offers, with its type: that of the first source that offers it.
struct Fields(BTreeMap<String, DataType>);

/// One row a record and distinct set of values, sorted by person, source, key and time. With `touched`, only the
/// records of those persons.
pub async fn candidates(
    session: &Session,
    job: &ProfileJob,
    touched: Option<&Touched>,
) -> Result<DataFrame> {
    let fields = Fields::of(session, job).await?;
    let records = records(session, touched).await?;
    let mut all: Option<DataFrame> = None;
    for source in &job.sources {
        let mut observed = observed(session, source, &fields).await?;
        let records = records
            .clone()
            .filter(ident("source").eq(lit(source.source.as_str())))?;
        if touched.is_some() {
            let mut keys = Touched::none(&[KEY]);
            keys.add(records.clone(), vec![ident(RECORD)]).await?;
            observed = keys.narrow(observed, &[KEY])?;
        }
        let rows = with_persons(observed, records, &fields)?;
        all = Some(match all {
            None => rows,
            Some(all) => all.union(rows)?,
        });
    }
    let all = all.ok_or_else(|| Error::invalid(format!("{} names no source", job.table)))?;
    let mut order: Vec<_> = [PERSON, SOURCE, KEY, OBSERVED_AT]
        .map(|column| ident(column).sort(true, true))
        .to_vec();
    order.extend(fields.0.keys().map(|field| ident(field).sort(true, true)));
    Ok(all.sort(order)?)
}

fn place(source: &ProfileSource, what: &str) -> String {
    format!("profile, source {}, {what}", source.source)
}

impl Fields {
    async fn of(session: &Session, job: &ProfileJob) -> Result<Self> {
        let mut types = BTreeMap::new();
        for source in &job.sources {
            let raw = session.table(&source.from).await?;
            for (field, sql) in &source.fields {
                let value = expression::parse(session, &raw, sql, &place(source, field))?;
                let data_type = value.get_type(raw.schema())?;
                types.entry(field.clone()).or_insert(data_type);
            }
        }
        Ok(Self(types))
    }
}

/// Records with their persons: all, or those of some persons, read once.
async fn records(session: &Session, touched: Option<&Touched>) -> Result<DataFrame> {
    let records = session.table(&identity::persons()).await?.select(vec![
        ident("person_id").alias(PERSON),
        ident("source"),
        ident("key").alias(RECORD),
    ])?;
    match touched {
        None => Ok(records),
        Some(touched) => session.read_once(touched.narrow(records, &[PERSON])?).await,
    }
}

fn with_persons(observed: DataFrame, records: DataFrame, fields: &Fields) -> Result<DataFrame> {
    let records = records.select(vec![ident(PERSON), ident(RECORD)])?;
    let joined = observed.join(records, JoinType::Inner, &[KEY], &[RECORD], None)?;
    let mut columns = [PERSON, SOURCE, KEY, OBSERVED_AT].map(ident).to_vec();
    columns.extend(fields.0.keys().map(ident));
    Ok(joined.select(columns)?)
}

/// A record says a thing once, however many rows repeat it: the last time counts.
async fn observed(session: &Session, source: &ProfileSource, fields: &Fields) -> Result<DataFrame> {
    let raw = session.table(&source.from).await?;
    let parse = |sql: &str, what: &str| expression::parse(session, &raw, sql, &place(source, what));
    let seen = &place(source, "observed_at");
    let seen = expression::parse_instant(session, &raw, &source.observed_at, seen)?;
    let mut columns: Vec<Expr> = vec![
        lit(source.source.as_str()).alias(SOURCE),
        cast(parse(&source.key, "key")?, DataType::Utf8).alias(KEY),
        seen.alias("c360_seen"),
    ];
    for (field, data_type) in &fields.0 {
        let value = match source.fields.get(field) {
            Some(sql) => cast(parse(sql, field)?, data_type.clone()),
            None => lit(ScalarValue::try_from(data_type)?),
        };
        columns.push(value.alias(field));
    }
    let mut distinct = vec![ident(SOURCE), ident(KEY)];
    distinct.extend(fields.0.keys().map(ident));
    let rows = raw.select(columns)?.filter(ident(KEY).is_not_null())?;
    Ok(rows.aggregate(distinct, vec![max(ident("c360_seen")).alias(OBSERVED_AT)])?)
}
