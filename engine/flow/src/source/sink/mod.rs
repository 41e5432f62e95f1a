//! Typed chunks into the raw table, its rejects and its deleted keys, so that the result is the same
//! whatever the order of the files and however they are split over runs.
//!
//! The first chunks wait: few rows ask the table which of their keys it has, many load them all.
//! A row whose key was never seen goes straight to the table's new data files. A row whose key was
//! seen before, in the table or in this run, is *contested*: it is put aside and settled at the end
//! against what the table then holds.
//!
//! ```text
//!   chunks ─┬─ key unseen ────▶ append (old cursor) ──┐
//!           ├─ key contested ─────────────────────────┴─▶ settle ─▶ merge (new cursor)
//!           ├─ deletes ───────▶ deleted keys, committed before both
//!           └─ rejects ───────▶ rejects, committed first of all
//! ```
//!
//! Only the last commit advances the cursor. A run that dies before it is run again: what it
//! appended is then contested by the same rows, which changes nothing.

mod contest;
mod contested;
mod deleted;
pub mod key;
mod rejects;
mod replace;
mod scan;
mod seen;
mod waiting;
mod writer;

use c360_catalog::{Committed, Evolution, Merge, Scope, Stamp, Table, TableDefinition};
use c360_spec::{Contract, Mode, SourceJob};
use datafusion::arrow::array::BooleanArray;
use datafusion::arrow::compute::filter_record_batch;

use super::manifest::Cursor;
use super::read::Chunk;
use crate::conform::conform;
use crate::error::{Error, Result};
use crate::output::unchanged;
use crate::report::Outcome;
use crate::room::Room;
use crate::sample::Sample;
use contest::Contest;
use contested::Contested;
use deleted::Deleted;
use key::KeyHasher;
use seen::Seen;
use waiting::Waiting;
use writer::Writer;

pub use rejects::{Rejects, checksum, create as create_rejects, is_known};

/// One run's way into the tables of a source.
pub struct Sink<'a> {
    room: &'a Room<'a>,
    mode: Mode,
    order_by: Option<String>,
    table: Table,
    writer: Writer,
    /// None without a key
    keyed: Option<Keyed>,
}

/// What a sink with a key remembers.
struct Keyed {
    hasher: KeyHasher,
    keys: Keys,
    contested: Contested,
    deleted: Deleted,
}

/// The keys that there are.
enum Keys {
    Unknown(Waiting),
    Known(Seen),
}

/// The tables of a source as they were when the run was decided.
#[derive(Clone, Default)]
pub struct Tables {
    pub raw: Option<Table>,
    pub rejects: Option<Table>,
    pub deleted: Option<Table>,
}

impl<'a> Sink<'a> {
    /// Creates or evolves the raw table. With `rebuild`, the run's rows replace what it holds.
    pub async fn open(
        room: &'a Room<'a>,
        job: &SourceJob,
        contract: &Contract,
        tables: &Tables,
        old: &Cursor,
        rebuild: bool,
    ) -> Result<Self> {
        let definition = definition(job, contract);
        let table = room.warehouse.create_or_evolve(&definition).await?;
        unchanged(&table, tables.raw.as_ref())?;
        let deleted = tables.deleted.clone().filter(|_| job.mode == Mode::Cdc);
        let keyed = match contract.key.is_empty() {
            true => None,
            false => {
                let hasher = KeyHasher::new(&definition.schema, &contract.key)?;
                let before = std::iter::once(table.clone()).chain(deleted.clone());
                let keys = match rebuild {
                    true => Keys::Known(Seen::default()),
                    false => Keys::Unknown(Waiting::new(before.collect())),
                };
                let deleted = Deleted::new(job, contract, deleted, rebuild)?;
                let contested = Contested::new(table.schema(), room.runtime.spill_dir());
                Some(Keyed {
                    hasher,
                    keys,
                    contested,
                    deleted,
                })
            }
        };
        let writer = match rebuild {
            true => Writer::replace(&table, stamp(room, old)),
            false => Writer::append(&table),
        };
        let order_by = job.order_by.clone();
        Ok(Self {
            room,
            mode: job.mode,
            order_by,
            table,
            writer,
            keyed,
        })
    }

    /// The raw table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Takes a chunk's rows in. Nothing of it is visible before [`Sink::commit`].
    pub async fn take(&mut self, mut chunk: Chunk) -> Result<()> {
        if let Some(sample) = self.room.sample {
            self.narrow(&mut chunk, sample)?;
        }
        match &mut self.keyed {
            None => self.writer.write(chunk.rows).await,
            Some(Keyed {
                keys: Keys::Unknown(waiting),
                ..
            }) => match waiting.put(chunk) {
                true => Ok(()),
                false => self.learn(true).await,
            },
            Some(_) => self.sort_in(chunk).await,
        }
    }

    /// Leaves the rows of the sample's keys. Without a key, a row names itself.
    fn narrow(&self, chunk: &mut Chunk, sample: Sample) -> Result<()> {
        let schema = self.table.schema();
        let rows = conform(&chunk.rows, &schema)?;
        let key = match &self.keyed {
            Some(keyed) => keyed.hasher.names().to_vec(),
            None => schema.fields().iter().map(|it| it.name().clone()).collect(),
        };
        let (rows, is_held) = sample.of(&rows, &key)?;
        chunk.rows = rows;
        let mut is_held = is_held.values().iter();
        chunk.keys.retain(|_| is_held.next().unwrap_or_default());
        Ok(())
    }

