//! What is published: each table as readers see it, and how much each of the last epochs changed of it.

use c360_catalog::Table;
use c360_spec::PublishJob;
use serde::{Deserialize, Serialize};

use super::EPOCHS;
use super::lake::{Lake, publish_jobs, seen_as};
use crate::engine::Engine;
use crate::error::Result;
use crate::row_changes::CHANGE_TYPE;

/// A table that others read.
#[derive(Debug, Clone, Serialize)]
pub struct Publication {
    pub table: String,
    /// The epoch that shows it; none before its first.
    pub epoch: Option<u64>,
    /// Rows that readers see.
    pub rows: u64,
    /// The last epochs that changed it, oldest first.
    pub changes: Vec<EpochRows>,
}

/// What an epoch changed of a table, in rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EpochRows {
    pub epoch: u64,
    pub inserted: u64,
    pub updated: u64,
    pub deleted: u64,
    /// Whether it is the one that filled the table.
    pub is_first: bool,
}

/// The tables of the project's publish jobs.
pub async fn publications(engine: &Engine, lake: &Lake<'_>) -> Result<Vec<Publication>> {
    let mut publications = Vec::new();
    for job in publish_jobs(engine) {
        let shown = lake.published(&job.table);
        let epoch = lake.epochs.last().filter(|_| shown.is_some());
        publications.push(Publication {
            table: job.table.to_string(),
            epoch: epoch.map(|epoch| epoch.number),
            rows: shown.as_ref().map_or(0, Table::row_count),
            changes: changes(lake, job).await?,
        });
    }
    Ok(publications)
}

async fn changes(lake: &Lake<'_>, job: &PublishJob) -> Result<Vec<EpochRows>> {
    let name = job.changes_table();
    let log = lake.table(&name, &["epoch", CHANGE_TYPE]);
    // What an epoch shows of the log has no rows of epochs that never were.
    let Some(log) = log.and_then(|_| lake.published(&name)) else {
        return Ok(Vec::new());
    };
    let seen = (&seen_as("changes"), &log);
    let sql = include_str!("changes.sql");
    let mut all: Vec<EpochRows> = lake.rows_of(seen, "changes", sql).await?;
    let kept = usize::try_from(EPOCHS).unwrap_or(usize::MAX);
    Ok(all.split_off(all.len().saturating_sub(kept)))
}
