//! A merge of all rows of a table that come in its order: as many as memory holds are merged at a time, into the stretch of
//! the table where they belong, and one commit makes the whole of it visible. Dropped without a commit, it stays invisible.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::row::Rows;

use super::merging::Merging;
use super::stretch::{Encoded, Sorting, Stretch};
use super::wanted::Wanted;
use super::{Merge, Scope};
use crate::commit::{Committed, Stamp};
use crate::conform::{Conform, some_columns};
use crate::data_writer::size_bytes;
use crate::{Error, Result, Table};

/// Rows that are merged at a time take about so many bytes; their keys and what they are compared with come on top.
const STRETCH_BYTES: usize = 128 << 20;

/// Rows on their way to replace all rows of a table.
pub struct Merger {
    table: Table,
    conform: Conform,
    key: Vec<String>,
    /// How the table lies; none where it cannot be merged stretch by stretch.
    sorting: Option<Sorting>,
    stretch_bytes: usize,
    pending: Vec<Pending>,
    pending_bytes: usize,
    /// Where the next stretch begins, and what was done before.
    begun: Option<(Encoded, Merging)>,
}

/// Rows in the table's form, and how they are sorted.
struct Pending {
    rows: RecordBatch,
    values: Option<Rows>,
}

impl Table {
    /// Starts making the live rows exactly those that will be written, which come in the table's order. `key` tells rows
    /// apart; if it lacks the first column of that order, nobody looks for keys that come twice.
    pub fn merger(&self, key: &[String]) -> Result<Merger> {
        let sorting = match self.order().first() {
            Some(first) => {
                let column = std::slice::from_ref(first);
                Sorting::by(some_columns(self.name(), &self.schema(), column)?)?
            }
            None => None,
        };
        Ok(Merger {
            table: self.clone(),
            conform: Conform::by_name(self.name(), self.schema()),
            key: key.to_vec(),
            sorting,
            stretch_bytes: STRETCH_BYTES,
            pending: Vec::new(),
            pending_bytes: 0,
            begun: None,
        })
    }
}

impl Merger {
    /// The same, in stretches of about so many bytes.
    pub fn with_stretch_bytes(self, stretch_bytes: usize) -> Self {
        Self {
            stretch_bytes,
            ..self
        }
    }

    /// Adds rows; columns are matched by name, those that are absent become null.
    ///
    /// # Errors
    /// *invalid* for unknown columns or other types, for a key twice among the rows of a stretch, and for rows out of order
    /// once some are merged; *data* for a null in a required column.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let rows = self.conform.apply(batch)?;
        let values = self.sorting.as_ref().map(|sorting| sorting.encode(&rows));
        let values = values.transpose()?;
        if !self.goes_on(values.as_ref()) {
            self.stay_whole()?;
        }
        self.pending_bytes += size_bytes(&rows);
        self.pending.push(Pending { rows, values });
        match self.pending_bytes >= self.stretch_bytes {
            true => self.merge_begun_values().await,
            false => Ok(()),
        }
    }

    /// Whether these values go on where those before ended.
    fn goes_on(&self, values: Option<&Rows>) -> bool {
        let Some(values) = values.filter(|values| values.num_rows() > 0) else {
            return true;
        };
        let before = self.pending.last().and_then(|last| last.values.as_ref());
        let before = before.map(|before| before.row(before.num_rows() - 1));
        let first = values.row(0);
        let begun = self.begun.as_ref().map(|(from, _)| from.as_slice());
        before.is_none_or(|before| before <= first)
            && begun.is_none_or(|from| from <= first.data())
            && values.iter().is_sorted()
    }

    /// Rows out of order are merged all at once, unless some are merged already.
    fn stay_whole(&mut self) -> Result<()> {
        if self.begun.is_some() {
            let message = format!("rows for table `{}` come out of order", self.table.name());
            return Err(Error::invalid(message));
        }
        self.sorting = None;
        Ok(())
    }

    /// Merges the pending rows but those that have the last value: more of them may come.
    async fn merge_begun_values(&mut self) -> Result<()> {
        let (Some(sorting), Some((last, batch, row))) = (self.sorting.clone(), self.last_value())
        else {
            return Ok(());
        };
        let mut rest = self.pending.split_off(batch);
        let mut ended: Vec<RecordBatch> = self.pending.drain(..).map(|some| some.rows).collect();
        if let Some(cut) = rest.first_mut() {
            ended.push(cut.rows.slice(0, row));
            cut.rows = cut.rows.slice(row, cut.rows.num_rows() - row);
            cut.values = Some(sorting.encode(&cut.rows)?);
        }
        self.pending_bytes = rest.iter().map(|some| size_bytes(&some.rows)).sum();
        self.pending = rest;
        let merging = self.merge(sorting, &ended, Some(last.clone())).await?;
        self.begun = Some((last, merging));
        Ok(())
    }

    /// The last value among the pending rows, with batch and row where it begins; none where all have it.
    fn last_value(&self) -> Option<(Encoded, usize, usize)> {
        let values = self.pending.last()?.values.as_ref()?;
        let last = values.row(values.num_rows() - 1).data().to_vec();
        let below = |values: &Rows| {
            let mut rows = values.iter();
            rows.position(|row| row.data() >= last.as_slice())
        };
        let batch = self.pending.partition_point(|some| {
            let values = some.values.as_ref();
            values.is_some_and(|values| values.row(values.num_rows() - 1).data() < last.as_slice())
        });
        let row = below(self.pending.get(batch)?.values.as_ref()?)?;
        (batch > 0 || row > 0).then_some((last, batch, row))
    }

    async fn merge(
        &mut self,
        sorting: Sorting,
        rows: &[RecordBatch],
        below: Option<Encoded>,
    ) -> Result<Merging> {
        let (from, mut merging) = match self.begun.take() {
            Some((from, merging)) => (Some(from), merging),
            None => (None, Merging::begin(&self.table).await?),
        };
        let stretch = Stretch {
            sorting,
            from,
            below,
        };
        let wanted = Wanted::stretch(&self.table, &self.key, rows, stretch)?;
        merging.add(&Arc::new(wanted)).await?;
        Ok(merging)
    }

    /// Puts the rows in place of those that the table has, as one snapshot.
    ///
    /// # Errors
    /// As [`Self::write`]; *conflict* when somebody else changed the table since.
    pub async fn commit(mut self, stamp: Stamp) -> Result<Committed> {
        let rows: Vec<RecordBatch> = self.pending.drain(..).map(|some| some.rows).collect();
        let (Some(_), Some(sorting)) = (&self.begun, self.sorting.clone()) else {
            let merge = Merge {
                key: self.key,
                scope: Scope::Whole,
                rows,
            };
            return self.table.merge(merge, stamp).await;
        };
        let merging = self.merge(sorting, &rows, None).await?;
        merging.commit(&stamp).await
    }
}

impl fmt::Debug for Merger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merger")
            .field("table", self.table.name())
            .finish_non_exhaustive()
    }
}
