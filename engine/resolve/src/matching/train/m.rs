//! m: how often one person's records reach a level. By EM (Dempster, Laird and Rubin, 1977) with u held fixed, one
//! session for each training rule; a comparison that reads what the rule demands learns nothing from that session.
//! The median of the sessions counts, as in Splink.

use rayon::prelude::*;

use super::draw::Draw;
use super::{counts, missing, probabilities};
use crate::matching::block::Blocks;
use crate::matching::error::Result;
use crate::matching::frame::Frame;
use crate::matching::model::BlockingRule;
use crate::matching::pattern::Patterns;

const ITERATIONS_MAX: usize = 50;
/// EM ends when no probability moves by more.
const CONVERGED: f64 = 1e-4;
/// A small count for every level, so that a few pairs do not make an outcome impossible.
const UNSEEN: f64 = 0.1;

/// The pairs of one training rule.
#[derive(Debug)]
pub(super) struct Session {
    patterns: Patterns,
    /// The comparisons that learn.
    free: Vec<usize>,
}

impl Session {
    /// Learns from about `pairs_max` pairs of the rule.
    pub fn new(
        frame: &Frame,
        rule: &BlockingRule,
        fingerprints: &[u64],
        pairs_max: usize,
    ) -> Result<Self> {
        let demanded: Vec<&str> = rule.on.iter().flat_map(|part| part.columns()).collect();
        let reads = |at: &usize| {
            let mut columns = frame.model.comparisons[*at].columns();
            columns.any(|column| demanded.contains(&column))
        };
        let free = (0..frame.model.comparisons.len())
            .filter(|at| !reads(at))
            .collect();
        let blocks = Blocks::new(std::slice::from_ref(rule), frame.columns)?;
        let draw = Draw::new(fingerprints, &blocks, pairs_max);
        let patterns = counts::of_blocks(frame, &blocks, &draw)?;
        Ok(Self { patterns, free })
    }

    /// m of the free comparisons.
    fn learn(&self, frame: &Frame, u: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut m: Vec<Vec<f64>> = self.free.iter().map(|at| start(frame, *at)).collect();
        let mut share = 0.5;
        let missing: Vec<Vec<bool>> = self.free.iter().map(|at| missing(frame, *at)).collect();
        let total: f64 = self.patterns.counts.iter().map(|(_, count)| count).sum();
        if total == 0.0 {
            return m;
        }
        for _ in 0..ITERATIONS_MAX {
            let mut counts: Vec<Vec<f64>> =
                m.iter().map(|levels| vec![0.0; levels.len()]).collect();
            let mut matched = 0.0;
            for (pattern, count) in &self.patterns.counts {
                let odds = self.odds(pattern, &m, u, &missing) * share / (1.0 - share);
                let expected = count * (odds / (1.0 + odds));
                matched += expected;
                for (counts, at) in counts.iter_mut().zip(&self.free) {
                    counts[pattern[*at] as usize] += expected;
                }
            }
            let fresh = counts.iter().zip(&missing);
            let fresh: Vec<Vec<f64>> = fresh
                .map(|(counts, missing)| probabilities(counts, missing, UNSEEN))
                .collect();
            let moved = moved(&m, &fresh);
            m = fresh;
            share = (matched / total).clamp(1e-9, 1.0 - 1e-9);
            if moved < CONVERGED {
                break;
            }
        }
        m
    }

    fn odds(&self, pattern: &[u8], m: &[Vec<f64>], u: &[Vec<f64>], missing: &[Vec<bool>]) -> f64 {
        let mut odds = 1.0;
        for ((at, m), missing) in self.free.iter().zip(m).zip(missing) {
            let level = pattern[*at] as usize;
            if !missing[level] {
                odds *= m[level] / u[*at][level];
            }
        }
        odds.min(1e300)
    }
}

/// One session a rule, which learns from about `pairs_max` pairs.
pub(super) fn sessions(
    frame: &Frame,
    rules: &[BlockingRule],
    fingerprints: &[u64],
    pairs_max: usize,
) -> Result<Vec<Session>> {
    let session = |rule| Session::new(frame, rule, fingerprints, pairs_max);
    rules.par_iter().map(session).collect()
}

/// m of every level of every comparison: the median of the sessions in which it learns.
pub(super) fn estimate(frame: &Frame, u: &[Vec<f64>], sessions: &[Session]) -> Vec<Vec<f64>> {
    let learnt: Vec<Vec<Vec<f64>>> = sessions
        .iter()
        .map(|session| session.learn(frame, u))
        .collect();
    let of_comparison = |at: usize| {
        let heard = sessions.iter().zip(&learnt);
        let heard = heard.filter_map(|(session, m)| {
            let place = session.free.iter().position(|free| *free == at)?;
            Some(&m[place])
        });
        let heard: Vec<&Vec<f64>> = heard.collect();
        let untrained = start(frame, at);
        let levels = 0..untrained.len();
        let counts: Vec<f64> = levels
            .map(|level| {
                median(heard.iter().map(|m| m[level]).collect()).unwrap_or(untrained[level])
            })
            .collect();
        probabilities(&counts, &missing(frame, at), 0.0)
    };
    (0..frame.model.comparisons.len())
        .map(of_comparison)
        .collect()
}

/// Where EM begins: nearly all of one person's records agree on the first level, the rest is spread.
fn start(frame: &Frame, at: usize) -> Vec<f64> {
    let missing = missing(frame, at);
    let known = missing.iter().filter(|missing| !**missing).count();
    let first = missing.iter().position(|missing| !missing);
    let level = |(level, missing): (usize, &bool)| match missing {
        true => 0.0,
        false if Some(level) == first => 0.9,
        false => 0.1 / (known - 1).max(1) as f64,
    };
    missing.iter().enumerate().map(level).collect()
}

fn moved(before: &[Vec<f64>], after: &[Vec<f64>]) -> f64 {
    let moves = before.iter().flatten().zip(after.iter().flatten());
    moves
        .map(|(before, after)| (before - after).abs())
        .fold(0.0, f64::max)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}
