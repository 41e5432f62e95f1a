//! `identity.models`: every model that was trained, the newest last. It is trained for what the spec declares, when
//! nothing else was trained for that, and when somebody asks; other runs use the one that is there.

use std::sync::Arc;

use c360_catalog::Table;
use c360_resolve::matching::{Model, Trained, Training, link, train, train_inside};
use c360_spec::{IdentityJob, Matching};
use datafusion::arrow::array::{
    ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use datafusion::prelude::ident;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::compared::Compared;
use super::prepared::Prepared;
use super::{declared, failed};
use crate::cursor::{Cursor, Decision, Work};
use crate::error::{Error, Result};
use crate::identity::rows::{text, whole};
use crate::identity::{identifiers, models, records};
use crate::room::Room;
use crate::session::Session;

/// Under which name a stamp says what was declared.
const DECLARED: &str = "matching";

/// A model that was trained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TrainedModel {
    /// Its row in `identity.models`.
    pub number: u64,
    /// How many records it was trained on.
    pub records: u64,
    /// The share of all pairs of records that are one person.
    pub prior: f64,
}

/// What there is to do, and the table as it was found.
pub struct Planned {
    table: Option<Table>,
    pub decision: Decision,
}

/// Whether a model is there for what the spec declares.
pub async fn decide(room: &Room<'_>, matching: &Matching) -> Result<Planned> {
    let table = room.output_table(&models()).await?;
    let trained_for = table
        .as_ref()
        .and_then(|table| table.summary(&format!("c360.{DECLARED}")));
    let decision = match trained_for {
        Some(declared) if declared == fingerprint(matching) => Decision {
            work: Work::Nothing,
            why: "a model is trained".into(),
        },
        Some(_) => Decision::full("matching changed: a model is trained for it"),
        None => Decision::full("no model is trained yet"),
    };
    Ok(Planned { table, decision })
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
    let inputs = room.input_tables(&[records(), identifiers()]).await?;
    let session = room.runtime.session().with_tables(&inputs).await?;
    let compared = Compared::load(&session, job, matching).await?;
    let model = declared::model(matching);
    let prepared = Prepared::of(&compared, &model)?;
    let trained = learn(&prepared, &compared, &declared::training(matching))?;

    let number = match &planned.table {
        Some(table) => newest(&room.runtime.session(), table).await?.0 + 1,
        None => 1,
    };
    let row = row(room, number, compared.columns.records(), &model, &trained)?;
    let name = models();
    let key = ["number".to_string()];
    let output = room.output(&name, &key, "one row a model that was trained");
    let table = output.prepare(&row.schema()).await?;
    crate::output::unchanged(&table, planned.table.as_ref())?;
    let mut stamp = room.stamp(&Cursor::of(&inputs));
    stamp.extra.insert(DECLARED.into(), fingerprint(matching));
    let mut appender = table.appender();
    appender.write(row).await?;
    appender.commit(stamp).await?;
    Ok(TrainedModel {
        number: number as u64,
        records: compared.columns.records() as u64,
        prior: trained.weights.prior,
    })
}

/// Weights for any two records, and from the components that those make, weights inside components.
fn learn(prepared: &Prepared<'_>, compared: &Compared, training: &Training) -> Result<Trained> {
    let Prepared { frame, blocks } = prepared;
    let weights = train(frame, blocks, training).map_err(failed)?;
    let (scorer, components) = prepared.components(compared, &weights)?;
    let linkage = link(&scorer, &components);
    let inside = train_inside(frame, &components, &linkage, &weights);
    Ok(Trained { weights, inside })
}

/// The model that runs use.
pub async fn current(session: &Session, table: &Table) -> Result<(Model, Trained)> {
    let (_, row) = newest(session, table).await?;
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
    Ok((model, trained))
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
    model: &Model,
    trained: &Trained,
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
        text(json(serde_json::to_string(model))?),
        text(json(serde_json::to_string(trained))?),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

fn schema() -> SchemaRef {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, None);
    Arc::new(Schema::new(vec![
        Field::new("number", DataType::Int64, false),
        Field::new("trained_at", instant, false),
        Field::new("run_id", DataType::Utf8, false),
        Field::new("records", DataType::Int64, false),
        Field::new("model", DataType::Utf8, false),
        Field::new("trained", DataType::Utf8, false),
    ]))
}

fn fingerprint(matching: &Matching) -> String {
    let text = serde_json::to_string(matching).expect("a spec is always JSON");
    format!("{:016x}", xxh3_64(text.as_bytes()))
}
