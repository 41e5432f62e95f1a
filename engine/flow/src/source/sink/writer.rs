//! Rows into a table: added to those that are there, in their place, or in the place of some.

use c360_catalog::{Appender, Committed, Merge, Stamp, Table};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;

use super::replace::Replacement;
use crate::conform::conform;
use crate::error::Result;

/// Rows on their way into a table; dropped before its commit, it leaves the table as it was.
pub struct Writer {
    schema: SchemaRef,
    rows: u64,
    way: Way,
}

enum Way {
    Append(Box<Appender>),
    Replace(Replacement),
    Merge(Table, Merge),
}

impl Writer {
    /// Adds rows.
    pub fn append(table: &Table) -> Self {
        Self {
            schema: table.schema(),
            rows: 0,
            way: Way::Append(Box::new(table.appender())),
        }
    }

    /// Replaces all rows; the commit carries this stamp.
    pub fn replace(table: &Table, stamp: Stamp) -> Self {
        Self {
            schema: table.schema(),
            rows: 0,
            way: Way::Replace(Replacement::start(table, stamp)),
        }
    }

    /// Replaces the rows in the merge's scope. Holds its own rows in memory until the commit.
    pub fn merge(table: &Table, merge: Merge) -> Self {
        Self {
            schema: table.schema(),
            rows: 0,
            way: Way::Merge(table.clone(), merge),
        }
    }

    /// Whether the commit's stamp was fixed at the start.
    pub fn replaces(&self) -> bool {
        matches!(self.way, Way::Replace(_))
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub async fn write(&mut self, rows: RecordBatch) -> Result<()> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        self.rows += rows.num_rows() as u64;
        let rows = conform(&rows, &self.schema)?;
        match &mut self.way {
            Way::Append(appender) => Ok(appender.write(rows).await?),
            Way::Replace(replacement) => replacement.write(rows).await,
            Way::Merge(_, merge) => {
                merge.rows.push(rows);
                Ok(())
            }
        }
    }

    /// Makes the rows visible. A replacement keeps the stamp that it started with.
    pub async fn commit(self, stamp: Stamp) -> Result<Committed> {
        match self.way {
            Way::Append(appender) => Ok(appender.commit(stamp).await?),
            Way::Replace(replacement) => replacement.commit().await,
            Way::Merge(table, merge) => Ok(table.merge(merge, stamp).await?),
        }
    }
}
