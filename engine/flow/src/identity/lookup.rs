//! Who a row of a source would be, had it arrived: looked up in what is known, by the project's own rules. Nothing is
//! written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use c360_catalog::Table;
use c360_spec::spelling::nearest;
use c360_spec::{IdentityJob, RecordSource};
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::prelude::ident;
use serde::Serialize;

use super::affected::{RECORD, VALUE};
use super::matching::lookup::likely;
use super::records::made_by;
use super::rows::{text, whole};
use super::{RecordName, blocks, identifiers, matching, models, persons, records};
use crate::cursor::{Cursor, recorded};
use crate::error::{Error, Result};
use crate::room::Room;
use crate::session::Session;
use crate::touched::Touched;

/// A row of a source: texts by column.
#[derive(Debug, Clone, Copy)]
pub struct AskedRow<'a> {
    pub source: &'a str,
    pub values: &'a BTreeMap<String, String>,
}

/// A person that the row may be of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LikelyPerson {
    pub person_id: String,
    /// Those of the person's records that speak for it.
    pub records: Vec<LikelyRecord>,
}

/// A record that the row shares an identifier with, or that the model holds to be likely the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LikelyRecord {
    pub record: RecordName,
    /// Kinds of identifiers that link, and of which both have one value.
    pub shares: Vec<String>,
    /// How sure the model is that the two are one person: a logarithm (base 2) of odds.
    pub weight: Option<f64>,
}

/// The key of the row that is asked about; no record has it.
const KEY: &str = "'\u{1}'";

/// The persons that a row may be of, the likeliest first: those it shares an identifier with, then by weight.
pub async fn lookup(
    room: &Room<'_>,
    job: &IdentityJob,
    asked: AskedRow<'_>,
) -> Result<Vec<LikelyPerson>> {
    let source = source(job, asked.source)?;
    let raw = room.input_table(&source.from).await?;
    let alone = room.runtime.session();
    alone.hold(&source.from, row(&raw.schema(), asked)?)?;
    let made = made_by(&alone, job, std::slice::from_ref(&source), None).await?;

    let known = room
        .input_tables(&[records(), identifiers(), persons()])
        .await?;
    check_run(room, &known[0], None)?;
    let session = room.runtime.session().with_tables(&known).await?;
    let mut found = sharing(&session, job, &made.identifiers().await?).await?;
    if let Some(declared) = &job.matching {
        let model = room.input_table(&models()).await?;
        matching::in_use::check(room, declared, &model)?;
        let index = room.input_table(&blocks()).await?;
        check_run(room, &index, Some(&model))?;
        session.register(index.name(), index.provider().await?)?;
        for (record, weight) in likely(room, job, &session, &model, &made.records().await?).await? {
            found.entry(record).or_default().weight = Some(weight);
        }
    }
    by_person(&session, found).await
}

/// Fails where a table was made by another spec or model than those that are looked up by: nobody would be found.
fn check_run(room: &Room<'_>, table: &Table, model: Option<&Table>) -> Result<()> {
    let stands = |(made_by, cursor): (String, Cursor)| {
        let same_model = model.is_none_or(|model| cursor.since(model) == model.content_id());
        made_by == room.job.fingerprint && same_model
    };
    if recorded(Some(table)).is_some_and(stands) {
        return Ok(());
    }
    let (job, name) = (&room.job.name, table.name());
    let message = format!("job {job} or its model changed since {name} was made");
    Err(Error::invalid(message).with_hint(format!("make it first: c360 run {job}")))
}

/// The record source of that name, with a key that no record has.
fn source(job: &IdentityJob, name: &str) -> Result<RecordSource> {
    let sources = || job.records.iter().map(|source| source.source.as_str());
    let found = job.records.iter().find(|source| source.source == name);
    let found = found.ok_or_else(|| {
        let names: Vec<&str> = sources().collect();
        let remedy = match nearest(name, sources()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("name one of {}", names.join(", ")),
        };
        Error::invalid(format!("no source of records is called {name}")).with_hint(remedy)
    })?;
    Ok(RecordSource {
        key: KEY.into(),
        ..found.clone()
    })
}

