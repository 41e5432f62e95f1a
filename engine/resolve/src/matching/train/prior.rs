//! The prior: how many pairs deterministic rules find, and how many of all they are held to find.

use super::SHARE_MAX;
use crate::matching::block::Blocks;
use crate::matching::error::Result;
use crate::matching::frame::Frame;
use crate::matching::model::BlockingRule;
use crate::matching::scan::{self, Batch};

/// Share of all pairs that are one person; never 0 or 1.
pub(super) fn prior(frame: &Frame, rules: &[BlockingRule], recall: f64) -> Result<f64> {
    let blocks = Blocks::new(rules, frame.columns)?;
    let count = |_: &mut (), found: &mut u64, batch: &Batch| *found += batch.pairs.len() as u64;
    let found: u64 = scan::scan(&blocks, frame.columns, |_, _| (), || (), || 0, count)
        .into_iter()
        .sum();
    // Half a pair stands for "none found", and no set is all one person.
    let share = (found as f64).max(0.5) / recall / frame.columns.pairs().max(1.0);
    Ok(share.min(SHARE_MAX))
}
