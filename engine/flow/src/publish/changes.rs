//! The change table: what each epoch changed in the published table, as appended rows.
//!
//! The rows of epoch n lead from what the epoch before shows of the table to what n shows. They are committed before
//! epoch n, so that it can show them. A run that dies in between, or whose number another job takes, leaves rows of an
//! epoch that never was; the next append takes them back.

use std::sync::Arc;

use c360_catalog::{Committed, Epoch, Evolution, Merge, Scope, Table};
use c360_spec::PublishJob;
use datafusion::arrow::array::{ArrayRef, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::{in_list, lit};
use datafusion::prelude::ident;

use super::epoch::{check_free, next_number, shown};
use crate::conform::conform;
use crate::cursor::{Cursor, recorded};
use crate::error::Result;
use crate::room::Room;
use crate::row_changes::{self, RowChanges};
use crate::session::Session;

/// The column that says which epoch brought a change, and what the stamp calls the number of an append.
const EPOCH: &str = "epoch";
const STAMPED_EPOCH: &str = "c360.epoch";

/// Appends what leads from the table that `latest` shows to `published`, as part of the epoch after `latest`. Says how
/// many rows that epoch changes, whichever run appended them.
pub async fn append(
    room: &Room<'_>,
    job: &PublishJob,
    published: &Table,
    latest: Option<&Epoch>,
) -> Result<(Committed, u64)> {
    let log = prepare(room, job, published).await?;
    let before = shown(latest, &log).map_or(0, |log| log.row_count());
    let committed = appended(room, log, published, latest).await?;
    let changed = committed.table.row_count().saturating_sub(before);
    Ok((committed, changed))
}

async fn appended(
    room: &Room<'_>,
    log: Table,
    published: &Table,
    latest: Option<&Epoch>,
) -> Result<Committed> {
    let number = i64::try_from(next_number(latest)).unwrap_or(i64::MAX);
    let cursor = Cursor::of([published]);
    let mut stamp = room.stamp(&cursor);
    stamp.extra.insert(EPOCH.into(), number.to_string());
    if is_appended(&log, number, &cursor) {
        return Ok(log.stamp(stamp).await?);
    }
    let session = room.runtime.session();
    let since = shown(latest, published).and_then(|table| table.snapshot_id());
    let changes = RowChanges::between(&session, published, since).await?;
    let mut rows = Numbered {
        changes,
        number,
        schema: log.schema(),
    };
    let kept = shown(latest, &log);
    let abandoned = abandoned(&log, kept.as_ref());
    if abandoned.is_empty() {
        let mut appender = log.appender();
        while let Some(batch) = rows.next().await? {
            appender.write(batch).await?;
        }
        return Ok(appender.commit(stamp).await?);
    }
    // As long as the number is free, nothing that was abandoned can have been published under a later one.
    check_free(room.warehouse, next_number(latest)).await?;
    let mut wanted = rows_of(&session, kept.as_ref(), &abandoned, &log.schema()).await?;
    while let Some(batch) = rows.next().await? {
        wanted.push(batch);
    }
    let merge = Merge {
        key: [vec![EPOCH.to_string()], published.key()].concat(),
        scope: of_epochs([abandoned, vec![number]].concat())?,
        rows: wanted,
    };
    Ok(log.merge(merge, stamp).await?)
}

/// The change table, with the columns that the published table has, and those that it had.
async fn prepare(room: &Room<'_>, job: &PublishJob, published: &Table) -> Result<Table> {
    let name = job.changes_table();
    let comment = format!("changes of {}, epoch by epoch", job.table);
    let columns = row_changes::schema(published);
    let output = room.output(&name, &[], &comment);
    let columns = with_epoch(&columns);
    output.prepare(&columns, Evolution::Append).await
}

/// Whether the last append was this very one. That of a run that died before its epoch usually is.
fn is_appended(log: &Table, number: i64, cursor: &Cursor) -> bool {
    log.summary(STAMPED_EPOCH) == Some(number.to_string().as_str())
        && recorded(Some(log)).is_some_and(|(_, made_from)| made_from == *cursor)
}

/// The numbers of appends after the one that is `kept` because an epoch shows it.
fn abandoned(log: &Table, kept: Option<&Table>) -> Vec<i64> {
    let kept = kept.and_then(Table::content_id);
    let history = log.snapshots();
    let newer = history
        .iter()
        .rev()
        .take_while(|snapshot| Some(snapshot.content_id) != kept);
    newer
        .filter_map(|snapshot| snapshot.summary.get(STAMPED_EPOCH)?.parse().ok())
        .collect()
}

/// The rows of epochs `numbers` that are in the table as an epoch shows it: two runs of a job may have had the same
/// number, and one of them published.
async fn rows_of(
    session: &Session,
    kept: Option<&Table>,
    numbers: &[i64],
    schema: &SchemaRef,
) -> Result<Vec<RecordBatch>> {
    let Some(kept) = kept else {
        return Ok(Vec::new());
    };
    let numbers = numbers.iter().map(|number| lit(*number)).collect();
    let rows =
        session
            .read(kept.provider().await?)?
            .filter(in_list(ident(EPOCH), numbers, false))?;
    let batches = rows.collect().await?;
    batches.iter().map(|batch| conform(batch, schema)).collect()
}

fn of_epochs(numbers: Vec<i64>) -> Result<Scope> {
    let numbers: ArrayRef = Arc::new(Int64Array::from(numbers));
    Ok(Scope::Keys {
        columns: vec![EPOCH.into()],
        keys: RecordBatch::try_from_iter([(EPOCH, numbers)])?,
    })
}

/// Changes as rows of the change table.
struct Numbered {
    changes: RowChanges,
    number: i64,
    schema: SchemaRef,
}

impl Numbered {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let Some(batch) = self.changes.next().await? else {
            return Ok(None);
        };
        let numbers = Int64Array::from(vec![self.number; batch.num_rows()]);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(numbers)];
        columns.extend(batch.columns().iter().cloned());
        let batch = RecordBatch::try_new(with_epoch(&batch.schema()), columns)?;
        conform(&batch, &self.schema).map(Some)
    }
}

fn with_epoch(schema: &Schema) -> SchemaRef {
    let mut fields = vec![Field::new(EPOCH, DataType::Int64, true)];
    fields.extend(schema.fields().iter().map(|field| field.as_ref().clone()));
    Arc::new(Schema::new(fields))
}
