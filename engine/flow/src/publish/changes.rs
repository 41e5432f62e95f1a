//! The change table: what each epoch changed in the published table, as appended rows.
//!
//! Its cursor is the published table's snapshot up to which changes were appended, so a run that died between this
//! and the epoch appends only what came since, under the same epoch's number.

use std::sync::Arc;

use c360_catalog::{Committed, Table};
use c360_spec::PublishJob;
use datafusion::arrow::array::{ArrayRef, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;

use crate::conform::conform;
use crate::cursor::{Cursor, recorded};
use crate::error::Result;
use crate::room::Room;
use crate::row_changes::{self, RowChanges};

/// Appends what changed in `published` since the last append, as part of epoch `number`.
pub async fn append(
    room: &Room<'_>,
    job: &PublishJob,
    published: &Table,
    number: u64,
) -> Result<Committed> {
    let name = job.changes_table();
    let comment = format!("changes of {}, epoch by epoch", job.table);
    let output = room.output(&name, &[], &comment);
    let schema = with_epoch(&row_changes::schema(published));
    let table = output.prepare(&schema).await?;
    let since = recorded(Some(&table)).and_then(|(_, cursor)| cursor.since(published));
    let session = room.runtime.session();
    let mut changes = RowChanges::between(&session, published, since).await?;
    let mut appender = table.appender();
    while let Some(batch) = changes.next().await? {
        appender
            .write(numbered(&batch, number, &table.schema())?)
            .await?;
    }
    let mut stamp = room.stamp(&Cursor::of([published]));
    stamp.extra.insert("epoch".into(), number.to_string());
    Ok(appender.commit(stamp).await?)
}

fn with_epoch(schema: &Schema) -> SchemaRef {
    let mut fields = vec![Field::new("epoch", DataType::Int64, true)];
    fields.extend(schema.fields().iter().map(|field| field.as_ref().clone()));
    Arc::new(Schema::new(fields))
}

fn numbered(batch: &RecordBatch, number: u64, schema: &SchemaRef) -> Result<RecordBatch> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let mut columns: Vec<ArrayRef> =
        vec![Arc::new(Int64Array::from(vec![number; batch.num_rows()]))];
    columns.extend(batch.columns().iter().cloned());
    let batch = RecordBatch::try_new(with_epoch(&batch.schema()), columns)?;
    conform(&batch, schema)
}
