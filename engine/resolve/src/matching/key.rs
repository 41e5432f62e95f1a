//! Several codes as one: exactly, by packing them into 64 bits, never by a hash that could collide.

use rayon::prelude::*;

use super::columns::Column;
use crate::cluster::NULL_CODE;

/// One column whose codes stand for the combinations that occur.
pub(super) fn combine(parts: &[&Column], records: usize) -> Column {
    let sorted = sorted(parts, records);
    let mut codes = vec![NULL_CODE; records];
    let (mut code, mut last) = (0, None);
    for (key, record) in sorted {
        if last.is_some_and(|last| last != key) {
            code += 1;
        }
        last = Some(key);
        codes[record as usize] = code;
    }
    Column::new(codes, None)
}

/// (packed codes, record) of all records that have a value in every part, ascending.
pub(super) fn sorted(parts: &[&Column], records: usize) -> Vec<(u64, u32)> {
    let (packed, bits) = packed(parts, records);
    let rows = packed.into_par_iter().enumerate().with_min_len(1 << 14);
    let keys = rows.filter_map(|(record, key)| Some((key?, record as u32)));
    sort(keys.collect(), bits)
}

/// Sorts by the lowest so many bits, digit by digit from the last: codes are short, and the records, which ascend, stay
/// in order without being compared.
fn sort(mut keys: Vec<(u64, u32)>, bits: u32) -> Vec<(u64, u32)> {
    let mut other = vec![(0, 0); keys.len()];
    for shift in (0..bits).step_by(DIGIT as usize) {
        let digit = |key: u64| (key >> shift) as usize & ((1 << DIGIT) - 1);
        let mut next = [0; 1 << DIGIT];
        keys.iter().for_each(|(key, _)| next[digit(*key)] += 1);
        let mut sum = 0;
        for next in &mut next {
            (*next, sum) = (sum, sum + *next);
        }
        for row in &keys {
            let next = &mut next[digit(row.0)];
            other[*next] = *row;
            *next += 1;
        }
        std::mem::swap(&mut keys, &mut other);
    }
    keys
}

/// Bits of a digit: few enough that the places being written to stay near the core.
const DIGIT: u32 = 8;

/// How many pairs of records are equal in every part.
pub(super) fn equal_pairs(parts: &[&Column], records: usize) -> f64 {
    let sorted = sorted(parts, records);
    let blocks = sorted.chunk_by(|a, b| a.0 == b.0);
    blocks.map(|block| pairs(block.len() as f64)).sum()
}

/// How many pairs so many records make.
pub(super) fn pairs(records: f64) -> f64 {
    records * (records - 1.0) / 2.0
}

/// Each record's codes side by side, None where one is missing; and how many bits they take.
fn packed(parts: &[&Column], records: usize) -> (Vec<Option<u64>>, u32) {
    let mut bits = 0;
    let mut packed: Vec<Option<u64>> = vec![Some(0); records];
    for part in parts {
        let width = u64::BITS - (part.distinct() as u64).leading_zeros();
        if bits + width > u64::BITS {
            bits = renumber(&mut packed);
        }
        let rows = packed.par_iter_mut().zip(&part.codes);
        rows.with_min_len(1 << 14).for_each(|(packed, code)| {
            let present = packed.filter(|_| *code != NULL_CODE);
            *packed = present.map(|packed| packed << width | u64::from(*code));
        });
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
    u64::BITS - (distinct.len() as u64).leading_zeros()
}
