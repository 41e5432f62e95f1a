//! `identity.models`: every model that was trained or imported, the newest last. One is trained when the newest was made
//! for other rules than the spec's, or on too few records to last, and when somebody asks; other runs use the newest.

use std::sync::Arc;

use c360_catalog::{Evolution, Table};
use c360_resolve::matching::labels::{self as kernel, Label};
use c360_resolve::matching::{
    Blocks, Frequencies, LinkRules, Model, Trained, Training, Weights, train, train_inside,
};
use c360_spec::{IdentityJob, Matching};
use datafusion::arrow::array::{
    ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::prelude::ident;
use serde::Serialize;

use super::compared::Compared;
use super::labels::{LABELS_MIN, labels};
use super::prepared::Prepared;
use super::{declared, failed, frequencies};
use crate::cursor::{Cursor, Decision, Work, recorded};
use crate::error::{Error, Result};
use crate::fingerprint::fingerprint;
use crate::identity::rows::{text, whole};
use crate::identity::{models, records};
use crate::instant;
use crate::room::Room;
use crate::session::Session;

/// Under which name a stamp says what was declared.
const DECLARED: &str = "matching";

/// Under which name a stamp says how many pairs the certain rules found. Imported models have none.
const CERTAIN: &str = "certain-pairs";

/// A model that was taught by fewer certain pairs is for the time being: news of records train another.
const ENOUGH: u64 = 1000;

/// A model that was trained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TrainedModel {
    /// Its row in `identity.models`.
    pub number: u64,
    /// How many records it was trained on.
    pub records: u64,
    /// How many stewards' decisions it learnt from; too few are left aside.
    pub labels: u64,
    /// The share of all pairs of records that are one person.
    pub prior: f64,
}

/// What there is to do, and the table as it was found.
pub struct Planned {
    pub table: Option<Table>,
    pub decision: Decision,
}

impl Planned {
    /// Whether a run would train a model, `news`: on other records than those in the lake.
    pub fn would_train(&self, news: bool) -> bool {
        let provisional = self.table.as_ref().is_some_and(is_provisional);
        self.decision.work != Work::Nothing || (news && provisional)
    }
}

/// Whether a model is there for what the spec declares.
pub async fn decide(room: &Room<'_>, matching: &Matching) -> Result<Planned> {
    let table = room.output_table(&models()).await?;
    let trained = table
        .as_ref()
        .filter(|table| said(table, DECLARED).is_some());
    let decision = match trained {
        None => Decision::full("no model is trained yet"),
        Some(table) if !is_current(table, matching) => {
            Decision::full("matching changed: a model is trained for it")
        }
        Some(table) if is_provisional(table) && has_news(room, table).await? => {
            Decision::full("the model knew few records: another is trained on those there are")
        }
        Some(_) => Decision {
            work: Work::Nothing,
            why: "a model is trained".into(),
        },
    };
    Ok(Planned { table, decision })
}

/// Whether the model in use was trained for what the spec declares.
pub fn is_current(table: &Table, matching: &Matching) -> bool {
    said(table, DECLARED) == Some(declared_by(matching).as_str())
}

/// Whether the newest model was taught by few certain pairs; one that was imported was not taught here.
fn is_provisional(table: &Table) -> bool {
    let pairs = said(table, CERTAIN).and_then(|pairs| pairs.parse::<u64>().ok());
    pairs.is_some_and(|pairs| pairs < ENOUGH)
}

/// What the newest model's stamp says under a name of ours.
fn said<'a>(table: &'a Table, name: &str) -> Option<&'a str> {
    table.summary(&format!("c360.{name}"))
}

/// Whether records have changed since the newest model was trained.
async fn has_news(room: &Room<'_>, table: &Table) -> Result<bool> {
    let inputs = room.input_tables(&[records()]).await?;
    let trained_on = recorded(Some(table)).map(|(_, cursor)| cursor);
    Ok(trained_on != Some(Cursor::of(&inputs)))
}

/// Trains a model where there is none for what the spec declares.
pub async fn apply(
    room: &Room<'_>,
    job: &IdentityJob,
    matching: &Matching,
    planned: &Planned,
) -> Result<()> {
    if planned.decision.work != Work::Nothing {
        train_anew(room, job, matching, planned).await?;
    }
    Ok(())
}

