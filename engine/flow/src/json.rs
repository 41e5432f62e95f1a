//! Rows as JSON objects, for answers that a person or a program reads.

use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::prelude::DataFrame;
use serde_json::Value;

use crate::error::{Error, Result};

/// One object a row; nulls are left out.
pub fn rows(batch: &RecordBatch) -> Result<Vec<Value>> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    let lines = writer.into_inner();
    serde_json::Deserializer::from_slice(&lines)
        .into_iter()
        .collect::<std::result::Result<Vec<Value>, _>>()
        .map_err(|error| Error::internal(format!("cannot read back JSON: {error}")))
}

/// Every row of a query.
pub async fn collect(frame: DataFrame) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    for batch in frame.collect().await? {
        all.extend(rows(&batch)?);
    }
    Ok(all)
}
