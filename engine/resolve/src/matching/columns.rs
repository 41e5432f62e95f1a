//! Dictionary-encoded columns: each distinct value is stored once, each record carries a code.

use std::sync::Arc;

use arrow::array::{Array, StringArray};

use super::error::{Error, Result};
use super::key;
use crate::cluster::NULL_CODE;
use crate::intern::Interner;

/// One column: a code a record, a text a code.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// Code of each record's value; [`NULL_CODE`] where it has none.
    pub codes: Vec<u32>,
    /// How many records hold each code.
    pub counts: Vec<u32>,
    texts: Option<Interner>,
}

impl Column {
    /// Encodes an array. Lists are handed in as one text, their elements joined by U+001F.
    ///
    /// # Errors
    /// When there are more distinct values than codes.
    pub fn encode(values: &StringArray) -> Result<Self> {
        let mut texts = Interner::new();
        let too_many = |_| too_many(values.len());
        let codes = texts.codes(values).map_err(too_many)?;
        Ok(Self::new(codes, Some(texts)))
    }

    /// A column of codes that count up from 0, and the texts that they stand for, if any.
    pub(super) fn new(codes: Vec<u32>, texts: Option<Interner>) -> Self {
        let distinct = codes.iter().filter(|code| **code != NULL_CODE).max();
        let mut counts = vec![0; distinct.map_or(0, |most| *most as usize + 1)];
        for code in codes.iter().filter(|code| **code != NULL_CODE) {
            counts[*code as usize] += 1;
        }
        Self {
            codes,
            counts,
            texts,
        }
    }

    /// The text of a code; None for a combination of columns.
    pub fn text(&self, code: u32) -> Option<&str> {
        self.texts.as_ref().map(|texts| texts.value(code))
    }

    /// The text that a record holds.
    pub fn held_by(&self, record: u32) -> Option<&str> {
        let code = self.codes[record as usize];
        (code != NULL_CODE).then(|| self.text(code)).flatten()
    }

    /// The text of a code as bytes; empty for a combination of columns.
    pub(super) fn bytes(&self, code: u32) -> &[u8] {
        let texts = self.texts.as_ref();
        texts.map_or(&[], |texts| texts.bytes(code))
    }

    /// How many distinct values there are.
    pub fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// How many records hold a value.
    pub fn present(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// How many pairs of records have equal values.
    pub(super) fn equal_pairs(&self) -> f64 {
        let pairs = self
            .counts
            .iter()
            .map(|count| key::pairs(f64::from(*count)));
        pairs.sum()
    }

    pub(super) fn texts(&self) -> Option<&Interner> {
        self.texts.as_ref()
    }
}

/// The columns of a run, all of one length.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    names: Vec<String>,
    columns: Vec<Arc<Column>>,
    records: usize,
    sources: Option<Vec<u16>>,
}

impl Columns {
    /// Encodes named arrays, several at a time.
    ///
    /// # Errors
    /// When the arrays have different lengths or too many rows.
    pub fn encode(arrays: &[(&str, &StringArray)]) -> Result<Self> {
        use rayon::prelude::*;
        let encoded = arrays.par_iter().map(|(_, array)| Column::encode(array));
        let columns: Vec<Column> = encoded.collect::<Result<_>>()?;
        let names = arrays.iter().map(|(name, _)| name.to_string());
        Self::new(names.zip(columns).collect())
    }

    /// Columns that are encoded already.
    ///
    /// # Errors
    /// When the columns have different lengths or too many rows.
    pub fn new(named: Vec<(String, Column)>) -> Result<Self> {
        let records = named.first().map_or(0, |(_, column)| column.codes.len());
        if records > MOST_RECORDS {
            return Err(too_many(records));
        }
        for (name, column) in &named {
            let (name, found) = (name.clone(), column.codes.len());
            if found != records {
                return Err(Error::Length {
                    name,
                    expected: records,
                    found,
                });
            }
        }
        let shared = named
            .into_iter()
            .map(|(name, column)| (name, Arc::new(column)));
        let (names, columns) = shared.unzip();
        Ok(Self {
            names,
            columns,
            records,
            sources: None,
        })
    }

    /// Only records of different sources are then compared. One number a record.
    ///
    /// # Errors
    /// When there is not one number a record.
    pub fn across_sources(mut self, sources: Vec<u16>) -> Result<Self> {
        if sources.len() != self.records {
            return Err(Error::Length {
                name: "source".into(),
                expected: self.records,
                found: sources.len(),
            });
        }
        self.sources = Some(sources);
        Ok(self)
    }

    /// How many records there are.
    pub fn records(&self) -> usize {
        self.records
    }

    /// How many pairs of records could be compared.
    pub fn pairs(&self) -> f64 {
        let all = key::pairs(self.records as f64);
        let Some(sources) = &self.sources else {
            return all;
        };
        let mut sizes = std::collections::BTreeMap::<u16, f64>::new();
        sources
            .iter()
            .for_each(|source| *sizes.entry(*source).or_default() += 1.0);
        all - sizes.into_values().map(key::pairs).sum::<f64>()
    }

    /// The column of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, name: &str) -> Result<&Arc<Column>> {
        let at = self.names.iter().position(|known| known == name);
        at.map(|at| &self.columns[at]).ok_or_else(|| Error::Column {
            name: name.into(),
            known: self.names.join(", "),
        })
    }

    /// Each record's source, if only records of different sources are compared.
    pub(super) fn sources(&self) -> Option<&[u16]> {
        self.sources.as_deref()
    }

    /// Whether two records are never one person because they are of one source.
    pub(super) fn one_source(&self, a: u32, b: u32) -> bool {
        let of = self.sources.as_ref();
        of.is_some_and(|of| of[a as usize] == of[b as usize])
    }
}

/// Block numbers share 32 bits with record numbers (see `block`), so each has 31.
const MOST_RECORDS: usize = i32::MAX as usize;

fn too_many(rows: usize) -> Error {
    Error::TooMany {
        rows,
        max: MOST_RECORDS,
    }
}