/// Trains a model on the records that there are, and appends it.
pub async fn train_anew(
    room: &Room<'_>,
    job: &IdentityJob,
    matching: &Matching,
    planned: &Planned,
) -> Result<TrainedModel> {
    let known = known_records(room).await?;
    let session = known.session(room).await?;
    let (current, compared) = learn_declared(room, &session, job, matching).await?;
    let certain = declared::training(matching).deterministic;
    let certain = Blocks::new(&certain, &compared.columns).map_err(failed)?;
    let new = New {
        current: &current,
        records: compared.columns.records(),
        certain_pairs: Some(certain.pairs()),
        made_from: known.cursor(),
    };
    append(room, matching, planned, new).await
}

/// The records as the job makes them.
pub struct KnownRecords(Table);

/// Fails when the job changed since its records were made: a model would be learnt from others than it is for.
pub async fn known_records(room: &Room<'_>) -> Result<KnownRecords> {
    let table = room.input_table(&records()).await?;
    if recorded(Some(&table)).is_none_or(|(made_by, _)| made_by != room.job.fingerprint) {
        let message = format!("job {} changed since its records were made", room.job.name);
        let remedy = format!("make them first: c360 run {}", room.job.name);
        return Err(Error::invalid(message).with_hint(remedy));
    }
    Ok(KnownRecords(table))
}

impl KnownRecords {
    /// A session that sees them.
    pub async fn session(&self, room: &Room<'_>) -> Result<Session> {
        room.runtime.session().with_tables([&self.0]).await
    }

    /// What a model that is learnt from them is made from.
    pub fn cursor(&self) -> Cursor {
        Cursor::of([&self.0])
    }
}

/// What the spec declares, learnt from the records of a session, which come with it.
pub async fn learn_declared(
    room: &Room<'_>,
    session: &Session,
    job: &IdentityJob,
    matching: &Matching,
) -> Result<(CurrentModel, Compared)> {
    let model = declared::model(matching);
    let compared = Compared::load(session, job, &model).await?;
    let prepared = Prepared::of(&compared, &model)?;
    let labels = labels(room, &compared).await?;
    let trained = learn(&prepared, &compared, &declared::training(matching), &labels)?;
    let frequencies = Frequencies::of(&prepared.frame).map_err(failed)?;
    let current = CurrentModel {
        model,
        trained,
        frequencies,
    };
    Ok((current, compared))
}

/// A model that is to be the newest.
pub struct New<'a> {
    pub current: &'a CurrentModel,
    /// How many records it knows.
    pub records: usize,
    /// How many pairs the certain rules found among them; none where they taught it nothing.
    pub certain_pairs: Option<u64>,
    pub made_from: Cursor,
}

/// Appends a model, to be used as long as `matching` stays what it is.
pub async fn append(
    room: &Room<'_>,
    matching: &Matching,
    planned: &Planned,
    new: New<'_>,
) -> Result<TrainedModel> {
    let number = match &planned.table {
        Some(table) => newest(&room.runtime.session(), table).await?.0 + 1,
        None => 1,
    };
    frequencies::write(room, number, &new.current.frequencies).await?;
    let row = row(room, number, new.records, new.current)?;
    let name = models();
    let key = ["number".to_string()];
    let comment = "one row a model that was trained or imported";
    let output = room.output(&name, &key, comment);
    let table = output.prepare(&row.schema(), Evolution::Widen).await?;
    crate::output::unchanged(&table, planned.table.as_ref())?;
    let mut stamp = room.stamp(&new.made_from);
    stamp.extra.insert(DECLARED.into(), declared_by(matching));
    let certain = new.certain_pairs;
    let certain = certain.map(|pairs| (CERTAIN.into(), pairs.to_string()));
    stamp.extra.extend(certain);
    let mut appender = table.appender();
    appender.write(row).await?;
    appender.commit(stamp).await?;
    let correction = new.current.trained.correction.as_ref();
    Ok(TrainedModel {
        number: number as u64,
        records: new.records as u64,
        labels: correction.map_or(0, |correction| correction.labels as u64),
        prior: new.current.trained.weights.prior,
    })
}

/// Weights for any two records; from the components that those make, weights inside components; and what labels
/// correct, if there are enough.
fn learn(
    prepared: &Prepared<'_>,
    compared: &Compared,
    training: &Training,
    labels: &[Label],
) -> Result<Trained> {
    let weights = train(&prepared.frame, &prepared.blocks, training).map_err(failed)?;
    if labels.len() >= LABELS_MIN {
        let (rules, weights) = (LinkRules::with_labels(), weights.clone());
        let trained = inside(prepared, compared, weights, &rules, labels)?;
        let correction = trained.correction.as_ref();
        if correction.is_some_and(|correction| correction.labels >= LABELS_MIN) {
            return Ok(trained);
        }
    }
    inside(prepared, compared, weights, &LinkRules::default(), &[])
}

