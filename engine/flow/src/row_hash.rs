//! Rows as 128-bit hashes: equal where the chosen columns are, and small enough to keep for millions of rows.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::Schema;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::row::{RowConverter, SortField};
use xxhash_rust::xxh3::xxh3_128;

use crate::error::Result;

/// 128-bit hashes of some columns of a row.
pub struct RowHasher {
    columns: Vec<String>,
    converter: RowConverter,
}

impl RowHasher {
    /// Fails where a column is absent or cannot be ordered.
    pub fn new(schema: &Schema, columns: &[String]) -> Result<Self> {
        let fields = columns
            .iter()
            .map(|column| {
                Ok(SortField::new(
                    schema.field_with_name(column)?.data_type().clone(),
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            columns: columns.to_vec(),
            converter: RowConverter::new(fields)?,
        })
    }

    /// One hash a row, equal for equal values.
    pub fn hash(&self, batch: &RecordBatch) -> Result<Vec<u128>> {
        let columns = self
            .columns
            .iter()
            .map(|column| Ok(batch.column(batch.schema().index_of(column)?).clone()))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let rows = self.converter.convert_columns(&columns)?;
        Ok(rows.iter().map(|row| xxh3_128(row.as_ref())).collect())
    }
}
