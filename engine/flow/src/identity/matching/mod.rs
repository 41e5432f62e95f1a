//! Matching: which records are probably one person, though they share no identifier.
//!
//! Every record may bear on every other, so matches are made from all records each time; what is written is the
//! difference. The model stays the one that was trained, so the same records give the same matches whatever came
//! before.

mod compared;
mod declared;
pub mod explain;
pub mod model;
mod prepared;

use std::sync::Arc;

use c360_resolve::matching::{self as kernel, Blocks, link};
use c360_spec::{BlockingRule, IdentityJob, Matching};
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::execution::SendableRecordBatchStream;

use self::compared::Compared;
use self::prepared::Prepared;
use super::rows::{PAIR, pair_fields, stream};
use super::{identifiers, matches, models, records};
use crate::cursor::Planned;
use crate::error::{Error, Result};
use crate::report::Outcome;
use crate::room::Room;
use crate::session::Session;

/// Compares what the matches were made from with what there is now.
pub async fn decide(room: &Room<'_>) -> Result<Planned> {
    let inputs = [records(), identifiers(), models()];
    Planned::of(room, &[matches()], &inputs, None).await
}

/// Brings the matches up to date.
pub async fn apply(
    room: &Room<'_>,
    job: &IdentityJob,
    matching: &Matching,
    planned: &Planned,
) -> Result<Outcome> {
    let name = matches();
    let key = PAIR.map(String::from);
    let comment = "one row a pair of records whose persons the model joins";
    let output = room.output(&name, &key, comment);
    let mut warnings = Vec::new();
    let mut outcome = planned
        .apply(
            room,
            &output,
            async |_, _| Ok(None),
            async |session, _| rows(session, job, matching, planned, &mut warnings).await,
        )
        .await?;
    outcome.warnings = warnings;
    Ok(outcome)
}

async fn rows(
    session: &Session,
    job: &IdentityJob,
    matching: &Matching,
    planned: &Planned,
    warnings: &mut Vec<String>,
) -> Result<SendableRecordBatchStream> {
    let (model, trained) = model::current(session, planned.input(&models())?).await?;
    let compared = Compared::load(session, job, matching).await?;
    let prepared = Prepared::of(&compared, &model)?;
    warnings.extend(left_out(&prepared.blocks, matching));
    let (scorer, components) = prepared.components(&compared, &trained.weights)?;
    let inside = scorer.inside(&trained.inside).map_err(failed)?;
    let linkage = link(&inside, &components);
    Ok(stream(batch(&compared, &linkage.joins)?))
}

/// What the limits of blocking rules left out, a line a rule.
fn left_out(blocks: &Blocks, matching: &Matching) -> Vec<String> {
    let all = blocks.left_out();
    let rules = matching.blocking.iter().enumerate();
    let told = |(at, rule): (usize, &BlockingRule)| {
        let of_rule: Vec<u32> = all
            .iter()
            .filter(|block| block.rule == at)
            .map(|block| block.records)
            .collect();
        let largest = of_rule.iter().max()?;
        Some(format!(
            "blocking on {}: {} blocks over records_max bring nobody together, the largest of {largest} records",
            rule.on.join(", "),
            of_rule.len()
        ))
    };
    rules.filter_map(told).collect()
}

/// The joins as rows: the earliest records of both sides, and the mean weight of evidence between the sides.
fn batch(compared: &Compared, joins: &[kernel::Pair]) -> Result<RecordBatch> {
    let (source, key) = compared.names()?;
    let texts = |of: &StringArray, end: fn(&kernel::Pair) -> u32| -> ArrayRef {
        let values = joins.iter().map(|join| of.value(end(join) as usize));
        Arc::new(StringArray::from_iter_values(values))
    };
    let weights = joins.iter().map(|join| join.weight);
    let columns = vec![
        texts(source, |join| join.a),
        texts(key, |join| join.a),
        texts(source, |join| join.b),
        texts(key, |join| join.b),
        Arc::new(Float64Array::from_iter_values(weights)),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

fn schema() -> SchemaRef {
    let mut fields = pair_fields();
    fields.push(Field::new("weight", DataType::Float64, false));
    Arc::new(Schema::new(fields))
}

/// The spec was checked, so what the kernel refuses is too much for one run, or a fault.
fn failed(error: kernel::Error) -> Error {
    let message = format!("cannot match records: {error}");
    match error {
        kernel::Error::TooManyPatterns { .. } | kernel::Error::TooMany { .. } => {
            Error::invalid(message)
        }
        _ => Error::internal(message),
    }
}
