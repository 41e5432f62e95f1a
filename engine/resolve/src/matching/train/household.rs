//! Households: a third class of pairs, two persons who share what a household shares.
//!
//! Among the candidate pairs of the model's own rules there are one person's, one household's and strangers'. EM over
//! their agreement patterns learns how often each level is reached within a household (h), and how large the classes
//! are among *all* pairs. m and u stay as they were trained; pairs that no rule brought together are strangers', as
//! all but a few are.
//!
//! Only levels that the model marks as shared by households are learnt. On all others two members of a household are
//! like strangers: left free there, the class would take one person's pairs for its own.

use super::draw::Draw;
use super::{LEAST, SHARE_MAX, counts, missing};
use crate::matching::block::Blocks;
use crate::matching::error::Result;
use crate::matching::frame::Frame;
use crate::matching::model::{LevelWeight, Weights};
use crate::matching::pattern::Patterns;

const ITERATIONS_MAX: usize = 100;
/// EM ends when the household's share moves by no greater part of itself.
const CONVERGED: f64 = 1e-4;
/// So much of h lies on shared levels at the start.
const SHARED: f64 = 0.7;
/// A small count for every level, so that few pairs do not make an outcome impossible.
const UNSEEN: f64 = 0.5;

/// Adds the household class to trained weights, and re-estimates the prior. Learns from about `pairs_max` candidate
/// pairs, drawn by the records' fingerprints.
pub(super) fn estimate(
    frame: &Frame,
    blocks: &Blocks,
    fingerprints: &[u64],
    pairs_max: usize,
    weights: &mut Weights,
) -> Result<()> {
    let draw = Draw::new(fingerprints, blocks, pairs_max);
    let patterns = counts::of_blocks(frame, blocks, &draw)?;
    let all = frame.columns.pairs().max(1.0) / draw.one_in as f64;
    start(frame, weights);
    let mut household = weights.prior;
    for _ in 0..ITERATIONS_MAX {
        let expected = Expected::of(frame, weights, household, &patterns);
        let before = household;
        household = share(expected.household / all);
        weights.prior = share(expected.same / all);
        for (at, levels) in weights.levels.iter_mut().enumerate() {
            let shared = shared(frame, at);
            set_shares(levels, &expected.levels[at], &shared, &missing(frame, at));
        }
        if (household / before - 1.0).abs() < CONVERGED {
            break;
        }
    }
    weights.household = Some(household);
    Ok(())
}

/// How many pairs of each class the candidates hold, by the weights so far.
struct Expected {
    same: f64,
    household: f64,
    /// Pairs of one household by comparison and level.
    levels: Vec<Vec<f64>>,
}

impl Expected {
    fn of(frame: &Frame, weights: &Weights, household: f64, patterns: &Patterns) -> Self {
        let logs = Logs::new(frame, weights, household);
        let mut expected = Self {
            same: 0.0,
            household: 0.0,
            levels: weights
                .levels
                .iter()
                .map(|of| vec![0.0; of.len()])
                .collect(),
        };
        for (pattern, count) in &patterns.counts {
            let (same, household) = logs.shares(pattern);
            expected.same += count * same;
            expected.household += count * household;
            for (levels, level) in expected.levels.iter_mut().zip(pattern) {
                levels[*level as usize] += count * household;
            }
        }
        expected
    }
}

/// A share that is neither none nor most of all pairs.
fn share(share: f64) -> f64 {
    share.clamp(1e-15, SHARE_MAX)
}

/// Which levels of a comparison households reach as a matter of course.
fn shared(frame: &Frame, comparison: usize) -> Vec<bool> {
    let levels = &frame.model.comparisons[comparison].levels;
    levels.iter().map(|level| level.household).collect()
}

/// Sets h: shared levels by their counts, all others together in proportion to u.
fn set_shares(levels: &mut [LevelWeight], counts: &[f64], shared: &[bool], missing: &[bool]) {
    if !shared.contains(&true) {
        levels.iter_mut().for_each(|level| level.h = level.u);
        return;
    }
    let known = || (0..levels.len()).filter(|at| !missing[*at]);
    let total: f64 = known().map(|at| counts[at] + UNSEEN).sum();
    let others: f64 = known()
        .filter(|at| !shared[*at])
        .map(|at| counts[at] + UNSEEN)
        .sum();
    let others_u: f64 = known()
        .filter(|at| !shared[*at])
        .map(|at| levels[at].u)
        .sum();
    for (at, level) in levels.iter_mut().enumerate() {
        level.h = match shared[at] {
            true => (counts[at] + UNSEEN) / total,
            false => others / total * level.u / others_u.max(LEAST),
        }
        .max(LEAST);
    }
}

fn start(frame: &Frame, weights: &mut Weights) {
    for (comparison, levels) in frame.model.comparisons.iter().zip(&mut weights.levels) {
        let shared = |at: usize| comparison.levels[at].household;
        let m: f64 = (0..levels.len())
            .filter(|at| shared(*at))
            .map(|at| levels[at].m)
            .sum();
        for (at, level) in levels.iter_mut().enumerate() {
            level.h = match (m > 0.0, shared(at)) {
                (false, _) => level.u,
                (true, true) => (1.0 - SHARED) * level.u + SHARED * level.m / m,
                (true, false) => (1.0 - SHARED) * level.u,
            };
        }
    }
}

/// Logarithms of everything, once an iteration.
struct Logs {
    /// For each comparison and level: ln m/u and ln h/u; 0 where nothing is known.
    levels: Vec<Vec<(f64, f64)>>,
    same: f64,
    household: f64,
}

impl Logs {
    fn new(frame: &Frame, weights: &Weights, household: f64) -> Self {
        let of = |(at, levels): (usize, &Vec<LevelWeight>)| {
            let missing = missing(frame, at);
            let logs = levels
                .iter()
                .zip(missing)
                .map(|(level, missing)| match missing {
                    true => (0.0, 0.0),
                    false => ((level.m / level.u).ln(), (level.h / level.u).ln()),
                });
            logs.collect()
        };
        let strangers = 1.0 - weights.prior - household;
        Self {
            levels: weights.levels.iter().enumerate().map(of).collect(),
            same: (weights.prior / strangers).ln(),
            household: (household / strangers).ln(),
        }
    }

    /// How likely a pattern is one person's, and one household's.
    fn shares(&self, pattern: &[u8]) -> (f64, f64) {
        let (mut same, mut household) = (self.same, self.household);
        for (levels, level) in self.levels.iter().zip(pattern) {
            let (m, h) = levels[*level as usize];
            same += m;
            household += h;
        }
        let most = same.max(household).max(0.0);
        let (same, household) = ((same - most).exp(), (household - most).exp());
        let sum = same + household + (-most).exp();
        (same / sum, household / sum)
    }
}
