//! A number for each record that depends on what it holds, not on where it stands.
//!
//! Random choices are made by these numbers, so that neither the order of rows nor the number of threads changes what
//! is drawn. Records with equal fingerprints are equal in all that a model compares, so they may stand in for one
//! another.

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::columns::{Column, Columns};
use super::error::Result;
use super::model::Model;
use crate::cluster::NULL_CODE;

/// One number a record, over the columns that the model's comparisons read and over the record's source.
///
/// # Errors
/// When the model names an unknown column.
pub(super) fn fingerprints(model: &Model, columns: &Columns) -> Result<Vec<u64>> {
    let mut names: Vec<&str> = model.comparisons.iter().flat_map(|c| c.columns()).collect();
    names.sort_unstable();
    names.dedup();
    let read: Result<Vec<&Column>> = names
        .iter()
        .map(|name| columns.get(name).map(AsRef::as_ref))
        .collect();
    let read = read?;
    let hashes: Vec<Vec<u64>> = read.par_iter().map(|column| of_values(column)).collect();
    let fingerprint = |record: usize| {
        let source = columns.sources().map_or(0, |sources| sources[record]);
        let values = read.iter().zip(&hashes).map(|(column, hashes)| {
            let code = column.codes[record];
            if code == NULL_CODE {
                MISSING
            } else {
                hashes[code as usize]
            }
        });
        values.fold(u64::from(source), |hash, value| mix(hash ^ value))
    };
    let records = (0..columns.records()).into_par_iter();
    Ok(records.map(fingerprint).collect())
}

/// Stands for a value that is not there.
const MISSING: u64 = 1;

fn of_values(column: &Column) -> Vec<u64> {
    let codes = 0..column.distinct() as u32;
    codes
        .map(|code| xxh3_64(column.text(code).unwrap_or_default().as_bytes()))
        .collect()
}

/// A number for two records, whichever comes first.
pub(super) fn of_pair(a: u64, b: u64) -> u64 {
    mix(a.min(b) ^ mix(a.max(b)))
}

/// A step of SplitMix64 (Steele, Lea and Flood, 2014): neighbouring numbers in, unrelated numbers out.
pub(super) fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
