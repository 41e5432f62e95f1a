//! Where the lake stands: its newest epoch and its last run.

use c360_catalog::Epoch;
use jiff::Timestamp;
use serde::Serialize;

use crate::engine::Engine;
use crate::error::Result;
use crate::ledger::RunEntry;

/// The newest epoch and the last run.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// None before the first publication.
    pub epoch: Option<EpochShown>,
    /// The last run that did something or failed.
    pub last_run: Option<RunEntry>,
}

/// An epoch.
#[derive(Debug, Clone, Serialize)]
pub struct EpochShown {
    pub number: u64,
    pub published_at: Timestamp,
    /// Tables that it shows.
    pub tables: usize,
    /// The epoch whose tables it shows again.
    pub rollback_to: Option<u64>,
}

/// The newest epoch, which is handed in, and the newest row of the ledger.
pub async fn standing(engine: &Engine, newest: Option<&Epoch>) -> Result<Standing> {
    let epoch = newest.map(|epoch| EpochShown {
        number: epoch.number,
        published_at: epoch.published_at,
        tables: epoch.tables.len(),
        rollback_to: epoch.rollback_to,
    });
    let last_run = engine.runs(1).await?.into_iter().next();
    Ok(Standing { epoch, last_run })
}
