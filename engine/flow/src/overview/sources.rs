//! What came in from each source, what was refused and why, and how old it is.

use c360_catalog::Table;
use c360_spec::JobKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lake::{Lake, seen_as};
use crate::engine::Engine;
use crate::error::Result;

/// A source of the project.
#[derive(Debug, Clone, Serialize)]
pub struct SourceHealth {
    /// The job.
    pub source: String,
    /// Its table.
    pub table: String,
    /// Rows of the table.
    pub rows: u64,
    /// Rows that broke the contract.
    pub rejected: u64,
    /// Rejected rows among the rows of the table and the rejected ones, from 0 to 1.
    pub rejected_share: f64,
    /// Why they were rejected, most often first.
    pub reasons: Vec<RejectReason>,
    /// The newest snapshot of the table; none where nothing was read yet.
    pub snapshot_id: Option<i64>,
    /// When it was committed.
    pub committed_at: Option<Timestamp>,
    /// Hours from that commit to `as_of`; negative where it came later.
    pub hours_before_as_of: Option<f64>,
}

/// A reason for which rows are rejected.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RejectReason {
    /// The column at fault; none where it is the whole row.
    pub column: Option<String>,
    pub reason: String,
    pub rows: u64,
}

/// Every source of the project.
pub async fn sources(engine: &Engine, lake: &Lake<'_>) -> Result<Vec<SourceHealth>> {
    let mut sources = Vec::new();
    for job in engine.project.jobs.values() {
        if !matches!(job.kind, JobKind::Source(_)) {
            continue;
        }
        let name = &job.output_tables()[0];
        let table = lake.tables.get(name);
        let rejects = lake.table(&name.with_suffix("__rejects"), &["column", "reason"]);
        let rows = table.map_or(0, Table::row_count);
        let rejected = rejects.map_or(0, Table::row_count);
        let committed_at = table.and_then(Table::committed_at);
        sources.push(SourceHealth {
            source: job.name.clone(),
            table: name.to_string(),
            rows,
            rejected,
            rejected_share: rejected as f64 / (rows + rejected).max(1) as f64,
            reasons: match rejects {
                Some(rejects) => reasons(lake, rejects).await?,
                None => Vec::new(),
            },
            snapshot_id: table.and_then(Table::snapshot_id),
            committed_at,
            hours_before_as_of: committed_at.map(|at| hours(at, lake.as_of)),
        });
    }
    Ok(sources)
}

async fn reasons(lake: &Lake<'_>, rejects: &Table) -> Result<Vec<RejectReason>> {
    let seen = (&seen_as("rejects"), rejects);
    lake.rows_of(seen, "reasons", include_str!("reasons.sql"))
        .await
}

fn hours(from: Timestamp, to: Timestamp) -> f64 {
    const MILLISECONDS: f64 = 3_600_000.0;
    let passed = to.as_millisecond() - from.as_millisecond();
    passed as f64 / MILLISECONDS
}
