//! The rows of a table in the order of its key, key by key, in bounded memory: sorting spills, and what is held is a
//! batch.

use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::row::{RowConverter, Rows, SortField};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::DataFrame;
use futures::StreamExt;

use crate::error::Result;
use crate::json::{self, Row};
use crate::session::ascending;

/// Rows of a table, sorted.
pub struct Sorted {
    rows: SendableRecordBatchStream,
    key: Vec<usize>,
    keys: RowConverter,
    contents: RowConverter,
    batch: Option<Arc<Batch>>,
    /// The next row of the batch.
    at: usize,
}

struct Batch {
    rows: RecordBatch,
    keys: Rows,
    contents: Rows,
}

/// A row of a batch.
#[derive(Clone)]
pub struct Cells {
    batch: Arc<Batch>,
    at: usize,
}

/// All rows of one key.
pub struct Group {
    /// Orders as the rows do.
    pub key: Vec<u8>,
    /// One at least.
    pub rows: Vec<Cells>,
}

impl Sorted {
    /// The rows of `frame` by the columns of `key`.
    pub async fn new(frame: DataFrame, key: &[String]) -> Result<Self> {
        let rows = frame.sort(ascending(key))?.execute_stream().await?;
        let schema = rows.schema();
        let key = key.iter().map(|column| schema.index_of(column));
        let key: Vec<usize> = key.collect::<std::result::Result<_, _>>()?;
        let field = |at: usize| SortField::new(schema.field(at).data_type().clone());
        Ok(Self {
            keys: RowConverter::new(key.iter().map(|at| field(*at)).collect())?,
            contents: RowConverter::new((0..schema.fields().len()).map(field).collect())?,
            key,
            rows,
            batch: None,
            at: 0,
        })
    }

    /// The rows of the next key; none at the end.
    pub async fn next(&mut self) -> Result<Option<Group>> {
        let Some(first) = self.row().await? else {
            return Ok(None);
        };
        let key = first.key().to_vec();
        let mut rows = Vec::new();
        let mut next = Some(first);
        while let Some(row) = next.take().filter(|row| row.key() == key) {
            rows.push(row);
            self.at += 1;
            next = self.row().await?;
        }
        Ok(Some(Group { key, rows }))
    }

    /// The row at hand, from the next batch where this one is through.
    async fn row(&mut self) -> Result<Option<Cells>> {
        loop {
            if let Some(batch) = &self.batch
                && self.at < batch.rows.num_rows()
            {
                return Ok(Some(Cells {
                    batch: Arc::clone(batch),
                    at: self.at,
                }));
            }
            let Some(rows) = self.rows.next().await else {
                return Ok(None);
            };
            let rows = rows?;
            let key = rows.project(&self.key)?;
            self.batch = Some(Arc::new(Batch {
                keys: self.keys.convert_columns(key.columns())?,
                contents: self.contents.convert_columns(rows.columns())?,
                rows,
            }));
            self.at = 0;
        }
    }
}

impl Cells {
    fn key(&self) -> &[u8] {
        self.batch.keys.row(self.at).data()
    }

    /// Whether all cells are the same.
    pub fn is_same(&self, other: &Self) -> bool {
        self.batch.contents.row(self.at) == other.batch.contents.row(other.at)
    }

    /// The cells of these columns.
    pub fn json(&self, columns: &[usize]) -> Result<Row> {
        let row = self.batch.rows.slice(self.at, 1).project(columns)?;
        Ok(json::rows(&row)?.remove(0))
    }
}
