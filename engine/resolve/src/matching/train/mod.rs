//! Training without labels.
//!
//! 1. [`train`]: the prior from rules that are nearly always right, u from frequency tables and a random sample, m by
//!    expectation and maximisation over agreement patterns, households likewise.
//! 2. [`train_inside`]: what tells one person from look-alikes among records that links connect.
//!
//! No round of "cluster, then learn from the clusters": it makes m too sharp where evidence is weak, since only pairs
//! that agree are in clusters, and changes nothing where it is strong.

mod confuser;
mod counts;
mod draw;
mod household;
mod m;
mod prior;
mod u;

pub use confuser::train_inside;

use super::block::Blocks;
use super::error::Result;
use super::fingerprint::fingerprints;
use super::frame::Frame;
use super::model::{BlockingRule, LevelWeight, Weights};

/// What training is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// Rules whose pairs are nearly all one person.
    pub deterministic: Vec<BlockingRule>,
    /// The share of all true pairs that those rules are held to find, above 0 and at most 1.
    pub recall: f64,
    /// One EM session each, on the pairs that the rule brings together.
    pub sessions: Vec<BlockingRule>,
    /// Random pairs for u, and about so many candidate pairs for each session of m and for households.
    pub sample_pairs: usize,
    /// Whether two persons of one household are told apart from strangers.
    pub households: bool,
}

/// Trains a model's weights. `blocks` are those of the model's blocking rules; only households are learnt from them.
/// Neither the order of records nor the number of threads matters.
///
/// # Errors
/// When a rule names unknown columns, or there are too many agreement patterns.
pub fn train(frame: &Frame, blocks: &Blocks, training: &Training) -> Result<Weights> {
    let fingerprints = fingerprints(frame.model, frame.columns)?;
    let pairs = training.sample_pairs;
    let (prior, (u, sessions)) = rayon::join(
        || prior::prior(frame, &training.deterministic, training.recall),
        || {
            rayon::join(
                || u::estimate(frame, &fingerprints, pairs),
                || m::sessions(frame, &training.sessions, &fingerprints, pairs),
            )
        },
    );
    let (prior, u) = (prior?, u?);
    let m = m::estimate(frame, &u, &sessions?);
    let weight = |(m, u): (f64, f64)| LevelWeight { m, u, h: 0.0 };
    let levels = m.into_iter().zip(u);
    let levels = levels.map(|(m, u)| m.into_iter().zip(u).map(weight).collect());
    let mut weights = Weights {
        prior,
        levels: levels.collect(),
        household: None,
    };
    if training.households {
        household::estimate(frame, blocks, &fingerprints, pairs, &mut weights)?;
    }
    Ok(weights)
}

/// No class is taken for more of all pairs, so that something is left for strangers.
const SHARE_MAX: f64 = 0.49;

/// No probability is taken to be less: an outcome that a sample did not show is rare, not impossible.
const LEAST: f64 = 1e-9;

/// Counts to probabilities among the levels that are not missing. `unseen` is added to each count, so that few pairs
/// do not make an outcome impossible.
fn probabilities(counts: &[f64], missing: &[bool], unseen: f64) -> Vec<f64> {
    let counted = || counts.iter().zip(missing).filter(|(_, missing)| !**missing);
    let total: f64 = counted().map(|(count, _)| count + unseen).sum();
    let share = |(count, missing): (&f64, &bool)| match missing {
        true => 0.0,
        false => ((count + unseen) / total).max(LEAST),
    };
    counts.iter().zip(missing).map(share).collect()
}

/// Which levels of a comparison say that nothing is known.
fn missing(frame: &Frame, comparison: usize) -> Vec<bool> {
    let levels = &frame.model.comparisons[comparison].levels;
    levels.iter().map(|level| level.missing).collect()
}
