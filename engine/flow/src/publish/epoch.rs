//! Epochs: the published tables, visible at once under one number.

use std::collections::BTreeMap;

use c360_catalog::{Epoch, EpochTable, Table, Warehouse};
use c360_spec::{PublishJob, TableName};

use super::changes;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::room::Room;

/// Tables that no epoch shows yet.
pub struct Pending {
    /// Number of the epoch that will show them.
    pub number: u64,
    /// The job's table first, then those that it publishes with it.
    pub tables: Vec<Table>,
    /// Rows of the job's table in the last epoch.
    pub rows_before: Option<u64>,
    /// Why there is something to publish.
    pub why: String,
}

/// What the job's next epoch would show; none when the last one shows it already, or was a rollback away from it.
pub async fn pending(room: &Room<'_>, job: &PublishJob) -> Result<Option<Pending>> {
    let latest = room.warehouse.epochs().latest().await?;
    let mut tables = vec![room.input_table(&job.table).await?];
    tables.extend(room.input_tables(&job.epoch).await?);
    let number = latest.as_ref().map_or(1, |epoch| epoch.number + 1);
    let Some(latest) = latest else {
        return Ok(Some(Pending {
            number,
            tables,
            rows_before: None,
            why: "never published".into(),
        }));
    };
    let news: Vec<String> = tables
        .iter()
        .filter(|table| !shows(&latest, table))
        .map(|table| table.name().to_string())
        .collect();
    if news.is_empty() {
        return Ok(None);
    }
    let rows_before = rows_in(&latest, &tables[0]);
    Ok(Some(Pending {
        number,
        tables,
        rows_before,
        why: format!("not yet published: {}", news.join(", ")),
    }))
}

fn shows(epoch: &Epoch, table: &Table) -> bool {
    let shown = epoch
        .tables
        .get(table.name())
        .map(|shown| shown.snapshot_id);
    let left = epoch.rolled_back_from.get(table.name()).copied();
    shown == table.snapshot_id() || (left.is_some() && left == table.snapshot_id())
}

fn rows_in(epoch: &Epoch, table: &Table) -> Option<u64> {
    let shown = epoch.tables.get(table.name())?;
    Some(table.at_snapshot(shown.snapshot_id).ok()?.row_count())
}

/// Makes `tables` visible as epoch `number`, beside what other jobs published before.
pub async fn create(
    warehouse: &Warehouse,
    clock: &Clock,
    number: u64,
    tables: Vec<Table>,
) -> Result<Epoch> {
    let before = warehouse
        .epochs()
        .latest()
        .await?
        .map(|epoch| epoch.tables)
        .unwrap_or_default();
    let epoch = show(clock, number, before, &tables).await?;
    put(warehouse, epoch).await
}

/// The epoch that shows each table as it is pinned; its snapshots are tagged first, so that upkeep leaves them alone.
async fn show(
    clock: &Clock,
    number: u64,
    mut shown: BTreeMap<TableName, EpochTable>,
    tables: &[Table],
) -> Result<Epoch> {
    for table in tables {
        let Some(snapshot_id) = table.snapshot_id() else {
            continue;
        };
        let tagged = table.tag(&format!("epoch-{number}"), snapshot_id).await?;
        let metadata_location = tagged.metadata_location().to_string();
        shown.insert(
            table.name().clone(),
            EpochTable {
                metadata_location,
                snapshot_id,
            },
        );
    }
    Ok(Epoch {
        number,
        published_at: clock.now,
        run_id: clock.run_id.clone(),
        tables: shown,
        rollback_to: None,
        rolled_back_from: BTreeMap::new(),
    })
}

async fn put(warehouse: &Warehouse, epoch: Epoch) -> Result<Epoch> {
    if warehouse.epochs().create(&epoch).await? {
        return Ok(epoch);
    }
    Err(Error::conflict(format!(
        "epoch {} was published by another run",
        epoch.number
    ))
    .with_hint("run again: what the other run left to do will be done"))
}

/// Publishes the snapshots of epoch `to` again, under a new number. The tables themselves keep what they hold; the
/// change table says what the rollback changed.
pub async fn rollback(room: &Room<'_>, job: &PublishJob, to: u64) -> Result<Epoch> {
    let epochs = room.warehouse.epochs();
    let target = epochs.get(to).await?.ok_or_else(|| {
        Error::invalid(format!("epoch {to} does not exist")).with_hint("c360 epochs lists them")
    })?;
    let latest = epochs.latest().await?.map_or(to, |epoch| epoch.number);
    let number = latest + 1;
    let mut rolled_back_from = BTreeMap::new();
    let mut tables: Vec<Table> = Vec::new();
    for (name, shown) in &target.tables {
        if *name == job.changes_table() {
            continue;
        }
        let head = room.input_table(name).await?;
        if let Some(snapshot_id) = head.snapshot_id() {
            rolled_back_from.insert(name.clone(), snapshot_id);
        }
        tables.push(head.at_snapshot(shown.snapshot_id)?);
    }
    let published = position(&tables, &job.table, to)?;
    let committed = changes::append(room, job, &tables[published], number).await?;
    tables.push(committed.table);
    let mut epoch = show(room.clock, number, BTreeMap::new(), &tables).await?;
    epoch.rollback_to = Some(to);
    epoch.rolled_back_from = rolled_back_from;
    put(room.warehouse, epoch).await
}

fn position(tables: &[Table], name: &TableName, epoch: u64) -> Result<usize> {
    let found = tables.iter().position(|table| table.name() == name);
    found.ok_or_else(|| Error::invalid(format!("epoch {epoch} does not show {name}")))
}
