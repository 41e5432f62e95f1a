//! Keys to look rows up in, column by column as they come out of a file: nothing is encoded or copied to ask.

use ahash::RandomState;
use arrow::array::{
    Array, ArrayRef, BooleanArray, BooleanBufferBuilder, DynComparator, UInt32Array,
    make_comparator,
};
use arrow::compute::{SortOptions, sort, take_arrays};
use arrow::datatypes::DataType;
use datafusion::common::hash_utils::create_hashes;
use hashbrown::HashTable;

use crate::sieve::Sieve;
use crate::{Error, Result};

/// A set of keys of one or more columns. A key with a null is in no set.
#[derive(Debug)]
pub struct KeySet {
    columns: Vec<ArrayRef>,
    state: RandomState,
    /// Row numbers by the hashes of their keys.
    rows: HashTable<u32>,
    /// The column by which most others are told apart from the keys, and their values in it.
    telling: usize,
    sieve: Option<Sieve>,
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
        let telling = telling(&columns, &state)?;
        let sieve = columns.get(telling).and_then(Sieve::of);
        Ok(Self {
            columns,
            state,
            rows,
            telling,
            sieve,
        })
    }

    /// The column of keys with several that tells most, with its values as a set of their own: what is not in that has
    /// none of the keys, so that the other columns need not be looked at.
    pub(crate) fn first(&self) -> Result<Option<(usize, Self)>> {
        if self.columns.len() < 2 {
            return Ok(None);
        }
        let values = self.columns[self.telling].clone();
        Ok(Some((self.telling, Self::new(vec![values])?)))
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
        let Some(sieve) = &self.sieve else {
            return self.holds(columns);
        };
        let asked = &columns[self.telling];
        let passed = UInt32Array::from(sieve.passed(asked));
        if passed.len() > asked.len() / 2 {
            return self.holds(columns);
        }
        let known = self.holds(&take_arrays(columns, &passed, None)?)?;
        let mut all = BooleanBufferBuilder::new(asked.len());
        all.append_n(asked.len(), false);
        for (row, is_known) in passed.values().iter().zip(known.values()) {
            all.set_bit(*row as usize, is_known);
        }
        Ok(BooleanArray::new(all.finish(), None))
    }

    /// The same, each row being looked up.
    fn holds(&self, columns: &[ArrayRef]) -> Result<BooleanArray> {
        let equal = comparators(columns, &self.columns)?;
        let has_null = |row: usize| columns.iter().any(|column| column.is_null(row));
        let is_known = |(row, hash): (usize, &u64)| {
            let same = |known: &u32| is_equal(&equal, row, *known as usize);
            self.rows.find(*hash, same).is_some() && !has_null(row)
        };
        let hashes = hashes(columns, &self.state)?;
        let known = hashes.iter().enumerate().map(is_known);
        Ok(BooleanArray::new(known.collect(), None))
    }
}

/// The column with the most values.
fn telling(columns: &[ArrayRef], state: &RandomState) -> Result<usize> {
    if columns.len() < 2 {
        return Ok(0);
    }
    let mut telling = (0, 0);
    for (index, column) in columns.iter().enumerate() {
        let mut values = hashes(std::slice::from_ref(column), state)?;
        values.sort_unstable();
        values.dedup();
        telling = telling.max((values.len(), index));
    }
    Ok(telling.1)
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

    /// Values of `range`, every eleventh missing, in an order of their own for each seed.
    fn drawn(seed: u64, rows: usize, range: u64) -> Vec<Option<i64>> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % range
        };
        let values = (0..rows).map(|_| next() as i64);
        values
            .map(|value| (value % 11 != 0).then_some(value))
            .collect()
    }

    /// Rows of a source, of which there are three, and a key.
    fn rows(seed: u64, rows: usize, range: u64) -> Vec<(Option<String>, Option<i64>)> {
        let sources = drawn(seed, rows, 3).into_iter();
        let sources = sources.map(|source| source.map(|source| format!("source {source}")));
        sources.zip(drawn(seed + 1_000, rows, range)).collect()
    }

    #[test]
    fn the_same_are_known_as_by_looking_through_all_keys() {
        for (seed, (keys, asked)) in [(3, 2_000), (50, 2_000), (1_500, 2_000), (500, 7)]
            .iter()
            .enumerate()
        {
            let known = rows(seed as u64, *keys, 3_000);
            let asked = rows(seed as u64 + 50, *asked, 3_000);
            let columns = |rows: &[(Option<String>, Option<i64>)]| -> Vec<ArrayRef> {
                vec![
                    Arc::new(StringArray::from_iter(
                        rows.iter().map(|(source, _)| source.clone()),
                    )),
                    Arc::new(Int64Array::from_iter(rows.iter().map(|(_, key)| *key))),
                ]
            };
            let expected = asked
                .iter()
                .map(|row| Some(row.0.is_some() && row.1.is_some() && known.contains(row)));
            let expected: BooleanArray = expected.collect();
            let set = KeySet::new(columns(&known)).expect("keys");
            let asked = columns(&asked);
            assert_eq!(
                set.contains(&asked).expect("an answer"),
                expected,
                "seed {seed}"
            );
            let (index, first) = set.first().expect("a set").expect("a column");
            assert_eq!(index, 1, "keys tell more than three sources");
            let passed = first.contains(&asked[1..]).expect("an answer");
            let left_out = passed
                .iter()
                .zip(&expected)
                .any(|(passed, meant)| passed < meant);
            assert!(!left_out, "seed {seed}");
        }
    }

    #[test]
    fn nobody_is_in_an_empty_set() {
        let set = KeySet::new(columns(&[], &[])).expect("no keys");
        let asked = columns(&[Some("a")], &[Some(1)]);
        assert!(set.is_empty());
        assert_eq!(set.contains(&asked).expect("columns").true_count(), 0);
    }
}
