//! How far the figures of a published table moved: from the last of the earlier epochs that shows other rows of it, to
//! the newest. Each publish job makes an epoch of its own, so the one before the newest often shows the same rows.
//!
//! The measure is the population stability index (Siddiqi, *Credit Risk Scorecards*, 2006): over the deciles of the
//! earlier values, and those without a value, the sum of (later share − earlier share) · ln(later / earlier).

use std::sync::Arc;

use c360_catalog::{Epoch, Table};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::cast;
use datafusion::prelude::ident;
use serde::{Deserialize, Serialize};

use super::lake::{Lake, publish_jobs, seen_as};
use crate::engine::Engine;
use crate::error::Result;

/// What moved in a table.
#[derive(Debug, Clone, Serialize)]
pub struct Drift {
    pub table: String,
    /// The last epoch that shows other rows.
    pub from_epoch: u64,
    /// The newest epoch.
    pub to_epoch: u64,
    /// Its numeric columns, the one that moved most first.
    pub columns: Vec<ColumnDrift>,
}

/// How far a column moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnDrift {
    pub column: String,
    /// Population stability index, from 0 on.
    pub psi: f64,
}

/// Rows of both epochs whose values are in one part of the range.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Part {
    earlier: u64,
    later: u64,
}

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
            let columns = columns(lake, [&before, &now]).await?;
            drifts.extend((!columns.is_empty()).then(|| Drift {
                table: job.table.to_string(),
                from_epoch: epoch,
                to_epoch: newest.number,
                columns,
            }));
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

/// How far each column moved, the one that moved most first.
async fn columns(lake: &Lake<'_>, [earlier, later]: [&Table; 2]) -> Result<Vec<ColumnDrift>> {
    let mut columns = Vec::new();
    for column in numbers(earlier, later) {
        let psi = stability_index(&parts(lake, &column, [earlier, later]).await?);
        columns.push(ColumnDrift { column, psi });
    }
    columns.sort_by(|a, b| b.psi.total_cmp(&a.psi));
    Ok(columns)
}

/// Columns that are numbers in both, without those of the key.
fn numbers(earlier: &Table, later: &Table) -> Vec<String> {
    let before = earlier.schema();
    let key = later.key();
    let is_number = |data_type: &DataType| data_type.is_numeric();
    let schema = later.schema();
    let fields = schema.fields().iter().filter(|field| {
        let known = before.field_with_name(field.name());
        is_number(field.data_type())
            && known.is_ok_and(|known| is_number(known.data_type()))
            && !key.contains(field.name())
    });
    fields.map(|field| field.name().clone()).collect()
}

async fn parts(lake: &Lake<'_>, column: &str, [earlier, later]: [&Table; 2]) -> Result<Vec<Part>> {
    let session = lake.session(&[]).await?;
    for (name, table) in [("earlier", earlier), ("later", later)] {
        let rows = session.read(table.provider().await?)?;
        let value = cast(ident(column), DataType::Float64).alias("value");
        let values = rows.select(vec![value])?.into_view();
        session.register(&seen_as(name), Arc::clone(&values))?;
    }
    lake.rows(&session, "drift", include_str!("drift.sql"))
        .await
}

/// The population stability index. A part that one side has no rows in counts as half a row there, since the logarithm
/// of none is not finite. Of no rows at all nothing can be said: 0.
fn stability_index(parts: &[Part]) -> f64 {
    let sum = |side: fn(&Part) -> u64| parts.iter().map(side).sum::<u64>() as f64;
    let (earlier, later) = (sum(|part| part.earlier), sum(|part| part.later));
    if earlier == 0.0 || later == 0.0 {
        return 0.0;
    }
    let share = |rows: u64, of: f64| (rows as f64).max(0.5) / of;
    let terms = parts.iter().map(|part| {
        let (before, after) = (share(part.earlier, earlier), share(part.later, later));
        (after - before) * (after / before).ln()
    });
    terms.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[(u64, u64)], expected: f64) {
        let parts: Vec<Part> = parts
            .iter()
            .map(|&(earlier, later)| Part { earlier, later })
            .collect();
        let psi = stability_index(&parts);
        assert!((psi - expected).abs() < 1e-12, "{psi} is not {expected}");
    }

    #[test]
    fn the_same_shares_are_stable_however_many_rows() {
        check(&[(10, 20), (30, 60)], 0.0);
        check(&[(10, 0), (30, 0)], 0.0);
        check(&[], 0.0);
    }

    #[test]
    fn shares_that_swap_have_moved() {
        // (0.8 − 0.2) ln 4 twice
        check(&[(2, 8), (8, 2)], 1.2 * 4.0_f64.ln());
    }

    #[test]
    fn an_empty_part_counts_as_half_a_row() {
        check(
            &[(50, 100), (50, 0)],
            0.5 * 2.0_f64.ln() + (0.005 - 0.5) * 0.01_f64.ln(),
        );
    }
}
