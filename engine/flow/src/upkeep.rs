//! Upkeep of the lake, table by table: compaction, expiry, orphans. Rows, plans and results stay what they are; a
//! table that a run is writing is left for the next time.
//!
//! What a plan compares, and what an epoch shows, outlives it: of the snapshots that cursors name, one with the same
//! rows is kept, and what an epoch shows is named by a tag.

use std::collections::{BTreeMap, BTreeSet};

use c360_catalog::{Compaction, Epoch, EpochTable, Kept, Kind, Orphans, Table, Wear};
use c360_spec::{TableName, Upkeep};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tracing::{info, instrument};

use crate::clock::Clock;
use crate::cursor::recorded;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::ledger;
use crate::publish::tagged_epoch;
use crate::session::ascending;

/// What upkeep did, or would do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UpkeepReport {
    /// Whether this only says what there is to do.
    pub dry_run: bool,
    /// Numbers of the epochs that were retired.
    pub epochs_retired: Vec<u64>,
    /// Tables, sorted by name.
    pub tables: Vec<TableUpkeep>,
}

/// What upkeep did for one table, or would do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TableUpkeep {
    /// The table.
    pub table: String,
    /// Data and delete files of the newest snapshot before.
    pub files: usize,
    /// Data files that were written anew.
    pub rewritten_files: usize,
    /// Their bytes.
    pub rewritten_bytes: u64,
    /// Delete files that were folded in or gathered.
    pub dropped_deletes: usize,
    /// Snapshots that expired.
    pub expired_snapshots: usize,
    /// Files that nothing referred to and that were deleted.
    pub deleted_files: usize,
    /// Their bytes.
    pub deleted_bytes: u64,
    /// Whether compaction gave way to a run that changed the table meanwhile.
    pub gave_way: bool,
    /// Why the table could not be kept; the others were all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to do about that.
    #[serde(skip)]
    pub error_kind: Option<Kind>,
}

impl TableUpkeep {
    fn of(table: &TableName) -> Self {
        Self {
            table: table.to_string(),
            ..Self::default()
        }
    }

    /// Notes what went wrong, if something did.
    fn ended(&mut self, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.error_kind = Some(error.kind());
            self.error = Some(error.in_full());
        }
    }

    /// True when there was nothing to do.
    pub fn is_empty(&self) -> bool {
        let Self {
            rewritten_files,
            dropped_deletes,
            expired_snapshots,
            deleted_files,
            ..
        } = self;
        rewritten_files + dropped_deletes + expired_snapshots + deleted_files == 0
    }
}

impl Engine {
    /// Keeps `tables`, or all of the lake, cheap to read and to keep. A dry run only says what there is to do.
    ///
    /// # Errors
    /// *invalid* for a table that there is not.
    #[instrument(level = "error", name = "run", skip_all, fields(run_id = %clock.run_id))]
    pub async fn maintain(
        &self,
        tables: &[TableName],
        dry_run: bool,
        clock: &Clock,
    ) -> Result<UpkeepReport> {
        self.warehouse.check_catalog().await?;
        let mut lake = BTreeMap::new();
        for name in self.warehouse.tables().await? {
            let table = self.warehouse.table(&name).await?;
            lake.extend(table.map(|table| (name, table)));
        }
        if let Some(unknown) = tables.iter().find(|name| !lake.contains_key(name)) {
            return Err(Error::invalid(format!("the lake has no table {unknown}"))
                .with_hint("c360 tables lists them"));
        }
        let upkeep = &self.project.settings.upkeep;
        let epochs = Epochs::of(self, upkeep, clock).await?;
        let keeper = Keeper {
            engine: self,
            upkeep,
            remembered: remembered(lake.values()),
            epochs: &epochs,
            dry_run,
            now: clock.now,
        };
        if !dry_run {
            epochs.retire(self).await?;
        }
        let mut report = UpkeepReport {
            dry_run,
            epochs_retired: epochs.retired.iter().map(|epoch| epoch.number).collect(),
            tables: Vec::new(),
        };
        for (name, table) in lake {
            if tables.is_empty() || tables.contains(&name) {
                let mut done = TableUpkeep::of(&name);
                let kept = keeper.keep(table, &mut done).await;
                done.ended(kept);
                info!(table = %name, dry_run, error = done.error, "upkeep done");
                report.tables.push(done);
            }
        }
        if tables.is_empty() {
            report.tables.extend(keeper.bury_stillborn().await?);
            report.tables.sort_by(|a, b| a.table.cmp(&b.table));
        }
        Ok(report)
    }
}