fn inside(
    prepared: &Prepared<'_>,
    compared: &Compared,
    weights: Weights,
    rules: &LinkRules,
    labels: &[Label],
) -> Result<Trained> {
    let (scorer, components) = prepared.components(compared, &weights, rules)?;
    let mut trained = Trained {
        inside: train_inside(&scorer, &components, &weights),
        weights,
        correction: None,
    };
    let inside = scorer.inside(&trained).map_err(failed)?;
    trained.correction = kernel::learn(&inside, &components, labels);
    Ok(trained)
}

/// What a run needs of a model.
pub struct CurrentModel {
    pub model: Model,
    pub trained: Trained,
    pub frequencies: Frequencies,
}

/// The model that runs use.
pub async fn current(room: &Room<'_>, session: &Session, table: &Table) -> Result<CurrentModel> {
    let (number, mut current) = uncounted(session, table).await?;
    frequencies::read(room, session, number, None, &mut current.frequencies).await?;
    Ok(current)
}

/// The same, without how often values occur, and its number.
pub async fn uncounted(session: &Session, table: &Table) -> Result<(i64, CurrentModel)> {
    let (number, row) = newest(session, table).await?;
    let row = row.ok_or_else(|| Error::internal("identity.models holds no model"))?;
    let part = |column: &str| Ok::<_, Error>(text(&row, column)?.value(0).to_owned());
    let unreadable = |error: serde_json::Error| {
        Error::data(format!(
            "the newest model of {} is unreadable: {error}",
            models()
        ))
        .with_hint("c360 identity train makes another")
    };
    let model = serde_json::from_str(&part("model")?).map_err(unreadable)?;
    let trained = serde_json::from_str(&part("trained")?).map_err(unreadable)?;
    let frequencies = serde_json::from_str(&part("frequencies")?).map_err(unreadable)?;
    let current = CurrentModel {
        model,
        trained,
        frequencies,
    };
    Ok((number, current))
}

/// The newest model's number and row; 0 and none where there is no row.
async fn newest(session: &Session, table: &Table) -> Result<(i64, Option<RecordBatch>)> {
    let rows = session
        .read(table.provider().await?)?
        .sort(vec![ident("number").sort(false, false)])?
        .limit(0, Some(1))?;
    let rows = whole(rows).await?;
    if rows.num_rows() == 0 {
        return Ok((0, None));
    }
    let numbers = rows
        .column_by_name("number")
        .and_then(|column| column.as_primitive_opt::<Int64Type>());
    let number = numbers.map_or(0, |numbers| numbers.value(0));
    Ok((number, Some(rows)))
}

fn row(
    room: &Room<'_>,
    number: i64,
    records: usize,
    current: &CurrentModel,
) -> Result<RecordBatch> {
    let text = |text: String| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let json = |value: serde_json::Result<String>| {
        value.map_err(|error| Error::internal(format!("a model is no JSON: {error}")))
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![number])),
        Arc::new(TimestampMicrosecondArray::from(vec![
            room.clock.now.as_microsecond(),
        ])),
        text(room.clock.run_id.clone()),
        Arc::new(Int64Array::from(vec![records as i64])),
        text(json(serde_json::to_string(&current.model))?),
        text(json(serde_json::to_string(&current.trained))?),
        text(json(serde_json::to_string(&current.frequencies))?),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

fn schema() -> SchemaRef {
    let instant = instant::data_type();
    Arc::new(Schema::new(vec![
        Field::new("number", DataType::Int64, false),
        Field::new("trained_at", instant, false),
        Field::new("run_id", DataType::Utf8, false),
        Field::new("records", DataType::Int64, false),
        Field::new("model", DataType::Utf8, false),
        Field::new("trained", DataType::Utf8, false),
        Field::new("frequencies", DataType::Utf8, false),
    ]))
}

/// Of what a model hangs on; when its links are taken is no part of that.
fn declared_by(matching: &Matching) -> String {
    let Matching {
        blocking,
        comparisons,
        recall,
        rank: _,
    } = matching;
    fingerprint(&(blocking, comparisons, recall))
}