    /// Learns which keys there are, as far as it matters, and takes in what waited for that.
    async fn learn(&mut self, more_follow: bool) -> Result<()> {
        let Some(keyed) = &mut self.keyed else {
            return Ok(());
        };
        match std::mem::replace(&mut keyed.keys, Keys::Known(Seen::default())) {
            Keys::Known(seen) => keyed.keys = Keys::Known(seen),
            Keys::Unknown(waiting) => {
                let (seen, chunks) = waiting.end(self.room, &keyed.hasher, more_follow).await?;
                keyed.keys = Keys::Known(seen);
                for chunk in chunks {
                    self.sort_in(chunk).await?;
                }
            }
        }
        Ok(())
    }

    /// Writes the rows whose key is new, and puts the others aside.
    async fn sort_in(&mut self, chunk: Chunk) -> Result<()> {
        let Some(Keyed {
            hasher,
            keys: Keys::Known(seen),
            contested,
            deleted,
        }) = &mut self.keyed
        else {
            return Err(Error::internal("keys are not known yet"));
        };
        deleted.take(hasher, chunk.deletes);
        let unseen: Vec<bool> = chunk.keys.iter().map(|key| seen.insert(*key)).collect();
        if unseen.iter().all(|unseen| *unseen) {
            return self.writer.write(chunk.rows).await;
        }
        let others: BooleanArray = unseen.iter().map(|unseen| Some(!unseen)).collect();
        let others = filter_record_batch(&chunk.rows, &others)?;
        contested.put(conform(&others, &self.table.schema())?, hasher)?;
        let unseen = BooleanArray::from(unseen);
        self.writer
            .write(filter_record_batch(&chunk.rows, &unseen)?)
            .await
    }

    /// Makes everything visible; only the last commit carries `new`.
    pub async fn commit(mut self, old: &Cursor, new: &Cursor, outcome: &mut Outcome) -> Result<()> {
        self.learn(false).await?;
        let Self {
            room,
            mode,
            order_by,
            table,
            writer,
            mut keyed,
        } = self;
        if let Some(keyed) = &mut keyed {
            keyed.deleted.commit(room, &keyed.hasher, outcome).await?;
        }
        let contest =
            keyed.filter(|keyed| !keyed.contested.is_empty() || !keyed.deleted.is_empty());
        let cursor = if contest.is_some() { old } else { new };
        let table = write(room, table, writer, cursor, contest.is_some(), outcome).await?;
        let Some(Keyed {
            hasher,
            contested,
            deleted,
            ..
        }) = contest
        else {
            return Ok(());
        };
        let contest = Contest {
            mode,
            order_by,
            hasher: &hasher,
            deleted: &deleted,
        };
        settle(room, table, contest, contested, [old, new], outcome).await
    }
}

/// Commits a cursor and no rows.
pub async fn advance(room: &Room<'_>, table: &Table, new: &Cursor) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    counted(&mut outcome, table.stamp(stamp(room, new)).await?);
    Ok(outcome)
}

/// Commits the rows that nobody contests.
async fn write(
    room: &Room<'_>,
    table: Table,
    writer: Writer,
    cursor: &Cursor,
    more_follows: bool,
    outcome: &mut Outcome,
) -> Result<Table> {
    let replaces = writer.replaces();
    if more_follows && !replaces && writer.rows() == 0 {
        return Ok(table);
    }
    let table = counted(outcome, writer.commit(stamp(room, cursor)).await?);
    if more_follows || !replaces {
        return Ok(table);
    }
    // A replacement was stamped when it started, before the cursor could be known to be the last.
    Ok(counted(outcome, table.stamp(stamp(room, cursor)).await?))
}

/// Merges the winners of the contested rows, part by part.
async fn settle(
    room: &Room<'_>,
    mut table: Table,
    contest: Contest<'_>,
    contested: Contested,
    [old, new]: [&Cursor; 2],
    outcome: &mut Outcome,
) -> Result<()> {
    let mut parts = contested.into_parts(contest.hasher)?.into_iter().peekable();
    while let Some(part) = parts.next() {
        let settled = contest.settle(room, &table, part).await?;
        let scope = Scope::Keys {
            columns: table.key(),
            keys: settled.keys,
        };
        let merge = Merge {
            key: table.key(),
            scope,
            rows: vec![settled.rows],
        };
        let cursor = if parts.peek().is_some() { old } else { new };
        table = counted(outcome, table.merge(merge, stamp(room, cursor)).await?);
    }
    Ok(())
}

fn counted(outcome: &mut Outcome, committed: Committed) -> Table {
    outcome.committed(&committed);
    committed.table
}

/// What commits of this job record.
fn stamp(room: &Room<'_>, cursor: &Cursor) -> Stamp {
    Stamp {
        run_id: room.clock.run_id.clone(),
        job: room.job.name.clone(),
        spec_hash: room.job.fingerprint.clone(),
        inputs: cursor.text(),
        extra: Default::default(),
    }
}

fn definition(job: &SourceJob, contract: &Contract) -> TableDefinition {
    TableDefinition {
        name: job.table(),
        schema: c360_catalog::contract_schema(contract),
        key: contract.key.clone(),
        order: Vec::new(),
        comment: contract.description.clone(),
        evolution: Evolution::Widen,
    }
}
