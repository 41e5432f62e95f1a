//! Anchor order: first seen, source's name, key. A record's place in it is its *rank number* here, so that the
//! earliest of several records is simply the smallest number.

use std::cmp::Ordering;

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
        let mut entries = by_time(records.first_seen_at);
        let sources = name_order(records.source_names);
        let ties = entries.par_chunk_by_mut(|a, b| a.time == b.time);
        ties.filter(|ties| ties.len() > 1)
            .for_each(|ties| break_ties(ties, records, &sources));
        let record: Vec<u32> = entries.iter().map(|entry| entry.record).collect();
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

/// Each record's place in anchor order: a permutation.
pub fn anchor_places(records: &Records) -> Vec<u32> {
    AnchorOrder::of(records).place
}

/// A record and how long after the first one it was seen.
#[derive(Clone, Copy, Default)]
struct Entry {
    time: u64,
    record: u32,
}

/// Buckets that records are dealt into by time before they are sorted.
const BUCKET_BITS: u32 = 11;

/// Records by time, equal times in any order: dealt into buckets of neighbouring times, each sorted in cache.
fn by_time(first_seen_at: &[i64]) -> Vec<Entry> {
    let first = first_seen_at.iter().copied().min().unwrap_or_default();
    let last = first_seen_at.iter().copied().max().unwrap_or_default();
    let since = |time: i64| time.wrapping_sub(first) as u64;
    let bits = u64::BITS - since(last).leading_zeros();
    let shift = bits.saturating_sub(BUCKET_BITS);
    let mut next = vec![0; 1 << BUCKET_BITS];
    for time in first_seen_at {
        next[(since(*time) >> shift) as usize] += 1;
    }
    let mut start = 0;
    for slot in &mut next {
        start += std::mem::replace(slot, start);
    }
    let mut entries = vec![Entry::default(); first_seen_at.len()];
    for (record, time) in first_seen_at.iter().enumerate() {
        let time = since(*time);
        let slot = &mut next[(time >> shift) as usize];
        let record = record as u32;
        entries[*slot] = Entry { time, record };
        *slot += 1;
    }
    let buckets = entries.par_chunk_by_mut(|a, b| a.time >> shift == b.time >> shift);
    buckets.for_each(|bucket| {
        if bucket.len() > 1 << 16 {
            bucket.par_sort_unstable_by_key(|entry| entry.time);
        } else {
            bucket.sort_unstable_by_key(|entry| entry.time);
        }
    });
    entries
}

/// Puts records of one time in order of source and key.
fn break_ties(ties: &mut [Entry], records: &Records, sources: &[u16]) {
    let tie = |entry: &Entry| {
        let row = entry.record as usize;
        Tie {
            source: sources[records.source[row] as usize],
            key_start: start_of(records.key.value(row)),
            record: entry.record,
        }
    };
    let mut sorted: Vec<Tie> = ties.iter().map(tie).collect();
    if !sorted.is_sorted_by(|a, b| a.compare(b, records.key).is_le()) {
        sorted.par_sort_unstable_by(|a, b| a.compare(b, records.key));
    }
    for (entry, tie) in ties.iter_mut().zip(sorted) {
        entry.record = tie.record;
    }
}

/// Enough of a record to decide nearly every comparison without going to its key.
#[derive(Clone, Copy)]
struct Tie {
    source: u16,
    key_start: u128,
    record: u32,
}

impl Tie {
    fn compare(&self, other: &Self, key: &StringArray) -> Ordering {
        let start = |tie: &Self| (tie.source, tie.key_start);
        start(self).cmp(&start(other)).then_with(|| {
            let whole = |tie: &Self| key.value(tie.record as usize);
            whole(self)
                .cmp(whole(other))
                .then(self.record.cmp(&other.record))
        })
    }
}

/// The first sixteen bytes, such that the numbers compare as the texts do; a tie says nothing.
fn start_of(key: &str) -> u128 {
    let mut start = [0; 16];
    let length = key.len().min(start.len());
    start[..length].copy_from_slice(&key.as_bytes()[..length]);
    u128::from_be_bytes(start)
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