/// The content ids that cursors name, by table: what runs compare the newest state with.
fn remembered<'a>(tables: impl Iterator<Item = &'a Table>) -> BTreeMap<String, BTreeSet<i64>> {
    let mut remembered: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for (_, cursor) in tables.filter_map(|table| recorded(Some(table))) {
        for (name, content_id) in cursor.tables {
            remembered.entry(name).or_default().insert(content_id);
        }
    }
    remembered
}

/// Epochs that stay, and those whose time is over.
struct Epochs {
    staying: Vec<Epoch>,
    retired: Vec<Epoch>,
}

impl Epochs {
    async fn of(engine: &Engine, upkeep: &Upkeep, clock: &Clock) -> Result<Self> {
        let mut staying = engine.warehouse.epochs().list().await?;
        let Some(days) = upkeep.epochs_days else {
            return Ok(Self {
                staying,
                retired: Vec::new(),
            });
        };
        let since = ago(clock.now, days)?;
        let newest = staying.iter().map(|epoch| epoch.number).max();
        let is_over =
            |epoch: &mut Epoch| epoch.published_at < since && Some(epoch.number) != newest;
        let retired = staying.extract_if(.., is_over).collect();
        Ok(Self { staying, retired })
    }

    /// The epochs go first, the names of what they show after them: so no epoch shows what may expire.
    async fn retire(&self, engine: &Engine) -> Result<()> {
        for epoch in &self.retired {
            engine.warehouse.epochs().remove(epoch.number).await?;
        }
        Ok(())
    }

    /// The table's tags of epochs that are no more, unless an epoch that stays shows the same: epochs begin as the
    /// one before, and tag what they move alone. One that is about to be published is younger than all.
    fn tags_of_none(&self, table: &Table) -> Result<BTreeSet<String>> {
        let newest = self.staying.iter().map(|epoch| epoch.number).max();
        let stays = |number: u64| self.staying.iter().any(|epoch| epoch.number == number);
        let shown: BTreeSet<i64> = self.shown(table).map(|shown| shown.snapshot_id).collect();
        let is_over = |(tag, snapshot_id): &(String, i64)| {
            let is_over = |number| Some(number) < newest && !stays(number);
            tagged_epoch(tag).is_some_and(is_over) && !shown.contains(snapshot_id)
        };
        let over = table.tags()?.into_iter().filter(is_over);
        Ok(over.map(|(tag, _)| tag).collect())
    }

    /// What the epochs that stay show of the table.
    fn shown(&self, table: &Table) -> impl Iterator<Item = &EpochTable> {
        let name = table.name().clone();
        let epochs = self.staying.iter();
        epochs.filter_map(move |epoch| epoch.tables.get(&name))
    }

    /// What epochs showed of the table when upkeep began: what retires now loses its files the next time, when nobody
    /// can have gone back to it any more.
    fn lately_shown(&self, table: &Table) -> Vec<EpochTable> {
        let retired = self.retired.iter();
        let retired = retired.filter_map(|epoch| epoch.tables.get(table.name()));
        self.shown(table).chain(retired).cloned().collect()
    }
}

/// All that upkeep of a table goes by.
struct Keeper<'a> {
    engine: &'a Engine,
    upkeep: &'a Upkeep,
    remembered: BTreeMap<String, BTreeSet<i64>>,
    epochs: &'a Epochs,
    dry_run: bool,
    now: Timestamp,
}

