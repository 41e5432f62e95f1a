//! All records in memory, in the batches that they were read in: to find the few that a change reaches.

use std::sync::Arc;

use c360_catalog::Table;
use c360_resolve::matching::Batch;
use c360_spec::IdentityJob;
use datafusion::arrow::array::{BooleanArray, RecordBatch};
use datafusion::arrow::compute::{concat_batches, filter_record_batch};
use rayon::prelude::*;

use super::compared::{compared, rows};
use super::frequencies;
use super::model::{self, CurrentModel};
use crate::error::Result;
use crate::room::Room;
use crate::session::Session;
use crate::touched::Touched;

/// Rows that [`super::compared::rows`] made. A record's position is that of its row, counted through all batches.
pub struct AllRecords {
    /// One at least.
    batches: Vec<RecordBatch>,
    /// The position of each batch's first row.
    starts: Vec<usize>,
}

impl AllRecords {
    /// Reads them, and meanwhile the model that runs use.
    pub async fn load(
        room: &Room<'_>,
        job: &IdentityJob,
        session: &Session,
        models: &Table,
    ) -> Result<(CurrentModel, Self)> {
        let (number, mut current) = model::uncounted(session, models).await?;
        let rows = rows(session, job, &current.model).await?;
        let nothing = RecordBatch::new_empty(Arc::new(rows.schema().as_arrow().clone()));
        let (read, counted) = tokio::join!(
            rows.collect(),
            frequencies::read(room, session, number, None, &mut current.frequencies)
        );
        counted?;
        let mut batches = read?;
        batches.push(nothing);
        Ok((current, Self::new(batches)))
    }

    fn new(batches: Vec<RecordBatch>) -> Self {
        let mut next = 0;
        let start = |batch: &RecordBatch| {
            let start = next;
            next += batch.num_rows();
            start
        };
        Self {
            starts: batches.iter().map(start).collect(),
            batches,
        }
    }

    /// The columns that are compared, batch by batch.
    pub fn compared(&self) -> Result<Vec<Batch<'_>>> {
        self.batches.iter().map(compared).collect()
    }

    /// For each record, whether `touched`, a set of sources and keys, names it.
    pub fn flags(&self, touched: &Touched) -> Result<Vec<bool>> {
        let keys = touched.keys()?;
        let flags = |batch: &RecordBatch| -> Result<Vec<bool>> {
            let known = keys.contains(&batch.columns()[..2])?;
            Ok(known.values().iter().collect())
        };
        let flags: Vec<Vec<bool>> = self.batches.par_iter().map(flags).collect::<Result<_>>()?;
        Ok(flags.concat())
    }

    /// The rows of flagged records.
    pub fn rows(&self, flags: &[bool]) -> Result<RecordBatch> {
        let flagged = |(batch, start): (&RecordBatch, &usize)| -> Result<RecordBatch> {
            let flags = &flags[*start..*start + batch.num_rows()];
            Ok(filter_record_batch(
                batch,
                &BooleanArray::from(flags.to_vec()),
            )?)
        };
        let batches = self.batches.par_iter().zip(&self.starts);
        let flagged: Vec<RecordBatch> = batches.map(flagged).collect::<Result<_>>()?;
        Ok(concat_batches(&flagged[0].schema(), &flagged)?)
    }
}
