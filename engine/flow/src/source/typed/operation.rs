//! What a row of a change file does: upsert or delete. Inserts and updates are one and the same,
//! since which of them applies depends on what arrived before. A file without the column is not
//! asked: all its rows are inserts.

use c360_spec::{Contract, OperationColumn};
use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;

/// How a change file's operations are spelled, and where.
#[derive(Debug)]
pub struct Operations {
    pub column: String,
    /// Its place among the wanted columns
    pub slot: usize,
    deletes: Vec<String>,
    upserts: Vec<String>,
}

/// The operations of a chunk.
pub struct Read {
    pub is_delete: Vec<bool>,
    /// Rows with an operation that is not declared, in order
    pub unknown: Vec<u32>,
}

impl Operations {
    pub fn new(operation: &OperationColumn, contract: &Contract) -> Self {
        let columns = &contract.columns;
        let slot = columns
            .iter()
            .position(|column| column.name == operation.column);
        Self {
            column: operation.column.clone(),
            slot: slot.unwrap_or(columns.len()),
            deletes: operation.delete.clone(),
            upserts: [&operation.insert[..], &operation.update[..]].concat(),
        }
    }

    /// Reads the operations of a chunk. A missing one is an empty text, in every format alike, and
    /// so unknown unless that is declared.
    pub fn read<'a>(&self, values: impl ExactSizeIterator<Item = Option<&'a str>>) -> Read {
        let mut read = Read {
            is_delete: Vec::with_capacity(values.len()),
            unknown: Vec::new(),
        };
        for (row, value) in values.enumerate() {
            let value = value.unwrap_or_default().trim();
            let among = |codes: &[String]| codes.iter().any(|code| code == value);
            let is_delete = among(&self.deletes);
            if !is_delete && !among(&self.upserts) {
                read.unknown.push(row as u32);
            }
            read.is_delete.push(is_delete);
        }
        read
    }

    /// The same for a typed column; none when it cannot be read as text.
    pub fn read_array(&self, array: &ArrayRef) -> Option<Read> {
        let texts = cast(array, &DataType::Utf8).ok()?;
        let texts = texts.as_string::<i32>();
        Some(self.read(texts.iter()))
    }
}
