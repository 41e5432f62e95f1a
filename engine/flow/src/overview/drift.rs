//! How far the numbers of a published table moved: from the last of the earlier epochs that shows other rows of it, to
//! the newest. Each publish job makes an epoch of its own, so the one before the newest often shows the same rows.

use c360_catalog::{Epoch, Table};

use super::lake::{Lake, publish_jobs};
use crate::drift::{Drift, Shown};
use crate::engine::Engine;
use crate::error::Result;

/// The published tables that changed within the last epochs, and that have numbers.
pub async fn drift(engine: &Engine, lake: &Lake<'_>) -> Result<Vec<Drift>> {
    let Some((newest, earlier)) = lake.epochs.split_last() else {
        return Ok(Vec::new());
    };
    let mut drifts = Vec::new();
    for job in publish_jobs(engine) {
        let Some(now) = lake.shown(newest, &job.table) else {
            continue;
        };
        if let Some((epoch, before)) = last_other(lake, earlier, &now) {
            let shown = Shown {
                epochs: [epoch, newest.number],
                tables: [before, now],
            };
            let drift = engine.drift_of_numbers(&shown).await?;
            drifts.extend((!drift.columns.is_empty()).then_some(drift));
        }
    }
    Ok(drifts)
}

/// The last of the epochs that shows other rows of the table than `now`, and what it shows.
fn last_other(lake: &Lake<'_>, epochs: &[Epoch], now: &Table) -> Option<(u64, Table)> {
    let mut shown = epochs.iter().rev().filter_map(|epoch| {
        let table = lake.shown(epoch, now.name())?;
        Some((epoch.number, table))
    });
    shown.find(|(_, table)| table.content_id() != now.content_id())
}
