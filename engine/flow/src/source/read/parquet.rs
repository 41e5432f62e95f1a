//! A Parquet file into batches of the wanted columns, on a blocking thread. The file's own types
//! stay; `typed` brings them to the contract's.

use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Wanted;
use crate::error::{Error, Result};

const BATCH_ROWS: usize = 16_384;

/// Some rows of a Parquet file.
pub struct ParquetChunk {
    pub rows: usize,
    /// The wanted columns; none where the file lacks one
    pub columns: Vec<Option<ArrayRef>>,
    /// The share of the file's bytes that the rows stand for
    pub taken: u64,
}

/// The columns of the file.
pub fn schema(file: File, name: &str) -> Result<SchemaRef> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file);
    let builder = builder.map_err(|error| unreadable(name, &error))?;
    Ok(Arc::clone(builder.schema()))
}

/// Decodes the file and hands each batch to `send`, which says whether to go on.
pub fn decode(
    file: File,
    size: u64,
    name: &str,
    wanted: &Wanted,
    mut send: impl FnMut(ParquetChunk) -> bool,
) -> Result<bool> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| unreadable(name, &e))?;
    let fields = builder.schema().fields();
    let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    let slots = wanted.slots(&names, name)?.slots;
    let roots = slots
        .iter()
        .enumerate()
        .filter(|(_, slot)| slot.is_some())
        .map(|(root, _)| root);
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let rows_all = builder.metadata().file_metadata().num_rows().max(1) as u64;
    let reader = builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build();
    let slots: Vec<usize> = slots.into_iter().flatten().collect();
    for batch in reader.map_err(|e| unreadable(name, &e))? {
        let batch = batch.map_err(|e| unreadable(name, &e))?;
        let taken = (u128::from(size) * batch.num_rows() as u128 / u128::from(rows_all)) as u64;
        if !send(ParquetChunk {
            rows: batch.num_rows(),
            columns: placed(&batch, &slots, wanted),
            taken,
        }) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The batch's columns at the slots that they go to.
fn placed(batch: &RecordBatch, slots: &[usize], wanted: &Wanted) -> Vec<Option<ArrayRef>> {
    let mut columns = vec![None; wanted.names.len()];
    for (column, slot) in batch.columns().iter().zip(slots) {
        columns[*slot] = Some(column.clone());
    }
    columns
}

/// A row as one JSON object, for the rejects table.
pub fn row_text(columns: &[Option<ArrayRef>], wanted: &Wanted, row: usize) -> String {
    let options = FormatOptions::new();
    let mut object = serde_json::Map::new();
    for (name, column) in wanted.names.iter().zip(columns) {
        let Some(column) = column.as_ref().filter(|column| column.is_valid(row)) else {
            continue;
        };
        let text =
            ArrayFormatter::try_new(column, &options).map(|format| format.value(row).to_string());
        object.insert(name.clone(), text.unwrap_or_default().into());
    }
    serde_json::Value::Object(object).to_string()
}

fn unreadable(name: &str, error: &dyn std::fmt::Display) -> Error {
    Error::data(format!(
        "source file {name} is not a whole Parquet file: {error}"
    ))
    .with_hint("deliver the file again, or move it out of the source's globs")
}