impl Keeper<'_> {
    async fn keep(&self, table: Table, done: &mut TableUpkeep) -> Result<()> {
        let table = self.compact(table, done).await?;
        let (table, foreseen) = self.expire(table, done).await?;
        self.sweep(&table, &foreseen, done).await
    }

    async fn compact(&self, table: Table, done: &mut TableUpkeep) -> Result<Table> {
        let wear = Wear {
            small_files: self.upkeep.small_files,
            delete_files: self.upkeep.delete_files,
            deleted_share: f64::from(self.upkeep.deleted_percent) / 100.0,
        };
        let compaction = table.compaction(&wear).await?;
        done.files = compaction.files();
        if compaction.is_empty() {
            return Ok(table);
        }
        let (files, bytes) = (compaction.data_files(), compaction.bytes());
        let deletes = compaction.delete_files();
        let table = match self.dry_run {
            true => table,
            false => match self.rewrite(&table, compaction).await? {
                Some(compacted) => compacted,
                None => {
                    done.gave_way = true;
                    table.reload().await?
                }
            },
        };
        done.rewritten_files = files;
        done.rewritten_bytes = bytes;
        done.dropped_deletes = deletes;
        Ok(table)
    }

    /// Rows go back in the table's order; without one, as they lie in the files.
    async fn rewrite(&self, table: &Table, compaction: Compaction) -> Result<Option<Table>> {
        let order = table.order();
        let session = match order.is_empty() {
            true => self.engine.runtime.sequential_session(),
            false => self.engine.runtime.session(),
        };
        let mut rows = session.read(compaction.rows())?;
        if !order.is_empty() {
            rows = rows.sort(ascending(&order))?;
        }
        Ok(compaction.commit(rows.execute_stream().await?).await?)
    }

    /// What expired; in a dry run the table as it is, and what would.
    async fn expire(&self, table: Table, done: &mut TableUpkeep) -> Result<(Table, Vec<i64>)> {
        let released = self.epochs.tags_of_none(&table)?;
        let remembered = self.remembered.get(&done.table).cloned();
        let shown = self.epochs.shown(&table);
        let kept = Kept {
            since: ago(self.now, self.upkeep.snapshots_days)?,
            remembered: remembered.unwrap_or_default(),
            shown: shown.map(|shown| shown.snapshot_id).collect(),
            released: released.clone(),
        };
        let expirable = table.expirable(&kept)?;
        if self.dry_run {
            done.expired_snapshots = expirable.len();
            return Ok((table, expirable));
        }
        let released: Vec<String> = released.into_iter().collect();
        let table = table.untag(&released).await?.expire(&expirable).await?;
        done.expired_snapshots = expirable.len();
        // What was named meanwhile is still there: the table says what is gone.
        Ok((table, Vec::new()))
    }

    /// Tables of the project that were being made when a run died, and that no run has made since.
    async fn bury_stillborn(&self) -> Result<Vec<TableUpkeep>> {
        let before = ago(self.now, self.upkeep.orphans_days)?;
        let jobs = self.engine.project.jobs.values();
        let mut names: BTreeSet<TableName> = jobs.flat_map(|job| job.output_tables()).collect();
        names.extend(ledger::tables());
        for name in self.engine.warehouse.tables().await? {
            names.remove(&name);
        }
        let mut all = Vec::new();
        for name in names {
            let mut done = TableUpkeep::of(&name);
            let buried = self.bury(&name, before, &mut done).await;
            done.ended(buried);
            if !done.is_empty() || done.error.is_some() {
                all.push(done);
            }
        }
        Ok(all)
    }

    async fn bury(
        &self,
        name: &TableName,
        before: Timestamp,
        done: &mut TableUpkeep,
    ) -> Result<()> {
        let orphans = self.engine.warehouse.stillborn(name, before).await?;
        self.delete(orphans, done).await
    }

    async fn sweep(&self, table: &Table, foreseen: &[i64], done: &mut TableUpkeep) -> Result<()> {
        let before = ago(self.now, self.upkeep.orphans_days)?;
        let shown = self.epochs.lately_shown(table);
        let orphans = table.orphans(before, &shown, foreseen).await?;
        self.delete(orphans, done).await
    }

    async fn delete(&self, orphans: Orphans, done: &mut TableUpkeep) -> Result<()> {
        let (files, bytes) = (orphans.files.len(), orphans.size());
        if !self.dry_run {
            orphans.delete().await?;
        }
        done.deleted_files = files;
        done.deleted_bytes = bytes;
        Ok(())
    }
}

fn ago(now: Timestamp, days: u32) -> Result<Timestamp> {
    let age = SignedDuration::from_hours(24 * i64::from(days));
    now.checked_sub(age)
        .map_err(|_| Error::invalid(format!("{days} days ago is before all time")))
}
