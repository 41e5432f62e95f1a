//! Weights for pairs inside a component. Two records that a chain of links connects are not two random records: they
//! are far more likely one person, and if they are not, they are look-alikes (relatives, namesakes), not strangers.
//!
//! A mixture of two classes over the agreement patterns of all pairs inside components, by EM. It begins with the
//! clusters that ordinary weights make and learns both classes and their shares; nothing in it is set by hand.

use std::collections::BTreeMap;

use super::{missing, probabilities};
use crate::matching::frame::Frame;
use crate::matching::link::{Components, Linkage};
use crate::matching::model::{LevelWeight, Weights};
use crate::matching::pattern::Pattern;

const ITERATIONS_MAX: usize = 100;
const CONVERGED: f64 = 1e-4;
const UNSEEN: f64 = 0.5;

/// Weights for pairs inside components, starting from the clusters that ordinary weights make. In the result, `u` is
/// the share among look-alikes and `prior` the share of pairs inside components that are one person.
pub fn train_inside(
    frame: &Frame,
    components: &Components,
    linkage: &Linkage,
    weights: &Weights,
) -> Weights {
    let mut shares = counted(components, linkage);
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
        for (pattern, _, share) in &mut shares {
            *share = expected(frame, &inside, pattern);
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
fn counted(components: &Components, linkage: &Linkage) -> Shares {
    let mut counts = BTreeMap::<u64, (f64, f64)>::new();
    for component in &components.all {
        for ((a, b), pattern) in component.pairs().zip(&component.patterns) {
            let Some(pattern) = pattern else { continue };
            let count = counts.entry(*pattern).or_default();
            let one = linkage.cluster[a as usize] == linkage.cluster[b as usize];
            count.0 += 1.0;
            count.1 += f64::from(u8::from(one));
        }
    }
    let share = |(number, (all, one))| (components.radix.pattern(number), all, one / all);
    counts.into_iter().map(share).collect()
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

fn expected(frame: &Frame, weights: &Weights, pattern: &[u8]) -> f64 {
    let mut log_odds = (weights.prior / (1.0 - weights.prior)).ln();
    for ((comparison, levels), level) in frame
        .model
        .comparisons
        .iter()
        .zip(&weights.levels)
        .zip(pattern)
    {
        let level = *level as usize;
        if !comparison.levels[level].missing {
            log_odds += (levels[level].m / levels[level].u).ln();
        }
    }
    1.0 / (1.0 + (-log_odds).exp())
}
