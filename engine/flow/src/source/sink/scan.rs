//! Reads from the tables that a source writes.

use std::collections::HashSet;

use c360_catalog::Table;
use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{concat_batches, filter_record_batch};
use datafusion::common::ScalarValue;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::{Expr, ident, lit};
use futures::TryStreamExt;

use super::key::KeyHasher;
use crate::conform::conform;
use crate::error::Result;
use crate::room::Room;

/// More keys than this are looked up by reading every row.
const KEYS_LISTED_MAX: usize = 20_000;

/// The columns of the table's rows.
pub async fn columns(
    room: &Room<'_>,
    table: &Table,
    names: &[String],
) -> Result<SendableRecordBatchStream> {
    let rows = room.runtime.session().read(table.provider().await?)?;
    let columns: Vec<Expr> = names.iter().map(ident).collect();
    Ok(rows.select(columns)?.execute_stream().await?)
}

/// The rows of the table that have one of the keys, which come as hashes and, one list a key
/// column, as values.
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
        if let Some(filter) = listed(hasher, values)? {
            rows = rows.filter(filter)?;
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

/// `key IN (…)`, so that few pages need decoding when few keys of one column are looked up.
fn listed(hasher: &KeyHasher, values: &[ArrayRef]) -> Result<Option<Expr>> {
    let ([name], [column]) = (hasher.names(), values) else {
        return Ok(None);
    };
    if column.len() > KEYS_LISTED_MAX {
        return Ok(None);
    }
    let literals = (0..column.len()).map(|row| Ok(lit(ScalarValue::try_from_array(column, row)?)));
    Ok(Some(
        ident(name).in_list(literals.collect::<Result<_>>()?, false),
    ))
}
