//! What changed for a reader who last saw some earlier epoch.

use c360_catalog::Table;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::record_batch::RecordBatch;
use serde::Serialize;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::json::{self, Row};
use crate::row_changes::{CHANGE_TYPE, RowChanges};

/// Changes from one epoch to the latest.
#[derive(Debug, Clone, Serialize)]
pub struct EpochChanges {
    /// The epoch that the reader saw.
    pub from: u64,
    /// The latest epoch.
    pub to: u64,
    /// The tables that changed.
    pub tables: Vec<TableChanges>,
}

/// Changes of one table.
#[derive(Debug, Clone, Serialize)]
pub struct TableChanges {
    /// The table.
    pub table: String,
    /// Rows that are new.
    pub inserted: u64,
    /// Rows that are not what they were.
    pub updated: u64,
    /// Rows that are gone.
    pub deleted: u64,
    /// Each changed row with its `change_type`; a delete carries the key alone.
    pub rows: Vec<Row>,
}

impl Engine {
    /// What changed in the published tables between epoch `since` (0: nothing was published) and the latest.
    pub async fn changes(&self, since: u64) -> Result<EpochChanges> {
        let latest = self.warehouse.epochs().latest().await?.ok_or_else(|| {
            Error::invalid("no epoch was published yet")
                .with_hint("c360 run publishes the first one")
        })?;
        let before = match since {
            0 => None,
            number => Some(self.epoch(number).await?),
        };
        let mut tables = Vec::new();
        for (name, shown) in &latest.tables {
            let Some(table) = self.warehouse.table(name).await? else {
                continue;
            };
            let since = before
                .as_ref()
                .and_then(|epoch| epoch.tables.get(name))
                .map(|seen| seen.snapshot_id);
            if since == Some(shown.snapshot_id) || table.key().is_empty() {
                continue;
            }
            let changes = self
                .table_changes(&table.at_snapshot(shown.snapshot_id)?, since)
                .await?;
            if !changes.rows.is_empty() {
                tables.push(changes);
            }
        }
        Ok(EpochChanges {
            from: since,
            to: latest.number,
            tables,
        })
    }

    async fn table_changes(&self, table: &Table, since: Option<i64>) -> Result<TableChanges> {
        let mut found = TableChanges {
            table: table.name().to_string(),
            inserted: 0,
            updated: 0,
            deleted: 0,
            rows: Vec::new(),
        };
        let session = self.runtime.session();
        let mut changes = RowChanges::between(&session, table, since).await?;
        while let Some(batch) = changes.next().await? {
            found.count(&batch);
            found.rows.extend(json::rows(&batch)?);
        }
        Ok(found)
    }
}

impl TableChanges {
    fn count(&mut self, batch: &RecordBatch) {
        let Some(kinds) = batch
            .column_by_name(CHANGE_TYPE)
            .and_then(|column| column.as_string_opt::<i32>())
        else {
            return;
        };
        for index in 0..kinds.len() {
            match kinds.value(index) {
                "insert" => self.inserted += 1,
                "update" => self.updated += 1,
                _ => self.deleted += 1,
            }
        }
    }
}
