//! Distances between two texts, as classes: how many of the thresholds, loosest first, are met.
//!
//! On bytes rather than letters, as in DuckDB, so that an imported model says the same here.

use rapidfuzz::distance::{damerau_levenshtein, jaro, jaro_winkler, levenshtein};

/// Class of a similarity; `thresholds` ascend.
pub(super) fn similarity_class(similarity: f64, thresholds: &[f64]) -> u8 {
    let met = thresholds.iter().take_while(|min| similarity >= **min);
    met.count() as u8
}

/// Class of a distance; `thresholds` descend.
pub(super) fn distance_class(distance: f64, thresholds: &[f64]) -> u8 {
    let met = thresholds.iter().take_while(|max| distance <= **max);
    met.count() as u8
}

pub(super) fn jaro_winkler_class(a: &[u8], b: &[u8], thresholds: &[f64]) -> u8 {
    let similarity = jaro_winkler::similarity(a.iter().copied(), b.iter().copied());
    similarity_class(similarity, thresholds)
}

pub(super) fn jaro_class(a: &[u8], b: &[u8], thresholds: &[f64]) -> u8 {
    let similarity = jaro::similarity(a.iter().copied(), b.iter().copied());
    similarity_class(similarity, thresholds)
}

pub(super) fn levenshtein_class(a: &[u8], b: &[u8], thresholds: &[f64]) -> u8 {
    let cutoff = levenshtein::Args::default().score_cutoff(thresholds[0] as usize);
    let (a, b) = (a.iter().copied(), b.iter().copied());
    let distance = levenshtein::distance_with_args(a, b, &cutoff);
    distance.map_or(0, |distance| distance_class(distance as f64, thresholds))
}

pub(super) fn damerau_class(a: &[u8], b: &[u8], thresholds: &[f64]) -> u8 {
    let cutoff = damerau_levenshtein::Args::default().score_cutoff(thresholds[0] as usize);
    let (a, b) = (a.iter().copied(), b.iter().copied());
    let distance = damerau_levenshtein::distance_with_args(a, b, &cutoff);
    distance.map_or(0, |distance| distance_class(distance as f64, thresholds))
}

/// Whether one text is a single letter, and the other begins with it.
pub(crate) fn is_initial(a: &[u8], b: &[u8]) -> bool {
    let letters = |text: &[u8]| text.iter().filter(|byte| !is_continued(**byte)).count();
    let begins = |short: &[u8], long: &[u8]| letters(short) == 1 && long.starts_with(short);
    begins(a, b) || begins(b, a)
}

/// How far two numbers are apart, as a share of the one that is further from zero.
pub(super) fn share_apart(a: f64, b: f64) -> f64 {
    let most = a.abs().max(b.abs());
    if most == 0.0 {
        0.0
    } else {
        (a - b).abs() / most
    }
}

/// Kilometres between two places on a sphere of the Earth's mean radius, given in radians (haversine formula).
pub(super) fn kilometres(a: (f64, f64), b: (f64, f64)) -> f64 {
    const EARTH_KM: f64 = 6371.0;
    let half = |x: f64, y: f64| ((x - y) / 2.0).sin().powi(2);
    let h = half(a.0, b.0) + a.0.cos() * b.0.cos() * half(a.1, b.1);
    2.0 * EARTH_KM * h.sqrt().min(1.0).asin()
}

/// Whether a byte of UTF-8 belongs to the letter before it.
fn is_continued(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
