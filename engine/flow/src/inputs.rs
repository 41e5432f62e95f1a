//! Where a room finds the tables that it reads: as they are now, or as they were when an output was made of them.

use c360_catalog::{Table, Warehouse};
use c360_spec::TableName;

use crate::cursor::Cursor;
use crate::error::Result;

/// The tables of a lake, as a job reads them.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    lake: &'a Warehouse,
    /// What was read; none: whatever is newest is.
    recorded: Option<&'a Cursor>,
}

impl<'a> Inputs<'a> {
    /// Each table as it is now.
    pub fn newest(lake: &'a Warehouse) -> Self {
        Self {
            lake,
            recorded: None,
        }
    }

    /// Each table at the snapshot that `cursor` records, others as they are now.
    pub fn recorded(lake: &'a Warehouse, cursor: &'a Cursor) -> Self {
        Self {
            lake,
            recorded: Some(cursor),
        }
    }

    /// The table, if there is one.
    pub async fn table(&self, name: &TableName) -> Result<Option<Table>> {
        let table = self.lake.table(name).await?;
        match (table, self.snapshot(name)) {
            (Some(table), Some(snapshot)) => Ok(Some(table.at_snapshot(snapshot)?)),
            (table, _) => Ok(table),
        }
    }

    /// The same of a table that is read where there is one: it was not, where it is not on record.
    pub async fn table_if_any(&self, name: &TableName) -> Result<Option<Table>> {
        if self.recorded.is_some() && self.snapshot(name).is_none() {
            return Ok(None);
        }
        self.table(name).await
    }

    fn snapshot(&self, name: &TableName) -> Option<i64> {
        self.recorded?.tables.get(&name.to_string()).copied()
    }
}
