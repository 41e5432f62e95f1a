//! Keys to look rows up in, column by column as they come out of a file: nothing is encoded or copied to ask.

use ahash::RandomState;
use arrow::array::{Array, ArrayRef, BooleanArray, DynComparator, make_comparator};
use arrow::compute::{SortOptions, sort};
use arrow::datatypes::DataType;
use datafusion::common::hash_utils::create_hashes;
use hashbrown::HashTable;

use crate::{Error, Result};

/// A set of keys of one or more columns. A key with a null is in no set.
#[derive(Debug)]
pub struct KeySet {
    columns: Vec<ArrayRef>,
    state: RandomState,
    /// Row numbers by the hashes of their keys.
    rows: HashTable<u32>,
}

impl KeySet {
    /// One key a row of `columns`, which are of one length; keys may repeat.
    ///
    /// # Errors
    /// *invalid* for more than four billion rows.
    pub fn new(columns: Vec<ArrayRef>) -> Result<Self> {
        let state = RandomState::default();
        let hashes = hashes(&columns, &state)?;
        if u32::try_from(hashes.len()).is_err() {
            return Err(Error::invalid("a set takes at most four billion keys"));
        }
        let equal = comparators(&columns, &columns)?;
        let mut rows = HashTable::with_capacity(hashes.len());
        for (row, hash) in (0_u32..).zip(&hashes) {
            let same = |known: &u32| is_equal(&equal, row as usize, *known as usize);
            if rows.find(*hash, same).is_none() {
                rows.insert_unique(*hash, row, |other: &u32| hashes[*other as usize]);
            }
        }
        Ok(Self {
            columns,
            state,
            rows,
        })
    }

    /// The types of the key's columns.
    pub fn data_types(&self) -> Vec<DataType> {
        let columns = self.columns.iter();
        columns.map(|column| column.data_type().clone()).collect()
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// The values of a key column, ascending.
    pub(crate) fn sorted(&self, column: usize) -> Result<ArrayRef> {
        Ok(sort(&self.columns[column], None)?)
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// For each row of `columns`, which have the types of the key's, whether it is in the set.
    ///
    /// # Errors
    /// *internal* for columns of other types.
    pub fn contains(&self, columns: &[ArrayRef]) -> Result<BooleanArray> {
        let equal = comparators(columns, &self.columns)?;
        let has_null = |row: usize| columns.iter().any(|column| column.is_null(row));
        let is_known = |(row, hash): (usize, &u64)| {
            let same = |known: &u32| is_equal(&equal, row, *known as usize);
            self.rows.find(*hash, same).is_some() && !has_null(row)
        };
        let hashes = hashes(columns, &self.state)?;
        Ok(hashes.iter().enumerate().map(is_known).map(Some).collect())
    }
}

fn comparators(a: &[ArrayRef], b: &[ArrayRef]) -> Result<Vec<DynComparator>> {
    let order = SortOptions::default();
    let columns = a.iter().zip(b);
    let comparators = columns.map(|(a, b)| make_comparator(a, b, order));
    Ok(comparators.collect::<std::result::Result<_, _>>()?)
}

fn is_equal(columns: &[DynComparator], a: usize, b: usize) -> bool {
    columns.iter().all(|column| column(a, b).is_eq())
}

fn hashes(columns: &[ArrayRef], state: &RandomState) -> Result<Vec<u64>> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut hashes = vec![0; rows];
    create_hashes(columns, state, &mut hashes)?;
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    fn columns(texts: &[Option<&str>], numbers: &[Option<i64>]) -> Vec<ArrayRef> {
        vec![
            Arc::new(StringArray::from(texts.to_vec())),
            Arc::new(Int64Array::from(numbers.to_vec())),
        ]
    }

    #[test]
    fn whole_keys_are_known_and_nulls_are_not() {
        let keys = columns(
            &[Some("a"), Some("b"), Some("a"), None],
            &[Some(1), Some(2), Some(1), Some(3)],
        );
        let set = KeySet::new(keys).expect("keys");
        let asked = columns(
            &[Some("a"), Some("a"), Some("b"), None, Some("b")],
            &[Some(1), Some(2), Some(2), Some(3), None],
        );
        let known = set.contains(&asked).expect("columns of the same types");
        let expected = [true, false, true, false, false];
        assert_eq!(known, BooleanArray::from(expected.to_vec()));
    }

    #[test]
    fn nobody_is_in_an_empty_set() {
        let set = KeySet::new(columns(&[], &[])).expect("no keys");
        let asked = columns(&[Some("a")], &[Some(1)]);
        assert!(set.is_empty());
        assert_eq!(set.contains(&asked).expect("columns").true_count(), 0);
    }
}
