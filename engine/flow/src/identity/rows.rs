//! Rows of the identity tables in memory.

use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use c360_spec::IdentityJob;
use datafusion::arrow::array::{AsArray, RecordBatch, StringArray};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef, TimestampMicrosecondType};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::DataFrame;

use crate::error::{Error, Result};
use crate::instant;

/// The columns that name two records.
pub const PAIR: [&str; 4] = ["source_a", "key_a", "source_b", "key_b"];

/// The fields of [`PAIR`], to which a table adds what it says of the two.
pub fn pair_fields() -> Vec<Field> {
    PAIR.map(|name| Field::new(name, DataType::Utf8, false))
        .to_vec()
}

/// All rows of a query as one batch.
pub async fn whole(frame: DataFrame) -> Result<RecordBatch> {
    let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
    Ok(concat_batches(&schema, &frame.collect().await?)?)
}

/// A column of text.
pub fn text<'a>(batch: &'a RecordBatch, column: &str) -> Result<&'a StringArray> {
    let found = batch
        .column_by_name(column)
        .and_then(|column| column.as_string_opt::<i32>());
    found.ok_or_else(|| Error::internal(format!("column {column} of an identity table is no text")))
}

/// Microseconds; a record that nobody dated comes after all others.
pub fn first_seen(records: &RecordBatch) -> Result<Vec<i64>> {
    let column = records
        .column_by_name("first_seen_at")
        .ok_or_else(|| Error::internal("identity.records has no first_seen_at"))?;
    let instants = cast(column, &instant::data_type())?;
    let instants = instants.as_primitive::<TimestampMicrosecondType>();
    Ok(instants
        .iter()
        .map(|instant| instant.unwrap_or(i64::MAX))
        .collect())
}

/// The sources of records, by number.
pub fn source_names(job: &IdentityJob) -> Vec<String> {
    job.records
        .iter()
        .map(|source| source.source.clone())
        .collect()
}

/// The number of each row's name among `names`.
pub fn positions(texts: &StringArray, names: &[String]) -> Result<Vec<u16>> {
    let by_name: HashMap<&str, u16> = (0..)
        .zip(names)
        .map(|(code, name)| (name.as_str(), code))
        .collect();
    texts
        .iter()
        .map(|text| {
            let found = text.and_then(|text| by_name.get(text).copied());
            found.ok_or_else(|| Error::internal("an identity table names what the spec does not"))
        })
        .collect()
}

/// One batch as the stream that a table is written from.
pub fn stream(rows: RecordBatch) -> SendableRecordBatchStream {
    batches(rows.schema(), iter::once(Ok(rows)))
}

/// Batches as the stream that a table is written from.
pub fn batches(
    schema: SchemaRef,
    rows: impl Iterator<Item = Result<RecordBatch>> + Send + 'static,
) -> SendableRecordBatchStream {
    let rows = rows.map(|rows| rows.map_err(DataFusionError::from));
    Box::pin(RecordBatchStreamAdapter::new(
        schema,
        futures::stream::iter(rows),
    ))
}
