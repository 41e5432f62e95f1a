//! `identity.blocks`: which records have a blocking key, sorted by the key, so that whoever has a record in hand finds
//! those that it may meet without reading the rest.

use std::sync::Arc;

use c360_catalog::{Evolution, Merge};
use c360_resolve::matching::{Batch, BlockKeys, BlockingRule};
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rayon::prelude::*;

use super::compared::compared;
use super::failed;
use crate::cursor::{Cursor, Planned, recorded};
use crate::error::Result;
use crate::identity::affected::{RECORD, columns};
use crate::identity::blocks;
use crate::identity::rows::text;
use crate::output::unchanged;
use crate::report::Outcome;
use crate::room::Room;
use crate::session::Session;
use crate::touched::Touched;

const KEY: &str = "block";
/// Entries that are sorted at once: 64 MiB of them.
const SORTED_AT_ONCE: u64 = 4 << 20;
/// Rows that are handed to the table at once.
const ROWS: usize = 64 << 10;

/// What entries are to the index.
#[derive(Debug, Clone, Copy)]
pub enum Entering<'a> {
    /// All that it holds.
    All,
    /// Those of records that it knows nothing of.
    New,
    /// Those of records that changed, in place of what it holds of them.
    Changed(&'a Touched),
}

impl<'a> Entering<'a> {
    /// How entries of changed records come in: at no search where all are new and no run began to write them.
    pub fn of(changed: &'a Touched, only_new: bool, planned: &Planned, since: &Cursor) -> Self {
        let index = recorded(planned.output(&blocks()));
        match only_new && index.is_some_and(|(_, cursor)| cursor == *since) {
            true => Self::New,
            false => Self::Changed(changed),
        }
    }
}

/// Entries of records, by which the index is brought up to date.
pub struct Entries<'a> {
    source: &'a StringArray,
    key: &'a StringArray,
    keys: BlockKeys,
}

impl<'a> Entries<'a> {
    /// Those of the records of these rows.
    pub fn of(rules: &[BlockingRule], rows: &'a RecordBatch) -> Result<Self> {
        let slices: Vec<RecordBatch> = (0..rows.num_rows())
            .step_by(ROWS)
            .map(|start| rows.slice(start, ROWS.min(rows.num_rows() - start)))
            .collect();
        let batches: Vec<Batch> = slices.iter().map(compared).collect::<Result<_>>()?;
        Ok(Self {
            source: text(rows, RECORD[0])?,
            key: text(rows, RECORD[1])?,
            keys: BlockKeys::new(rules, &batches).map_err(failed)?,
        })
    }

    /// Brings the index up to date.
    pub async fn write(
        &self,
        room: &Room<'_>,
        planned: &Planned,
        entering: Entering<'_>,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let name = blocks();
        let key = [KEY, RECORD[0], RECORD[1]].map(String::from);
        let output = room.output(&name, &key, "one row a blocking key of a record");
        let table = output.prepare(&schema(), Evolution::Widen).await?;
        unchanged(&table, planned.output(&name))?;
        let stamp = room.stamp(&planned.now);
        let mut writer = match entering {
            Entering::All => table.overwriter().await?,
            Entering::New => table.appender(),
            Entering::Changed(names) => {
                let merge = Merge {
                    key: key.to_vec(),
                    scope: names.scope(),
                    rows: self.sorted().collect::<Result<_>>()?,
                };
                outcome.wrote(&table.merge(merge, stamp).await?);
                return Ok(());
            }
        };
        for rows in self.sorted() {
            writer.write(rows?).await?;
        }
        outcome.wrote(&writer.commit(stamp).await?);
        Ok(())
    }

    /// The entries in the order of their keys, which are sorted range by range to bound the memory that it takes.
    fn sorted(&self) -> impl Iterator<Item = Result<RecordBatch>> {
        let ranges = (self.keys.count() as u64 / SORTED_AT_ONCE + 1).next_power_of_two();
        (0..ranges).flat_map(move |range| {
            let within = |key: &i64| {
                let place = key.cast_unsigned() ^ (1 << 63);
                place.checked_shr(64 - ranges.trailing_zeros()).unwrap_or(0) == range
            };
            let mut entries: Vec<(i64, u32)> =
                self.keys.entries().filter(|(key, _)| within(key)).collect();
            entries.par_sort_unstable();
            entries.dedup();
            let batches = entries.chunks(ROWS).map(|chunk| self.batch(chunk));
            batches.collect::<Vec<_>>()
        })
    }

    fn batch(&self, entries: &[(i64, u32)]) -> Result<RecordBatch> {
        let texts = |of: &StringArray| -> ArrayRef {
            let values = entries.iter().map(|(_, record)| of.value(*record as usize));
            Arc::new(StringArray::from_iter_values(values))
        };
        let keys = entries.iter().map(|(key, _)| *key);
        let columns = vec![
            Arc::new(Int64Array::from_iter_values(keys)) as ArrayRef,
            texts(self.source),
            texts(self.key),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}

/// The names of records that have one of the keys in `asked`.
pub async fn sharing(session: &Session, asked: &BlockKeys) -> Result<Touched> {
    let wanted = Touched::of_numbers(KEY, asked.entries().map(|(key, _)| key))?;
    let mut names = Touched::none(&RECORD);
    let entries = wanted.narrow(session.table(&blocks()).await?, &[KEY])?;
    names.add(entries, columns(RECORD)).await?;
    Ok(names)
}

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        Field::new(KEY, DataType::Int64, false),
        text(RECORD[0]),
        text(RECORD[1]),
    ]))
}
