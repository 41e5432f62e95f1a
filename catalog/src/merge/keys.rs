//! Keys of rows, found fast: encoded as order-preserving byte strings (arrow-row) in the types of
//! the table, so that keys of any number and type of columns compare as bytes.

use std::hash::BuildHasher;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::row::{RowConverter, Rows, SortField};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::{Error, Result};

/// Keys, each with the number of the first row that has it.
pub(super) struct KeyTable {
    schema: SchemaRef,
    converter: RowConverter,
    rows: Rows,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl KeyTable {
    /// The values of the schema's columns in the batches, which are in the table's form.
    pub(super) fn new(schema: SchemaRef, batches: &[RecordBatch]) -> Result<Self> {
        let converter = converter(&schema)?;
        let count = batches.iter().map(RecordBatch::num_rows).sum();
        if u32::try_from(count).is_err() {
            return Err(Error::invalid(
                "a merge takes at most four billion rows: split it by scope",
            ));
        }
        let mut rows = converter.empty_rows(count, 0);
        for batch in batches {
            converter.append(&mut rows, &columns_of(batch, &schema)?)?;
        }
        let mut table = Self {
            schema,
            converter,
            rows,
            numbers: HashTable::with_capacity(count),
            hasher: DefaultHashBuilder::default(),
        };
        table.index();
        Ok(table)
    }

    fn index(&mut self) {
        let Self {
            rows,
            numbers,
            hasher,
            ..
        } = self;
        for (number, row) in rows.iter().enumerate() {
            let hash = hasher.hash_one(row.data());
            let same = |other: &u32| rows.row(*other as usize).data() == row.data();
            let rehash = |other: &u32| hasher.hash_one(rows.row(*other as usize).data());
            if numbers.find(hash, same).is_none() {
                numbers.insert_unique(hash, number as u32, rehash);
            }
        }
    }

    /// The key columns, as in the table.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Number of rows, however many share a key.
    pub(super) fn row_count(&self) -> usize {
        self.rows.num_rows()
    }

    /// Number of different keys.
    pub(super) fn key_count(&self) -> usize {
        self.numbers.len()
    }

    /// Encodes keys, a column for each of the schema's.
    pub(super) fn encode(&self, columns: &[ArrayRef]) -> Result<Rows> {
        Ok(self.converter.convert_columns(columns)?)
    }

    /// The number of the first row with an encoded key.
    pub(super) fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        let same = |number: &u32| self.rows.row(*number as usize).data() == key;
        self.numbers.find(hash, same).copied()
    }
}

/// The columns of the schema, by name.
pub(super) fn columns_of(batch: &RecordBatch, schema: &Schema) -> Result<Vec<ArrayRef>> {
    let columns = schema.fields().iter().map(|field| {
        let index = batch.schema_ref().index_of(field.name())?;
        Ok(batch.column(index).clone())
    });
    columns.collect()
}

pub(super) fn converter(schema: &Schema) -> Result<RowConverter> {
    let fields = schema.fields().iter();
    let fields = fields.map(|field| SortField::new(field.data_type().clone()));
    Ok(RowConverter::new(fields.collect())?)
}
