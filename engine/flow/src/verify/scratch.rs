//! A lake beside the lake, in a temporary folder, where what jobs make is made again.

use c360_catalog::{Table, Warehouse};
use c360_spec::TableName;
use tempfile::TempDir;

use crate::clock::Clock;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::inputs::Inputs;
use crate::room::Room;

/// An empty lake, gone with its files when it is dropped.
pub struct Scratch {
    warehouse: Warehouse,
    _folder: TempDir,
}

impl Scratch {
    /// Makes one where queries spill.
    pub async fn new(room: &Room<'_>) -> Result<Self> {
        let folder = room.runtime.temporary_folder()?;
        let warehouse = room.warehouse.beside(folder.path()).await?;
        room.runtime.reach(&warehouse);
        Ok(Self {
            warehouse,
            _folder: folder,
        })
    }

    /// The same room, but for where it writes.
    pub fn room<'a>(&'a self, room: &Room<'a>) -> Room<'a> {
        Room {
            warehouse: &self.warehouse,
            ..*room
        }
    }

    /// The same room as it was when its output was made: it reads what `made_from` records, and writes here.
    pub fn room_of<'a>(
        &'a self,
        room: &Room<'a>,
        made_from: &'a Cursor,
        clock: &'a Clock,
    ) -> Room<'a> {
        Room {
            inputs: Inputs::recorded(room.warehouse, made_from),
            clock,
            ..self.room(room)
        }
    }

    /// A table that was made here.
    pub async fn table(&self, name: &TableName) -> Result<Option<Table>> {
        Ok(self.warehouse.table(name).await?)
    }
}
