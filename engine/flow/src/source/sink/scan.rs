//! Reads from the tables that a source writes.

use std::collections::HashSet;

use c360_catalog::Table;
use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{concat_batches, filter_record_batch};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::{Expr, ident};
use futures::TryStreamExt;

use super::key::KeyHasher;
use crate::conform::conform;
use crate::error::Result;
use crate::room::Room;
use crate::touched::Touched;

/// The key columns of the table's rows: of all, or of those with a key that is asked about.
pub async fn columns(
    room: &Room<'_>,
    table: &Table,
    names: &[String],
    asked: Option<&Touched>,
) -> Result<SendableRecordBatchStream> {
    let mut rows = room.runtime.session().read(table.provider().await?)?;
    if let Some(asked) = asked {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        rows = asked.narrow(rows, &names)?;
    }
    let columns: Vec<Expr> = names.iter().map(ident).collect();
    Ok(rows.select(columns)?.execute_stream().await?)
}

/// The rows of the table that have one of the keys, which come as hashes and, one list a key
/// column, as values: without values, every row is read.
pub async fn rows_with_keys(
    room: &Room<'_>,
    table: &Table,
    hasher: &KeyHasher,
    hashes: &HashSet<u128>,
    values: &[ArrayRef],
) -> Result<RecordBatch> {
    let schema = table.schema();
    let mut found = Vec::new();
    if table.snapshot_id().is_some() && !hashes.is_empty() {
        let mut rows = room.runtime.session().read(table.provider().await?)?;
        if !values.is_empty() {
            let names = hasher.names().iter().map(String::as_str);
            let values = RecordBatch::try_from_iter(names.clone().zip(values.iter().cloned()))?;
            let names: Vec<&str> = names.collect();
            let mut asked = Touched::none(&names);
            asked.add_rows(&values)?;
            rows = asked.narrow(rows, &names)?;
        }
        let mut rows = rows.execute_stream().await?;
        while let Some(rows) = rows.try_next().await? {
            let wanted = hasher.hash(&rows);
            let mask: BooleanArray = wanted
                .iter()
                .map(|key| Some(hashes.contains(key)))
                .collect();
            if mask.true_count() > 0 {
                found.push(conform(&filter_record_batch(&rows, &mask)?, &schema)?);
            }
        }
    }
    Ok(concat_batches(&schema, &found)?)
}
