//! Tells of most values that they are in no set, at a glance: one bit a hash, so that what is asked about many rows costs
//! little for those that are not meant. What passes has to be looked up.

use std::hash::{BuildHasher, Hash};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use hashbrown::DefaultHashBuilder;

/// More values than these fill so many bits that no cache near a processor holds them.
const VALUES_MAX: usize = 256 << 10;
/// One in so many values passes that should not.
const BITS_A_VALUE: usize = 32;

/// The values of one column, roughly.
#[derive(Debug)]
pub(crate) struct Sieve {
    state: DefaultHashBuilder,
    bits: Vec<u64>,
}

impl Sieve {
    /// Of texts and whole numbers; none where that would not pay.
    pub(crate) fn of(values: &ArrayRef) -> Option<Self> {
        if values.len() > VALUES_MAX {
            return None;
        }
        let bits = (values.len() * BITS_A_VALUE).next_power_of_two();
        let mut bits = vec![0; bits.div_ceil(64)];
        let state = DefaultHashBuilder::default();
        let known = each(values, &state, |_, hash| {
            let (word, bit) = place(&bits, hash);
            bits[word] |= bit;
        });
        known.then_some(Self { state, bits })
    }

    /// The rows whose values may be in the set; none of them is null.
    pub(crate) fn passed(&self, values: &ArrayRef) -> Vec<u32> {
        let mut passed = Vec::new();
        each(values, &self.state, |row, hash| {
            let (word, bit) = place(&self.bits, hash);
            if self.bits[word] & bit != 0 {
                passed.push(row);
            }
        });
        passed
    }
}

/// Word and bit of a hash; the number of words is a power of two.
fn place(bits: &[u64], hash: u64) -> (usize, u64) {
    let word = (hash >> 6) as usize & (bits.len() - 1);
    (word, 1 << (hash & 63))
}

/// Calls `seen` with row and hash of every value that is not null; false for a type whose values are not hashed here.
fn each(values: &ArrayRef, state: &DefaultHashBuilder, seen: impl FnMut(u32, u64)) -> bool {
    match values.data_type() {
        DataType::Utf8 => each_of(values.as_string::<i32>().iter(), state, seen),
        DataType::Utf8View => each_of(values.as_string_view().iter(), state, seen),
        DataType::Int64 => each_of(values.as_primitive::<Int64Type>().iter(), state, seen),
        _ => return false,
    }
    true
}

fn each_of<T: Hash>(
    values: impl Iterator<Item = Option<T>>,
    state: &DefaultHashBuilder,
    mut seen: impl FnMut(u32, u64),
) {
    for (row, value) in (0_u32..).zip(values) {
        if let Some(value) = value {
            seen(row, state.hash_one(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Int64Array, StringArray, StringViewArray};

    use super::*;

    #[test]
    fn whatever_is_in_the_set_passes_and_little_else() {
        let texts = |numbers: std::ops::Range<i64>| -> Vec<Option<String>> {
            let text = |number| (number % 10 != 0).then(|| format!("key-{number}"));
            numbers.map(text).collect()
        };
        let arrays = |numbers: std::ops::Range<i64>| -> [ArrayRef; 3] {
            let texts = texts(numbers.clone());
            [
                Arc::new(StringArray::from(texts.clone())),
                Arc::new(StringViewArray::from_iter(texts)),
                Arc::new(Int64Array::from_iter(
                    numbers.map(|number| (number % 10 != 0).then_some(number)),
                )),
            ]
        };
        for (set, asked) in arrays(0..100).iter().zip(arrays(50..10_050)) {
            let sieve = Sieve::of(set).expect("a sieve");
            let passed: BTreeSet<u32> = sieve.passed(&asked).into_iter().collect();
            let meant = (0..50_u32).filter(|row| row % 10 != 0);
            assert!(meant.into_iter().all(|row| passed.contains(&row)));
            assert!(passed.iter().all(|row| row % 10 != 0), "nulls do not pass");
            assert!(passed.len() < 1_000, "{} of 9,000 passed", passed.len());
        }
    }

    #[test]
    fn nothing_passes_where_nothing_is_in_the_set() {
        let none: ArrayRef = Arc::new(StringArray::from(Vec::<&str>::new()));
        let asked: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let sieve = Sieve::of(&none).expect("a sieve");
        assert!(sieve.passed(&asked).is_empty());
    }

    #[test]
    fn other_types_are_not_sieved() {
        let values: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
        assert!(Sieve::of(&values).is_none());
    }
}
