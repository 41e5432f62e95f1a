//! How healthy identity is: the counts of the audit, without its examples, which name persons.

use serde::{Deserialize, Serialize};

use super::lake::{Lake, typed};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::Result;
use crate::identity::{self, SkippedBlocks};

/// The persons and what joins them.
#[derive(Debug, Clone, Serialize)]
pub struct IdentityHealth {
    pub records: u64,
    pub persons: u64,
    /// By records, fewest first.
    pub sizes: Vec<PersonSizes>,
    /// Links by rule and by what refused them.
    pub rules: Vec<RuleLinks>,
    /// Blocks over `records_max`, by blocking rule.
    pub skipped_blocks: Vec<SkippedBlocks>,
}

/// How many persons have so many records.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonSizes {
    pub records: u64,
    pub persons: u64,
}

/// What a rule offered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleLinks {
    pub rule: String,
    /// What refused the links; none where they were followed.
    pub refused_by: Option<String>,
    pub links: u64,
}

/// The audit's counts; none where the project has no identity job, or its tables are not there yet.
pub async fn health(
    engine: &Engine,
    lake: &Lake<'_>,
    clock: &Clock,
) -> Result<Option<IdentityHealth>> {
    if !is_resolved(engine, lake) {
        return Ok(None);
    }
    let audit = engine.audit(0, clock).await?;
    Ok(Some(IdentityHealth {
        records: audit.records,
        persons: audit.persons,
        sizes: typed(&audit.sizes, "sizes")?,
        rules: typed(&audit.rules, "rules")?,
        skipped_blocks: audit.skipped_blocks,
    }))
}

/// Whether there is all that an audit reads.
fn is_resolved(engine: &Engine, lake: &Lake<'_>) -> bool {
    let Ok((_, job)) = engine.identity() else {
        return false;
    };
    let mut needed = vec![
        identity::records(),
        identity::identifiers(),
        identity::links(),
        identity::persons(),
    ];
    needed.extend(job.matching.is_some().then(identity::models));
    needed.iter().all(|name| lake.tables.contains_key(name))
}
