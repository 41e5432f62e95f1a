//! Queries within a memory limit: what would not fit is sorted, spilled and merged instead of held.
//!
//! The limit is that of a pool, from which operators ask for memory and which refuses it to those that can do with less
//! ([`BoundedPool`]). Plans are made of such operators: joins that would hold too much are merged, sorts are ours, and
//! rows are grouped so that groups can be let go of.

mod groups;
mod joins;
mod order;
mod pool;
mod run;
mod sorts;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;

pub use order::order_by;
pub use pool::BoundedPool;
pub use run::Run;

use groups::YieldingGroups;
use joins::BoundedJoins;
use sorts::SpillingSorts;

/// Rows of a batch, unless memory is short.
const BATCH_ROWS: usize = 8192;
/// So many bytes of the limit go with a row of a batch: operators hold a few batches each, whatever they are refused.
const BYTES_A_ROW: usize = 64 << 10;

/// DataFusion's rules and ours: joins and groups are bounded when it has chosen the joins' sides, sorts at the end.
pub fn rules(memory: &Arc<dyn MemoryPool>) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    if let MemoryLimit::Finite(bytes) = memory.memory_limit() {
        let chosen = rules
            .iter()
            .position(|rule| rule.name() == "join_selection");
        let after = chosen.map_or(0, |at| at + 1);
        rules.insert(after, Arc::new(BoundedJoins::within(bytes)));
        rules.insert(after, Arc::new(YieldingGroups));
    }
    rules.push(Arc::new(SpillingSorts));
    rules
}

/// Rows that operators hand on at once.
pub fn batch_rows(memory: &Arc<dyn MemoryPool>) -> usize {
    match memory.memory_limit() {
        MemoryLimit::Finite(bytes) => (bytes / BYTES_A_ROW).clamp(BATCH_ROWS / 8, BATCH_ROWS),
        MemoryLimit::Infinite | MemoryLimit::Unknown => BATCH_ROWS,
    }
}
