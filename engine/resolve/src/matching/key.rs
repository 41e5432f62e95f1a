//! Several codes as one: exactly, by packing them into 64 bits, never by a hash that could collide.

use rayon::prelude::*;

use super::columns::Column;
use crate::cluster::NULL_CODE;

/// Records of equal keys, one key after the other.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Ascending in each group.
    records: Vec<u32>,
    /// Where each group ends.
    ends: Vec<u32>,
}

impl Groups {
    pub fn each(&self) -> impl Iterator<Item = &[u32]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let group = &self.records[start..*end as usize];
            start = *end as usize;
            group
        })
    }

    /// Keeps some of the records.
    pub fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        let mut kept = Self::default();
        for group in self.each() {
            kept.records
                .extend(group.iter().filter(|record| keep(**record)));
            kept.ends.push(kept.records.len() as u32);
        }
        *self = kept;
    }

    /// Puts others in the records' places.
    pub fn rename(&mut self, other: impl Fn(u32) -> u32) {
        self.records
            .iter_mut()
            .for_each(|record| *record = other(*record));
    }
}

/// One column whose codes stand for the combinations that occur.
pub(super) fn combine(parts: &[&Column], records: usize) -> Column {
    let mut codes = vec![NULL_CODE; records];
    for (code, group) in (0..).zip(groups(parts, records).each()) {
        for record in group {
            codes[*record as usize] = code;
        }
    }
    Column::new(codes, None)
}

/// How many pairs of records are equal in every part.
pub(super) fn equal_pairs(parts: &[&Column], records: usize) -> f64 {
    let groups = groups(parts, records);
    groups.each().map(|group| pairs(group.len() as f64)).sum()
}

/// How many pairs so many records make.
pub(super) fn pairs(records: f64) -> f64 {
    records * (records - 1.0) / 2.0
}

/// The records that have a value in every part, by what they have there.
pub(super) fn groups(parts: &[&Column], records: usize) -> Groups {
    let (packed, bits) = packed(parts, records);
    let own = width(records);
    let keys = (0_u32..).zip(packed);
    let keys = keys.filter_map(|(record, key)| Some((key?, record)));
    if bits + own <= u64::BITS {
        // Key and record side by side are half of what is moved otherwise.
        let rows = keys.map(|(key, record)| key << own | u64::from(record));
        let key = |row: &u64| row.checked_shr(own).unwrap_or(0);
        let record = |row: &u64| (row & !(u64::MAX << own)) as u32;
        cut(&sort(rows.collect(), bits, key), key, record)
    } else {
        let key = |row: &(u64, u32)| row.0;
        cut(&sort(keys.collect(), bits, key), key, |row| row.1)
    }
}

/// Sorts by keys of so many bits, digit by digit from the last: codes are short, and the records, which ascend, stay in
/// order without being compared.
fn sort<R: Copy + Default>(mut rows: Vec<R>, bits: u32, key: impl Fn(&R) -> u64) -> Vec<R> {
    let mut other = vec![R::default(); rows.len()];
    for shift in (0..bits).step_by(DIGIT as usize) {
        let digit = |row: &R| (key(row) >> shift) as usize & ((1 << DIGIT) - 1);
        let mut next = [0; 1 << DIGIT];
        rows.iter().for_each(|row| next[digit(row)] += 1);
        let mut sum = 0;
        for next in &mut next {
            (*next, sum) = (sum, sum + *next);
        }
        for row in &rows {
            let next = &mut next[digit(row)];
            other[*next] = *row;
            *next += 1;
        }
        std::mem::swap(&mut rows, &mut other);
    }
    rows
}

/// Bits of a digit: few enough that the places being written to stay near the core.
const DIGIT: u32 = 8;

/// Groups sorted rows by their keys.
fn cut<R>(rows: &[R], key: impl Fn(&R) -> u64, record: impl Fn(&R) -> u32) -> Groups {
    let mut ends = Vec::new();
    for (at, both) in (1..).zip(rows.windows(2)) {
        if key(&both[0]) != key(&both[1]) {
            ends.push(at);
        }
    }
    if !rows.is_empty() {
        ends.push(rows.len() as u32);
    }
    Groups {
        records: rows.iter().map(record).collect(),
        ends,
    }
}

/// Each record's codes side by side, None where one is missing; and how many bits they take.
fn packed(parts: &[&Column], records: usize) -> (Vec<Option<u64>>, u32) {
    let (mut packed, mut bits) = (vec![Some(0); records], 0);
    for part in parts {
        let width = width(part.distinct());
        if bits + width > u64::BITS {
            bits = renumber(&mut packed);
        }
        for (packed, code) in packed.iter_mut().zip(&part.codes) {
            let present = packed.filter(|_| *code != NULL_CODE);
            *packed = present.map(|packed| packed << width | u64::from(*code));
        }
        bits += width;
    }
    (packed, bits)
}

/// Gives the packed values dense numbers; returns their width in bits.
fn renumber(packed: &mut [Option<u64>]) -> u32 {
    let mut distinct: Vec<u64> = packed.iter().copied().flatten().collect();
    distinct.par_sort_unstable();
    distinct.dedup();
    packed.par_iter_mut().flatten().for_each(|value| {
        *value = distinct.partition_point(|other| *other < *value) as u64;
    });
    width(distinct.len())
}

/// How many bits number so many.
fn width(count: usize) -> u32 {
    u64::BITS - (count as u64).leading_zeros()
}
