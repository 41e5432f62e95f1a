//! Names of records by number, and numbers by name.

use std::collections::HashMap;

use datafusion::arrow::array::{RecordBatch, StringArray};
use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::rows::text;
use crate::error::{Error, Result};

/// Names of records, by their numbers.
pub struct Names {
    pub sources: Vec<String>,
    /// Which of the sources each record is of.
    pub source: Vec<u16>,
    pub key: StringArray,
}

impl Names {
    /// The name of a record: source and key.
    pub fn of(&self, record: u32) -> (&str, &str) {
        let record = record as usize;
        let source = usize::from(self.source[record]);
        (&self.sources[source], self.key.value(record))
    }
}

/// Numbers of records by their names. Holds no text of its own.
pub struct Named<'a> {
    names: &'a Names,
    sources: HashMap<&'a str, u16>,
    records: HashTable<u32>,
}

impl<'a> Named<'a> {
    /// Looks up among these.
    pub fn of(names: &'a Names) -> Self {
        let sources = names.sources.iter().map(String::as_str).zip(0..);
        let mut records = HashTable::with_capacity(names.source.len());
        let hash_of = |record: &u32| {
            let record = *record as usize;
            hash(names.source[record], names.key.value(record))
        };
        for record in 0..names.source.len() as u32 {
            records.insert_unique(hash_of(&record), record, hash_of);
        }
        Self {
            names,
            sources: sources.collect(),
            records,
        }
    }

    /// For each row of `batch` the record that two of its columns name.
    pub fn rows(&self, batch: &RecordBatch, columns: [&str; 2]) -> Result<Vec<u32>> {
        let known = |found: Option<u32>| {
            found.ok_or_else(|| {
                Error::conflict("another run changed the records of identity in between")
                    .with_hint("run again")
            })
        };
        self.find(batch, columns)?.into_iter().map(known).collect()
    }

    /// The same, for tables that may name records that are gone, or not at hand.
    pub fn find(&self, batch: &RecordBatch, columns: [&str; 2]) -> Result<Vec<Option<u32>>> {
        let [source, key] = columns.map(|column| text(batch, column));
        let names = source?.iter().zip(key?);
        Ok(names
            .map(|(source, key)| self.record(source?, key?))
            .collect())
    }

    fn record(&self, source: &str, key: &str) -> Option<u32> {
        let source = *self.sources.get(source)?;
        let same = |record: &u32| {
            let record = *record as usize;
            self.names.source[record] == source && self.names.key.value(record) == key
        };
        self.records.find(hash(source, key), same).copied()
    }
}

fn hash(source: u16, key: &str) -> u64 {
    xxh3_64_with_seed(key.as_bytes(), u64::from(source))
}
