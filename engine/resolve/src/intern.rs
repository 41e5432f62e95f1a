//! Values to codes: equal strings get equal 32-bit codes, which is what clustering works on.
//!
//! Codes count up from 0 in order of first appearance. Hashing runs in parallel and each distinct string is stored
//! once, in one buffer.

use arrow::array::{Array, StringArray};
use hashbrown::HashTable;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use crate::cluster::NULL_CODE;
use crate::error::{Error, Result};

/// A growing dictionary of strings.
#[derive(Debug, Clone, Default)]
pub struct Interner {
    table: HashTable<Entry>,
    text: Vec<u8>,
    /// Where each code's text ends.
    ends: Vec<usize>,
}

/// A code and the upper half of its hash, so that a table's misses and its growth need not read the text.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u64,
    code: u32,
}

impl Interner {
    /// An empty dictionary.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many codes were handed out.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True when no code was handed out.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The code of a string, a new one if it was not seen before.
    ///
    /// # Errors
    /// [`Error::TooMany`] when all 32-bit codes are in use.
    pub fn code(&mut self, value: &str) -> Result<u32> {
        self.code_of_hashed(value.as_bytes(), xxh3_64(value.as_bytes()))
    }

    /// The codes of an array's values; null is [`NULL_CODE`].
    ///
    /// # Errors
    /// [`Error::TooMany`] when all 32-bit codes are in use.
    pub fn codes(&mut self, values: &StringArray) -> Result<Vec<u32>> {
        let rows = (0..values.len()).into_par_iter().with_min_len(4096);
        let hashes: Vec<u64> = rows
            .map(|row| xxh3_64(values.value(row).as_bytes()))
            .collect();
        let code = |(row, hash): (usize, u64)| {
            if values.is_null(row) {
                return Ok(NULL_CODE);
            }
            self.code_of_hashed(values.value(row).as_bytes(), hash)
        };
        hashes.into_iter().enumerate().map(code).collect()
    }

    /// The code of a string that was seen before.
    pub fn find(&self, value: &str) -> Option<u32> {
        let hash = xxh3_64(value.as_bytes());
        let same = |entry: &Entry| entry.hash == hash && self.bytes(entry.code) == value.as_bytes();
        self.table.find(hash, same).map(|entry| entry.code)
    }

    /// The string of a code.
    ///
    /// # Panics
    /// When the code was not handed out by this dictionary.
    pub fn value(&self, code: u32) -> &str {
        std::str::from_utf8(self.bytes(code)).expect("only whole strings were put in")
    }

    /// The string of a code as bytes, which costs no check of their form.
    pub(crate) fn bytes(&self, code: u32) -> &[u8] {
        bytes_of(&self.text, &self.ends, code)
    }

    fn code_of_hashed(&mut self, value: &[u8], hash: u64) -> Result<u32> {
        let (text, ends) = (&self.text, &self.ends);
        let same = |entry: &Entry| entry.hash == hash && bytes_of(text, ends, entry.code) == value;
        if let Some(entry) = self.table.find(hash, same) {
            return Ok(entry.code);
        }
        let max = NULL_CODE as usize;
        let code = self.ends.len();
        if code >= max {
            let (column, rows) = ("values", code + 1);
            return Err(Error::TooMany { column, rows, max });
        }
        let code = code as u32;
        self.text.extend_from_slice(value);
        self.ends.push(self.text.len());
        let entry = Entry { hash, code };
        self.table.insert_unique(hash, entry, |entry| entry.hash);
        Ok(code)
    }
}

fn bytes_of<'a>(text: &'a [u8], ends: &[usize], code: u32) -> &'a [u8] {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] };
    &text[start..ends[code]]
}

#[cfg(test)]
mod tests {
    use super::Interner;
    use crate::cluster::NULL_CODE;

    #[test]
    fn equal_strings_get_equal_codes_over_arrays() {
        let mut interner = Interner::new();
        let first = vec![Some("a"), None, Some("b"), Some("a"), Some("")].into();
        let codes = interner.codes(&first).expect("few");
        assert_eq!(codes, [0, NULL_CODE, 1, 0, 2]);
        let second = vec!["c", "b"].into();
        assert_eq!(interner.codes(&second).expect("few"), [3, 1]);
        assert_eq!((interner.find("c"), interner.find("d")), (Some(3), None));
        assert_eq!((interner.value(3), interner.len()), ("c", 4));
    }
}
