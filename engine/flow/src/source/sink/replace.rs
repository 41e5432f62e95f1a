//! Rows that replace all rows of a table, handed over as they come. Dropped before its commit, it
//! leaves the table as it was.

use c360_catalog::{Committed, Stamp, Table};
use datafusion::arrow::array::RecordBatch;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::future::LocalBoxFuture;
use futures::{FutureExt, stream};
use tokio::sync::mpsc;

use crate::error::{Error, Result};

/// Batches that wait for the writer.
const BATCHES_WAITING: usize = 4;

/// An overwrite that is under way. It makes progress while it is given rows.
pub struct Replacement {
    rows: mpsc::Sender<RecordBatch>,
    overwrite: LocalBoxFuture<'static, c360_catalog::Result<Committed>>,
}

impl Replacement {
    /// Starts replacing the rows of the table; the commit will carry `stamp`.
    pub fn start(table: &Table, stamp: Stamp) -> Self {
        let (rows, receiver) = mpsc::channel(BATCHES_WAITING);
        let received = stream::unfold(receiver, |mut receiver: mpsc::Receiver<_>| async {
            receiver.recv().await.map(|rows| (Ok(rows), receiver))
        });
        let received = Box::pin(RecordBatchStreamAdapter::new(table.schema(), received));
        let table = table.clone();
        let overwrite = async move { table.overwrite(received, stamp).await }.boxed_local();
        Self { rows, overwrite }
    }

    /// Adds rows in the table's schema.
    pub async fn write(&mut self, rows: RecordBatch) -> Result<()> {
        tokio::select! {
            room = self.rows.reserve() => match room {
                Ok(room) => room.send(rows),
                Err(_) => return Err(ended()),
            },
            done = &mut self.overwrite => {
                done?;
                return Err(ended());
            }
        }
        Ok(())
    }

    /// Makes the rows visible in place of those that were there.
    pub async fn commit(self) -> Result<Committed> {
        drop(self.rows);
        Ok(self.overwrite.await?)
    }
}

fn ended() -> Error {
    Error::internal("an overwrite ended before its rows did")
}
