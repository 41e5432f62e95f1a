//! Weights for pairs inside a component. Two records that a chain of links connects are not two random records: they
//! are far more likely one person, and if they are not, they are look-alikes (relatives, namesakes), not strangers.
//!
//! A mixture of two classes over the agreement patterns of all pairs inside components, by EM. It begins with the
//! clusters that ordinary weights make and learns both classes and their shares; nothing in it is set by hand.

use hashbrown::HashMap;
use rayon::prelude::*;

use super::{missing, probabilities};
use crate::matching::frame::Frame;
use crate::matching::link::{Components, Linkage, link_some};
use crate::matching::model::{LevelWeight, Weights};
use crate::matching::pattern::Pattern;
use crate::matching::score::Scorer;

/// About so many pairs inside components are learnt from.
const PAIRS: usize = 1 << 18;
const ITERATIONS_MAX: usize = 100;
const CONVERGED: f64 = 1e-4;
const UNSEEN: f64 = 0.5;

/// Weights for pairs inside components, starting from the clusters that ordinary weights make. In the result, `u` is
/// the share among look-alikes and `prior` the share of pairs inside components that are one person.
pub fn train_inside(scorer: &Scorer, components: &Components, weights: &Weights) -> Weights {
    let frame = scorer.frame;
    let some = components.drawn(PAIRS);
    let linkage = link_some(scorer, components, &some);
    let mut shares = counted(components, &some, &linkage);
    let joined: f64 = shares.iter().map(|(_, count, share)| count * share).sum();
    let all: f64 = shares.iter().map(|(_, count, _)| count).sum();
    if joined == 0.0 || joined == all {
        return Weights {
            household: None,
            ..weights.clone()
        };
    }
    let mut inside = maximise(frame, &shares);
    for _ in 0..ITERATIONS_MAX {
        let odds = Odds::new(frame, &inside);
        for (pattern, _, share) in &mut shares {
            *share = odds.share(pattern);
        }
        let before = inside.prior;
        inside = maximise(frame, &shares);
        if (inside.prior - before).abs() < CONVERGED {
            break;
        }
    }
    inside
}

/// Each pattern inside components, how many pairs have it, and the share of them that is one person.
type Shares = Vec<(Pattern, f64, f64)>;

/// The shares that the clusters say.
fn counted(components: &Components, some: &[usize], linkage: &Linkage) -> Shares {
    let count = |mut counts: Counts, at: &usize| {
        let of = components.at(*at);
        for ((a, b), pattern) in of.pairs().zip(of.patterns()) {
            let Some(pattern) = pattern else { continue };
            let count = counts.entry(pattern).or_default();
            let one = linkage.cluster[a as usize] == linkage.cluster[b as usize];
            count.0 += 1;
            count.1 += u64::from(one);
        }
        counts
    };
    let all = some.par_iter().with_min_len(1 << 12);
    let counts = all.fold(Counts::new, count).reduce(Counts::new, together);
    let mut counts: Vec<(u64, (u64, u64))> = counts.into_iter().collect();
    counts.sort_unstable();
    let share = |(number, (all, one)): (u64, (u64, u64))| {
        let (all, one) = (all as f64, one as f64);
        (components.radix.pattern(number), all, one / all)
    };
    counts.into_iter().map(share).collect()
}

/// Of each pattern, how many pairs have it, and how many of them are one person.
type Counts = HashMap<u64, (u64, u64)>;

fn together(mut counts: Counts, more: Counts) -> Counts {
    for (pattern, (all, one)) in more {
        let count = counts.entry(pattern).or_default();
        count.0 += all;
        count.1 += one;
    }
    counts
}

fn maximise(frame: &Frame, shares: &[(Pattern, f64, f64)]) -> Weights {
    let total: f64 = shares.iter().map(|(_, count, _)| count).sum();
    let one: f64 = shares.iter().map(|(_, count, share)| count * share).sum();
    let of_comparison = |(at, comparison): (usize, &crate::matching::model::Comparison)| {
        let mut counts = vec![(0.0, 0.0); comparison.levels.len()];
        for (pattern, count, share) in shares {
            let level = &mut counts[pattern[at] as usize];
            level.0 += count * share;
            level.1 += count * (1.0 - share);
        }
        let (m, u): (Vec<f64>, Vec<f64>) = counts.into_iter().unzip();
        let missing = missing(frame, at);
        let (m, u) = (
            probabilities(&m, &missing, UNSEEN),
            probabilities(&u, &missing, UNSEEN),
        );
        m.into_iter()
            .zip(u)
            .map(|(m, u)| LevelWeight { m, u, h: 0.0 })
            .collect()
    };
    Weights {
        prior: (one / total).clamp(1e-6, 1.0 - 1e-6),
        levels: frame
            .model
            .comparisons
            .iter()
            .enumerate()
            .map(of_comparison)
            .collect(),
        household: None,
    }
}

/// Logarithms of the odds that weights give, taken once an iteration.
struct Odds {
    prior: f64,
    /// For each comparison and level; 0 where nothing is known.
    levels: Vec<Vec<f64>>,
}

impl Odds {
    fn new(frame: &Frame, weights: &Weights) -> Self {
        let of = |(at, levels): (usize, &Vec<LevelWeight>)| {
            let levels = levels.iter().zip(missing(frame, at));
            let log = |(level, missing): (&LevelWeight, bool)| match missing {
                true => 0.0,
                false => (level.m / level.u).ln(),
            };
            levels.map(log).collect()
        };
        Self {
            prior: (weights.prior / (1.0 - weights.prior)).ln(),
            levels: weights.levels.iter().enumerate().map(of).collect(),
        }
    }

    /// How likely a pattern is one person's.
    fn share(&self, pattern: &[u8]) -> f64 {
        let levels = self.levels.iter().zip(pattern);
        let log_odds = levels.fold(self.prior, |sum, (logs, level)| sum + logs[*level as usize]);
        1.0 / (1.0 + (-log_odds).exp())
    }
}
