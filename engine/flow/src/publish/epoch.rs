//! Epochs: the published tables, visible at once under one number.
//!
//! Each begins as the one before it, so that a job moves its own tables only, and a rollback lasts until there is news
//! of the tables that were rolled back.

use c360_catalog::{Epoch, EpochTable, Table, Warehouse};
use c360_spec::{PublishJob, TableName};

use super::changes;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::room::Room;

/// Tables that no epoch shows yet.
pub struct Pending {
    /// The epoch that theirs will follow.
    pub latest: Option<Epoch>,
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
    let Some(why) = news(latest.as_ref(), &tables) else {
        return Ok(None);
    };
    let rows_before = shown(latest.as_ref(), &tables[0]).map(|table| table.row_count());
    Ok(Some(Pending {
        latest,
        tables,
        rows_before,
        why,
    }))
}

fn news(latest: Option<&Epoch>, tables: &[Table]) -> Option<String> {
    let Some(latest) = latest else {
        return Some("never published".into());
    };
    let news: Vec<String> = tables
        .iter()
        .filter(|table| !is_known(latest, table))
        .map(|table| table.name().to_string())
        .collect();
    (!news.is_empty()).then(|| format!("not yet published: {}", news.join(", ")))
}

fn is_known(epoch: &Epoch, table: &Table) -> bool {
    let shown = shown(Some(epoch), table).and_then(|shown| shown.content_id());
    let left = epoch.rolled_back_from.get(table.name()).copied();
    shown == table.content_id() || (left.is_some() && left == table.content_id())
}

/// `table` as `epoch` shows it; none where it shows none, or the table was made anew since.
pub fn shown(epoch: Option<&Epoch>, table: &Table) -> Option<Table> {
    let shown = epoch?.tables.get(table.name())?;
    table.at_snapshot(shown.snapshot_id).ok()
}

/// The number of the epoch that follows `latest`.
pub fn next_number(latest: Option<&Epoch>) -> u64 {
    latest.map_or(1, |epoch| epoch.number + 1)
}

/// Makes the pending tables visible with their `changes`, beside what other jobs published before.
pub async fn create(room: &Room<'_>, pending: &Pending, changes: &Table) -> Result<Epoch> {
    let mut epoch = following(pending.latest.as_ref(), room.clock);
    for table in pending.tables.iter().chain([changes]) {
        show(&mut epoch, table).await?;
    }
    put(room.warehouse, epoch).await
}

/// The epoch after `latest`, as yet showing the same.
fn following(latest: Option<&Epoch>, clock: &Clock) -> Epoch {
    let number = next_number(latest);
    let (tables, rolled_back_from) = latest
        .map(|epoch| (epoch.tables.clone(), epoch.rolled_back_from.clone()))
        .unwrap_or_default();
    Epoch {
        number,
        published_at: clock.now,
        run_id: clock.run_id.clone(),
        tables,
        rollback_to: None,
        rolled_back_from,
    }
}

/// Makes the epoch show `table`, which is pinned to its newest snapshot.
async fn show(epoch: &mut Epoch, table: &Table) -> Result<()> {
    let Some(snapshot_id) = table.snapshot_id() else {
        return Ok(());
    };
    // An epoch is not older than what it shows, so that its time finds the same tables.
    let committed_at = table.committed_at().unwrap_or(epoch.published_at);
    epoch.published_at = epoch.published_at.max(committed_at);
    let shown = EpochTable {
        metadata_location: table.metadata_location().to_string(),
        snapshot_id,
    };
    place(epoch, table, shown).await
}

/// Makes the epoch show `shown`, a state of `table`. The snapshot is tagged first, so that upkeep leaves it alone. The
/// metadata file is the one whose newest snapshot it was: many readers take a file's newest and ask no further.
async fn place(epoch: &mut Epoch, table: &Table, shown: EpochTable) -> Result<()> {
    table.tag(&tag(epoch.number), shown.snapshot_id).await?;
    epoch.rolled_back_from.remove(table.name());
    epoch.tables.insert(table.name().clone(), shown);
    Ok(())
}

const TAG: &str = "epoch-";

/// What names the snapshots that an epoch shows.
fn tag(number: u64) -> String {
    format!("{TAG}{number}")
}

/// The epoch that a name of a snapshot is of.
pub fn tagged_epoch(name: &str) -> Option<u64> {
    name.strip_prefix(TAG)?.parse().ok()
}

async fn put(warehouse: &Warehouse, epoch: Epoch) -> Result<Epoch> {
    if warehouse.epochs().create(&epoch).await? {
        return Ok(epoch);
    }
    Err(taken(epoch.number))
}

/// Fails with *conflict* where another run has published `number`.
pub async fn check_free(warehouse: &Warehouse, number: u64) -> Result<()> {
    match warehouse.epochs().get(number).await? {
        None => Ok(()),
        Some(_) => Err(taken(number)),
    }
}

fn taken(number: u64) -> Error {
    Error::conflict(format!("epoch {number} was published by another run"))
        .with_hint("run again: what the other run left to do will be done")
}

/// Publishes the snapshots of epoch `to` again, under a new number. The tables themselves keep what they hold; the
/// change tables of `jobs`, which are all that publish, go on and say what the rollback changed.
///
/// A table that first appeared after `to` stays as the latest epoch shows it: there is no earlier state of it to go
/// back to, and whoever reads it would find it gone.
pub async fn rollback(
    warehouse: &Warehouse,
    clock: &Clock,
    jobs: &[(Room<'_>, &PublishJob)],
    to: u64,
) -> Result<Epoch> {
    let epochs = warehouse.epochs();
    let target = epochs.get(to).await?.ok_or_else(|| {
        Error::invalid(format!("epoch {to} does not exist")).with_hint("c360 epochs lists them")
    })?;
    let latest = epochs.latest().await?;
    let logs: Vec<TableName> = jobs.iter().map(|(_, job)| job.changes_table()).collect();
    let restored = restored(warehouse, &target, &logs).await?;
    let mut epoch = following(latest.as_ref(), clock);
    epoch.rollback_to = Some(to);
    for Restored { table, head } in &restored {
        let shown = target.tables[table.name()].clone();
        place(&mut epoch, table, shown).await?;
        let left = head.map(|content_id| (table.name().clone(), content_id));
        epoch.rolled_back_from.extend(left);
    }
    for (room, job) in jobs {
        let published = restored.iter().find(|it| *it.table.name() == job.table);
        if let Some(Restored { table, .. }) = published {
            let (committed, _) = changes::append(room, job, table, latest.as_ref()).await?;
            show(&mut epoch, &committed.table).await?;
        }
    }
    put(warehouse, epoch).await
}

/// A table that a rollback shows as it was.
struct Restored {
    table: Table,
    /// What it holds, which the rollback leaves.
    head: Option<i64>,
}

/// The tables of `target` as it shows them, without the `logs`.
async fn restored(
    warehouse: &Warehouse,
    target: &Epoch,
    logs: &[TableName],
) -> Result<Vec<Restored>> {
    let mut restored = Vec::new();
    for (name, shown) in &target.tables {
        if logs.contains(name) {
            continue;
        }
        let newest = warehouse.table(name).await?.ok_or_else(|| {
            let message = format!("epoch {} shows {name}, which is gone", target.number);
            Error::invalid(message).with_hint("go back to an epoch that does not show it")
        })?;
        restored.push(Restored {
            table: newest.at_snapshot(shown.snapshot_id)?,
            head: newest.content_id(),
        });
    }
    Ok(restored)
}
