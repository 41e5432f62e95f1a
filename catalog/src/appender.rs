//! Appends and overwrites: rows go to new data files as they come, and one commit makes them all
//! visible. Dropped without a commit, they stay invisible.

use std::fmt;

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;
use iceberg::spec::Operation;

use crate::commit::{Change, Committed, Stamp, commit};
use crate::data_writer::DataWriter;
use crate::manifests::Removed;
use crate::{FileSet, Result, Table};

/// Adds rows to a table, or puts them in place of those that it has.
pub struct Appender {
    table: Table,
    writer: Option<DataWriter>,
    /// How many rows these replace.
    replaced: Option<u64>,
}

impl Table {
    /// Starts adding rows; nothing is written before the first batch.
    pub fn appender(&self) -> Appender {
        Appender {
            table: self.clone(),
            writer: None,
            replaced: None,
        }
    }

    /// Starts replacing all rows.
    pub async fn overwriter(&self) -> Result<Appender> {
        let before = FileSet::load(self).await?.row_count();
        Ok(Appender {
            replaced: Some(before),
            ..self.appender()
        })
    }

    /// Replaces all rows.
    ///
    /// Fails with *conflict* when somebody else changed the table since.
    pub async fn overwrite(
        &self,
        mut rows: SendableRecordBatchStream,
        stamp: Stamp,
    ) -> Result<Committed> {
        let mut writer = self.overwriter().await?;
        while let Some(batch) = rows.try_next().await? {
            writer.write(batch).await?;
        }
        writer.commit(stamp).await
    }
}

impl Appender {
    /// Adds rows; columns are matched by name, those that are absent become null.
    ///
    /// # Errors
    /// *invalid* for unknown columns or other types; *data* for a null in a required column.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => DataWriter::new(&self.table)?,
        };
        self.writer.insert(writer).write(&batch).await
    }

    /// Makes the rows visible as one snapshot, also if there are none.
    ///
    /// Fails with *conflict* when somebody else changed rows of the table since.
    pub async fn commit(self, stamp: Stamp) -> Result<Committed> {
        let written = match self.writer {
            Some(writer) => writer.finish().await?,
            None => Default::default(),
        };
        let change = match self.replaced {
            None => {
                let mut change = Change::nothing(&self.table);
                change.live_rows += written.rows;
                change.added = written.files;
                change
            }
            Some(_) => Change {
                operation: Operation::Overwrite,
                added: written.files,
                added_deletes: Vec::new(),
                removed: Removed::All,
                live_rows: written.rows,
                bears_moves: true,
            },
        };
        let (table, manifest_bytes) = commit(&self.table, &change, &stamp.properties()).await?;
        Ok(Committed {
            table,
            inserted: written.rows,
            updated: 0,
            deleted: self.replaced.unwrap_or(0),
            bytes_written: written.bytes + manifest_bytes,
        })
    }
}

impl fmt::Debug for Appender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appender")
            .field("table", self.table.name())
            .finish_non_exhaustive()
    }
}
