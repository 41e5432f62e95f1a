//! Keys as 128-bit hashes: what tells rows apart while a run is under way. At 128 bits, two keys of
//! a billion share a hash with a probability below 10^-20.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::row::{RowConverter, SortField};
use xxhash_rust::xxh3::xxh3_128;

use crate::error::{Error, Result};

/// Hashes the key columns of rows.
#[derive(Debug)]
pub struct KeyHasher {
    names: Vec<String>,
    types: Vec<DataType>,
    converter: RowConverter,
}

impl KeyHasher {
    /// Fails with *invalid* where the schema lacks a key column.
    pub fn new(schema: &SchemaRef, key: &[String]) -> Result<Self> {
        let mut types = Vec::new();
        for name in key {
            let field = schema.field_with_name(name);
            let field = field
                .map_err(|_| Error::invalid(format!("key column {name} is not in the contract")))?;
            types.push(field.data_type().clone());
        }
        let fields = types.iter().cloned().map(SortField::new).collect();
        Ok(Self {
            names: key.to_vec(),
            types,
            converter: RowConverter::new(fields)?,
        })
    }

    /// Names of the key columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The key columns of the rows.
    pub fn keys(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let mut places = Vec::with_capacity(self.names.len());
        for name in &self.names {
            places.push(rows.schema().index_of(name)?);
        }
        Ok(rows.project(&places)?)
    }

    /// One hash a row. The rows have the key columns, in any place.
    pub fn hash(&self, rows: &RecordBatch) -> Vec<u128> {
        let columns = self.columns(rows);
        if let [column] = &columns[..]
            && let Some(texts) = column.as_string_opt::<i32>()
            && texts.null_count() == 0
        {
            return texts
                .iter()
                .flatten()
                .map(|text| xxh3_128(text.as_bytes()))
                .collect();
        }
        let converted = self
            .converter
            .convert_columns(&columns)
            .expect("the columns have the key's types");
        converted.iter().map(|row| xxh3_128(row.as_ref())).collect()
    }

    fn columns(&self, rows: &RecordBatch) -> Vec<ArrayRef> {
        let column = |(name, data_type): (&String, &DataType)| {
            let column = rows
                .column_by_name(name)
                .expect("rows hold their key columns");
            match column.data_type() == data_type {
                true => Arc::clone(column),
                false => cast(column, data_type).expect("a table's type widens its contract's"),
            }
        };
        self.names.iter().zip(&self.types).map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Int64Array, StringArray};
    use datafusion::arrow::datatypes::{Field, Schema};

    fn rows(texts: &[&str], numbers: &[i64]) -> RecordBatch {
        let schema = Schema::new(vec![
            Field::new("a", DataType::Utf8, false),
            Field::new("b", DataType::Int64, false),
        ]);
        let texts = Arc::new(StringArray::from(texts.to_vec()));
        let numbers = Arc::new(Int64Array::from(numbers.to_vec()));
        RecordBatch::try_new(Arc::new(schema), vec![texts, numbers]).expect("rows")
    }

    #[test]
    fn equal_keys_have_equal_hashes_and_others_do_not() {
        let rows = rows(&["x", "x", "xy", "x"], &[1, 1, 1, 2]);
        for key in [
            vec!["a".to_owned(), "b".to_owned()],
            vec!["b".to_owned(), "a".to_owned()],
        ] {
            let hashes = KeyHasher::new(&rows.schema(), &key)
                .expect("a key")
                .hash(&rows);
            assert_eq!(hashes[0], hashes[1]);
            assert_ne!(hashes[0], hashes[2]);
            assert_ne!(hashes[0], hashes[3]);
        }
        let one = KeyHasher::new(&rows.schema(), &["a".to_owned()])
            .expect("a key")
            .hash(&rows);
        assert_eq!((one[0], one[1]), (one[3], one[3]));
        assert_ne!(one[0], one[2]);
    }
}
