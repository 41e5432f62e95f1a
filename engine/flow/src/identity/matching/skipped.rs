//! Blocks that bring nobody together because too many records are in them.

use c360_resolve::matching::Blocks;
use c360_spec::{IdentityJob, Matching};
use serde::Serialize;

use super::failed;
use super::in_use::InUse;
use crate::error::Result;
use crate::room::Room;

/// What one blocking rule skips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedBlocks {
    pub rule: String,
    pub records_max: u32,
    pub blocks: u64,
    /// Records in those blocks, and in the largest.
    pub records: u64,
    pub largest: u32,
}

/// The blocks that the model in use skips, by rule; rules that skip none are left out.
pub async fn skipped(
    room: &Room<'_>,
    job: &IdentityJob,
    matching: &Matching,
) -> Result<Vec<SkippedBlocks>> {
    let known = InUse::load(room, job, matching).await?;
    let rules = &known.current.model.blocking;
    let blocks = Blocks::new(rules, &known.compared.columns).map_err(failed)?;
    let left_out = blocks.left_out();
    let of_rule = |(at, rule): (usize, &c360_resolve::matching::BlockingRule)| {
        let blocks = left_out.iter().filter(|block| block.rule == at);
        let sizes: Vec<u32> = blocks.map(|block| block.records).collect();
        Some(SkippedBlocks {
            rule: rule.to_string(),
            records_max: rule.records_max?,
            blocks: sizes.len() as u64,
            records: sizes.iter().map(|records| u64::from(*records)).sum(),
            largest: *sizes.iter().max()?,
        })
    };
    Ok(rules.iter().enumerate().filter_map(of_rule).collect())
}
