//! Rows of the identity tables in memory.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::DataFrame;

use crate::error::{Error, Result};

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

/// One batch as the stream that a table is written from.
pub fn stream(rows: RecordBatch) -> SendableRecordBatchStream {
    let schema = rows.schema();
    Box::pin(RecordBatchStreamAdapter::new(
        schema,
        futures::stream::iter([Ok(rows)]),
    ))
}
