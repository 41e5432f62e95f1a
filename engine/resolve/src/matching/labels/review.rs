//! Which pairs somebody should look at: those whose answers teach most.
//!
//! A pair teaches more the less it is decided, so pairs are drawn with a chance in proportion to their doubt; drawn,
//! not ranked, since weights may be wrong where they are sure. A pattern that many pairs share is asked about more
//! often, but not in proportion: each of its pairs teaches the same. Draws are by the records' fingerprints (Efraimidis
//! and Spirakis, 2006), so that the same content is asked the same questions.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::Label;
use crate::matching::error::Result;
use crate::matching::fingerprint::{fingerprints, of_pair};
use crate::matching::link::{Component, Components};
use crate::matching::score::{Pair, Scorer};

/// Half the bits of a weight count: weights are surer than they are right.
const TRUST: f64 = 0.5;

/// At most `count` pairs inside components, the most informative first; none of which something is known. `inside`
/// weighs pairs inside components.
///
/// # Errors
/// Never with a scorer's own columns.
pub fn review(
    inside: &Scorer,
    components: &Components,
    known: &[Label],
    count: usize,
) -> Result<Vec<Pair>> {
    let of = inside.fingerprints()?;
    let number = |a: u32, b: u32| of_pair(of[a as usize], of[b as usize]);
    let draw = Draw {
        inside,
        components,
        sizes: sizes(components),
        known: known.iter().map(|label| number(label.a, label.b)).collect(),
        number: &number,
    };
    let drawn = (0..components.len()).into_par_iter();
    let drawn = drawn.fold(Vec::new, |mut drawn, at| {
        draw.add(&components.at(at), &mut drawn);
        keep_first(&mut drawn, count);
        drawn
    });
    let mut drawn = drawn.reduce(Vec::new, |one, other| [one, other].concat());
    drawn.sort_by(Drawn::order);
    drawn.dedup_by_key(|drawn| drawn.number);
    drawn.truncate(count);
    Ok(drawn.into_iter().map(|drawn| drawn.pair).collect())
}

/// How many pairs share each pattern.
fn sizes(components: &Components) -> HashMap<u64, f64> {
    let mut sizes = HashMap::new();
    for of in components.each() {
        for pattern in of.patterns().flatten() {
            *sizes.entry(pattern).or_default() += 1.0;
        }
    }
    sizes
}

struct Draw<'a, F> {
    inside: &'a Scorer<'a>,
    components: &'a Components,
    sizes: HashMap<u64, f64>,
    known: HashSet<u64>,
    /// Pairs of equal numbers hold the same, so that an answer to one is an answer to all.
    number: F,
}

/// A pair and its place: the greater, the earlier.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    key: f64,
    number: u64,
    pair: Pair,
}

impl Drawn {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let keys = other.key.total_cmp(&self.key);
        keys.then(self.number.cmp(&other.number))
    }
}

impl<F: Fn(u32, u32) -> u64> Draw<'_, F> {
    fn add(&self, of: &Component, drawn: &mut Vec<Drawn>) {
        let weights = self.inside.weights(of, self.components);
        for (((a, b), pattern), weight) in of.pairs().zip(of.patterns()).zip(weights) {
            let number = (self.number)(a, b);
            let Some(pattern) = pattern.filter(|_| !self.known.contains(&number)) else {
                continue;
            };
            let chance = doubt(weight) / self.sizes[&pattern].sqrt();
            let key = uniform(number).ln() / chance;
            let pair = Pair { a, b, weight };
            drawn.push(Drawn { key, number, pair });
        }
    }
}

/// The variance of the answer: greatest where both are as likely.
fn doubt(weight: f64) -> f64 {
    let odds = (weight.clamp(-100.0, 100.0) * TRUST).exp2();
    odds / (1.0 + odds).powi(2)
}

/// A number above 0 and below 1.
fn uniform(number: u64) -> f64 {
    ((number >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// Forgets what cannot be among the first.
fn keep_first(drawn: &mut Vec<Drawn>, count: usize) {
    if drawn.len() > 8 * count.max(1 << 10) {
        drawn.select_nth_unstable_by(4 * count.max(1), Drawn::order);
        drawn.truncate(4 * count.max(1));
    }
}

impl Scorer<'_> {
    /// One number a record, by what it holds.
    fn fingerprints(&self) -> Result<Vec<u64>> {
        fingerprints(self.model(), self.columns())
    }
}
