//! Anchor order: first seen, source's name, key. A record's place in it is its *rank number* here, so that the
//! earliest of several records is simply the smallest number.

use arrow::array::StringArray;
use rayon::prelude::*;

use super::input::Records;

/// The records in anchor order, and back.
pub(super) struct AnchorOrder {
    /// Place to record.
    pub record: Vec<u32>,
    /// Record to place.
    pub place: Vec<u32>,
}

impl AnchorOrder {
    pub fn of(records: &Records) -> Self {
        let sources = name_order(records.source_names);
        let sort_key = |row: usize| SortKey {
            first_seen_at: records.first_seen_at[row],
            key_start: start_of(records.key.value(row)),
            record: row as u32,
            source: sources[records.source[row] as usize],
        };
        let rows = (0..records.source.len()).into_par_iter();
        let mut keys: Vec<SortKey> = rows.map(sort_key).collect();
        if !keys.is_sorted_by(|a, b| a.compare(b, records.key).is_le()) {
            keys.par_sort_unstable_by(|a, b| a.compare(b, records.key));
        }
        let record: Vec<u32> = keys.iter().map(|key| key.record).collect();
        let mut place = vec![0; record.len()];
        for (at, row) in record.iter().enumerate() {
            place[*row as usize] = at as u32;
        }
        Self { record, place }
    }

    pub fn len(&self) -> usize {
        self.record.len()
    }
}

/// Enough of a record to decide nearly every comparison without going to its key.
#[derive(Clone, Copy)]
struct SortKey {
    first_seen_at: i64,
    key_start: u64,
    record: u32,
    source: u16,
}

impl SortKey {
    fn compare(&self, other: &Self, key: &StringArray) -> std::cmp::Ordering {
        let start = |k: &Self| (k.first_seen_at, k.source, k.key_start);
        start(self).cmp(&start(other)).then_with(|| {
            let whole = |k: &Self| key.value(k.record as usize);
            whole(self)
                .cmp(whole(other))
                .then(self.record.cmp(&other.record))
        })
    }
}

/// The first eight bytes, such that the numbers compare as the texts do; a tie says nothing.
fn start_of(key: &str) -> u64 {
    let mut start = [0; 8];
    let length = key.len().min(8);
    start[..length].copy_from_slice(&key.as_bytes()[..length]);
    u64::from_be_bytes(start)
}

/// For each source its place among the names.
fn name_order(names: &[&str]) -> Vec<u16> {
    let mut sorted: Vec<usize> = (0..names.len()).collect();
    sorted.sort_by_key(|source| names[*source]);
    let mut order = vec![0; names.len()];
    for (at, source) in sorted.into_iter().enumerate() {
        order[source] = at as u16;
    }
    order
}
