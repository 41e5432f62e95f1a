//! `identity.blocks`: which records have had a blocking key, sorted by the key, so that whoever has a record in hand
//! finds those that it may meet without reading the rest.
//!
//! An entry says that a record has the key or had it: entries are added as records change, and taken out when all
//! records are matched anew. So whoever reads them looks at the records as they are, and an entry that is written twice
//! does no harm.

use std::sync::Arc;

use c360_resolve::matching::{Batch, BlockKeys, BlockingRule};
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rayon::prelude::*;

use super::compared::compared;
use super::failed;
use crate::cursor::Planned;
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
pub enum Entering {
    /// All that it holds.
    All,
    /// More of them.
    News,
}

/// Entries of records, by which the index is brought up to date.
pub struct Entries<'a> {
    source: &'a StringArray,
    key: &'a StringArray,
    keys: BlockKeys,
}

impl<'a> Entries<'a> {
    /// Those of all records of `compared`.
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
        entering: Entering,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let name = blocks();
        let key = [KEY, RECORD[0], RECORD[1]].map(String::from);
        let output = room.output(
            &name,
            &key,
            "one row a blocking key that a record has or had",
        );
        let table = output.prepare(&schema()).await?;
        unchanged(&table, planned.output(&name))?;
        let stamp = room.stamp(&planned.now);
        let mut writer = match entering {
            Entering::All => table.overwriter().await?,
            Entering::News => table.appender(),
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

/// The names of records that have, or had, a key of one of those in `asked`.
pub async fn sharing(session: &Session, asked: &BlockKeys) -> Result<Touched> {
    let keys = asked.entries().map(|(key, _)| key);
    let keys = Arc::new(Int64Array::from_iter_values(keys)) as ArrayRef;
    let mut wanted = Touched::none(&[KEY]);
    wanted.add_rows(&RecordBatch::try_from_iter([(KEY, keys)])?)?;
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
