//! The first chunks of a run wait here. When they are all there are, the tables are asked about their keys alone; when
//! more come, it is cheaper to know every key.

use c360_catalog::Table;

use super::super::read::Chunk;
use super::key::KeyHasher;
use super::seen::Seen;
use crate::error::Result;
use crate::room::Room;
use crate::touched::Touched;

/// More rows than these do not wait.
const ROWS_MAX: usize = 256 << 10;

/// Chunks of a run, and the tables whose keys are not known yet.
pub struct Waiting {
    tables: Vec<Table>,
    chunks: Vec<Chunk>,
}

impl Waiting {
    /// For rows that may have keys of these tables.
    pub fn new(tables: Vec<Table>) -> Self {
        Self {
            tables,
            chunks: Vec::new(),
        }
    }

    /// Lets a chunk wait; false when so many wait that every key should be known.
    pub fn put(&mut self, chunk: Chunk) -> bool {
        self.chunks.push(chunk);
        let rows: usize = self.chunks.iter().map(|chunk| chunk.rows.num_rows()).sum();
        rows <= ROWS_MAX
    }

    /// The keys of the tables, of all rows or of those that wait, and what waited.
    pub async fn end(
        self,
        room: &Room<'_>,
        hasher: &KeyHasher,
        more_follow: bool,
    ) -> Result<(Seen, Vec<Chunk>)> {
        let asked = match more_follow {
            true => None,
            false => Some(self.keys(hasher)?),
        };
        let seen = Seen::load(room, hasher, &self.tables, asked.as_ref()).await?;
        Ok((seen, self.chunks))
    }

    fn keys(&self, hasher: &KeyHasher) -> Result<Touched> {
        let names: Vec<&str> = hasher.names().iter().map(String::as_str).collect();
        let mut keys = Touched::none(&names);
        for chunk in &self.chunks {
            keys.add_rows(&hasher.keys(&chunk.rows)?)?;
        }
        Ok(keys)
    }
}