/// One row of a table of this schema: the given values in the columns' types, null elsewhere.
fn row(schema: &Schema, asked: AskedRow<'_>) -> Result<RecordBatch> {
    let columns = || schema.fields().iter().map(|field| field.name().as_str());
    if let Some(unknown) = asked
        .values
        .keys()
        .find(|name| schema.index_of(name).is_err())
    {
        let remedy = match nearest(unknown, columns()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!(
                "its columns are {}",
                columns().collect::<Vec<_>>().join(", ")
            ),
        };
        let message = format!("rows of {} have no column {unknown}", asked.source);
        return Err(Error::invalid(message).with_hint(remedy));
    }
    let value = |field: &Arc<Field>| match asked.values.get(field.name()) {
        Some(text) => typed(field, text),
        None => Ok(new_null_array(field.data_type(), 1)),
    };
    let values = schema.fields().iter().map(value);
    let fields = schema.fields().iter();
    let fields = fields.map(|field| Field::new(field.name(), field.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(RecordBatch::try_new(
        schema,
        values.collect::<Result<_>>()?,
    )?)
}

fn typed(field: &Field, text: &str) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let cast = cast_with_options(&StringArray::from(vec![text]), field.data_type(), &options);
    // The cast's own error would show the value.
    cast.map_err(|_| {
        let (name, kind) = (field.name(), field.data_type());
        Error::invalid(format!("what is given for {name} is no {kind}"))
    })
}

/// What speaks for a record.
#[derive(Default)]
struct Evidence {
    shares: BTreeSet<String>,
    weight: Option<f64>,
}

/// The records that have one of these identifiers, of the kinds that link.
async fn sharing(
    session: &Session,
    job: &IdentityJob,
    asked: &RecordBatch,
) -> Result<BTreeMap<RecordName, Evidence>> {
    let mut values = Touched::none(&VALUE);
    values.add_rows(asked)?;
    let all = session.table(&identifiers()).await?;
    let holding = whole(values.narrow(all, &VALUE)?).await?;
    let links = |kind: &str| job.identifiers.get(kind).is_none_or(|rule| rule.links);
    let mut found: BTreeMap<RecordName, Evidence> = BTreeMap::new();
    let names = RecordName::all(&holding, RECORD)?.into_iter();
    for (name, kind) in names.zip(text(&holding, "kind")?.iter().flatten()) {
        if links(kind) {
            found
                .entry(name)
                .or_default()
                .shares
                .insert(kind.to_owned());
        }
    }
    Ok(found)
}

async fn by_person(
    session: &Session,
    found: BTreeMap<RecordName, Evidence>,
) -> Result<Vec<LikelyPerson>> {
    let names = Touched::of_records(&found.keys().cloned().collect())?;
    let rows = names.narrow(session.table(&persons()).await?, &RECORD)?;
    let rows = whole(rows.select(["source", "key", "person_id"].map(ident))?).await?;
    let mut persons: BTreeMap<&str, Vec<LikelyRecord>> = BTreeMap::new();
    let ids = text(&rows, "person_id")?.iter().flatten();
    for (record, person) in RecordName::all(&rows, RECORD)?.into_iter().zip(ids) {
        let Some(evidence) = found.get(&record) else {
            continue;
        };
        persons.entry(person).or_default().push(LikelyRecord {
            shares: evidence.shares.iter().cloned().collect(),
            weight: evidence.weight,
            record,
        });
    }
    let person = |(id, records): (&str, Vec<LikelyRecord>)| LikelyPerson {
        person_id: id.to_owned(),
        records,
    };
    let mut persons: Vec<LikelyPerson> = persons.into_iter().map(person).collect();
    persons.iter_mut().for_each(LikelyPerson::sort);
    persons.sort_by(|a, b| b.records[0].strength().total_cmp(&a.records[0].strength()));
    Ok(persons)
}

impl LikelyPerson {
    fn sort(&mut self) {
        let stronger = |a: &LikelyRecord, b: &LikelyRecord| b.strength().total_cmp(&a.strength());
        self.records
            .sort_by(|a, b| stronger(a, b).then_with(|| a.record.cmp(&b.record)));
    }
}

impl LikelyRecord {
    /// A shared identifier links whatever the model says.
    fn strength(&self) -> f64 {
        match self.shares.is_empty() {
            false => f64::INFINITY,
            true => self.weight.unwrap_or(f64::NEG_INFINITY),
        }
    }
}
