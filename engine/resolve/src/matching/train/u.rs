//! u: how often two strangers reach a level. From frequency tables where the level is an exact match, which costs no
//! sampling error; from random pairs otherwise.

use std::collections::HashMap;

use super::{counts, missing, probabilities};
use crate::matching::columns::Column;
use crate::matching::error::Result;
use crate::matching::expression::Expression;
use crate::matching::frame::Frame;
use crate::matching::key;
use crate::matching::sample::sample;

/// u of every level of every comparison.
pub(super) fn estimate(
    frame: &Frame,
    fingerprints: &[u64],
    sample_pairs: usize,
) -> Result<Vec<Vec<f64>>> {
    let sample = sample(frame, fingerprints, sample_pairs);
    let patterns = counts::of_sample(frame, &sample)?;
    let mut tables = Tables {
        frame,
        known: HashMap::new(),
    };
    let mut u = Vec::with_capacity(frame.model.comparisons.len());
    for at in 0..frame.model.comparisons.len() {
        let mut counts = vec![0.0; frame.model.comparisons[at].levels.len()];
        for (pattern, count) in &patterns.counts {
            counts[pattern[at] as usize] += count;
        }
        u.push(of_comparison(&mut tables, at, &counts)?);
    }
    Ok(u)
}

fn of_comparison(tables: &mut Tables, at: usize, counts: &[f64]) -> Result<Vec<f64>> {
    let missing = missing(tables.frame, at);
    let sampled: f64 = counts.iter().sum();
    let known: f64 = counts
        .iter()
        .zip(&missing)
        .filter(|(_, missing)| !**missing)
        .map(|(count, _)| count)
        .sum();
    // Pairs about which nothing is known are no part of u.
    let share_known = if sampled > 0.0 {
        (known / sampled).max(1.0 / sampled)
    } else {
        1.0
    };
    let mut counts = counts.to_vec();
    for (level, exact) in tables.exact_levels(at)?.into_iter().enumerate() {
        if let Some(share) = exact {
            counts[level] = share / share_known * known;
        }
    }
    Ok(probabilities(&counts, &missing, UNSEEN))
}

/// Half a pair for each level: what is not among a million random pairs is about as rare as one in two million.
const UNSEEN: f64 = 0.5;

/// Shares of pairs that are equal on a set of columns.
struct Tables<'a> {
    frame: &'a Frame<'a>,
    known: HashMap<Vec<String>, f64>,
}

impl Tables<'_> {
    /// For each level that is an exact match, the share of all pairs that reach it and no exact level above.
    fn exact_levels(&mut self, at: usize) -> Result<Vec<Option<f64>>> {
        let mut above: Vec<Vec<&str>> = Vec::new();
        let mut shares = Vec::new();
        let model = self.frame.model;
        for level in &model.comparisons[at].levels {
            let Some(columns) = level.when.equal_columns() else {
                shares.push(None);
                continue;
            };
            let mut share = self.equal(&columns)?;
            let mut taken: f64 = 0.0;
            for earlier in &above {
                // What two exact levels share is taken from the lower one. Overlaps of three are left aside.
                let both = [columns.as_slice(), earlier].concat();
                taken = taken.max(self.equal(&both)?);
            }
            share = (share - taken).max(0.0);
            above.push(columns);
            shares.push(Some(share));
        }
        Ok(shares)
    }

    /// Share of all pairs that are equal on these columns.
    fn equal(&mut self, columns: &[&str]) -> Result<f64> {
        let mut names: Vec<String> = columns.iter().map(|name| name.to_string()).collect();
        names.sort_unstable();
        names.dedup();
        if let Some(share) = self.known.get(&names) {
            return Ok(*share);
        }
        let share = self.equal_pairs(columns, &names)? / all_pairs(self.frame).max(1.0);
        self.known.insert(names, share);
        Ok(share)
    }

    fn equal_pairs(&self, columns: &[&str], names: &[String]) -> Result<f64> {
        let together = columns.iter().map(|name| name.to_string()).collect();
        if let Some(field) = self.frame.field_of(&Expression::Together(together)) {
            return Ok(self.frame.fields[field].equal_pairs());
        }
        let parts = names.iter().map(|name| self.frame.columns.get(name));
        let parts: Vec<&Column> = parts
            .map(|part| part.map(AsRef::as_ref))
            .collect::<Result<_>>()?;
        Ok(match parts.as_slice() {
            [one] => one.equal_pairs(),
            _ => key::equal_pairs(&parts, self.frame.records()),
        })
    }
}

fn all_pairs(frame: &Frame) -> f64 {
    key::pairs(frame.records() as f64)
}
