//! The first chunks of a run wait here. When they are all there are, the tables are asked about their keys alone; when
//! more come, it is cheaper to know every key.

use c360_catalog::{Table, size_bytes};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;

use super::super::read::Chunk;
use super::key::KeyHasher;
use super::seen::Seen;
use crate::error::Result;
use crate::room::Room;
use crate::touched::Touched;

/// More rows than these do not wait: their keys are likely in every page of the tables.
const ROWS_MAX: usize = 128 << 10;
/// Nor do more bytes than these.
const BYTES_MAX: usize = 128 << 20;

/// Chunks of a run, and the tables whose keys are not known yet.
pub struct Waiting {
    tables: Vec<Table>,
    chunks: Vec<Chunk>,
    rows: usize,
    bytes: usize,
}

impl Waiting {
    /// For rows that may have keys of these tables.
    pub fn new(tables: Vec<Table>) -> Self {
        Self {
            tables,
            chunks: Vec::new(),
            rows: 0,
            bytes: 0,
        }
    }

    /// Lets a chunk wait; false when so many wait that every key should be known.
    pub fn put(&mut self, chunk: Chunk) -> bool {
        self.rows += chunk.rows.num_rows();
        self.bytes += size_bytes(&chunk.rows);
        self.chunks.push(chunk);
        self.rows <= ROWS_MAX && self.bytes <= BYTES_MAX
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
        let chunks = self.chunks.iter().map(|chunk| hasher.keys(&chunk.rows));
        let chunks: Vec<RecordBatch> = chunks.collect::<Result<_>>()?;
        if let Some(first) = chunks.first() {
            keys.add_rows(&concat_batches(first.schema_ref(), &chunks)?)?;
        }
        Ok(keys)
    }
}
