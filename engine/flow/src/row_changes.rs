//! What happened to the rows of a table between two of its snapshots, key by key: insert, update or delete.
//!
//! Rows that were only moved from file to file are no change. Memory goes with the rows that were removed, 32 bytes
//! each and their keys; what was added flows through.

use std::collections::HashMap;
use std::sync::Arc;

use c360_catalog::Table;
use datafusion::arrow::array::{ArrayRef, BooleanArray, StringArray};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use crate::conform::conform;
use crate::error::Result;
use crate::row_hash::RowHasher;
use crate::session::Session;

/// The column that says what happened.
pub const CHANGE_TYPE: &str = "change_type";

/// The changes of one table, as batches of [`schema`], in types that hold the rows of both snapshots.
pub struct RowChanges {
    table: SchemaRef,
    output: SchemaRef,
    key: Vec<String>,
    rows: RowHasher,
    keys: RowHasher,
    removed: HashMap<u128, Removed>,
    added: Option<SendableRecordBatchStream>,
    gone: Vec<RecordBatch>,
}

struct Removed {
    content: u128,
    met: bool,
}

/// `change_type`, then the table's columns, all of which may be null: a delete carries the key alone.
pub fn schema(table: &Table) -> SchemaRef {
    typed_schema(&table.schema())
}

fn typed_schema(columns: &Schema) -> SchemaRef {
    let mut fields = vec![Field::new(CHANGE_TYPE, DataType::Utf8, false)];
    fields.extend(
        columns
            .fields()
            .iter()
            .map(|field| plain(field).with_nullable(true)),
    );
    Arc::new(Schema::new(fields))
}

/// Field ids belong to the table that the field came from.
fn plain(field: &Field) -> Field {
    field.clone().with_metadata(HashMap::new())
}

impl RowChanges {
    /// Changes of `table` since the snapshot `since`; none: since it was empty. Where its key is of other columns since,
    /// no row is known by it, so that all are told as inserted.
    pub async fn between(session: &Session, table: &Table, since: Option<i64>) -> Result<Self> {
        let since = match since {
            Some(since) if table.has_key_of(since)? => Some(since),
            _ => None,
        };
        let found = table.changes(since).await?;
        // As wide as both snapshots need: after a rollback the older type is the narrower one.
        let columns = found.added.schema();
        let key = table.key();
        let names: Vec<String> = columns
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let mut changes = Self {
            rows: RowHasher::new(&columns, &names)?,
            keys: RowHasher::new(&columns, &key)?,
            output: typed_schema(&columns),
            table: columns,
            key,
            removed: HashMap::new(),
            added: None,
            gone: Vec::new(),
        };
        if !found.is_empty {
            changes
                .index(session.read(found.removed)?.execute_stream().await?)
                .await?;
            changes.added = Some(session.read(found.added)?.execute_stream().await?);
        }
        Ok(changes)
    }

    async fn index(&mut self, mut removed: SendableRecordBatchStream) -> Result<()> {
        let key: SchemaRef = Arc::new(self.table.project(&self.key_indices()?)?);
        while let Some(batch) = removed.next().await {
            let batch = conform(&batch?, &self.table)?;
            let keys = self.keys.hash(&batch)?;
            for (key, content) in keys.iter().zip(self.rows.hash(&batch)?) {
                self.removed.insert(
                    *key,
                    Removed {
                        content,
                        met: false,
                    },
                );
            }
            self.gone.push(conform(&batch, &key)?);
        }
        Ok(())
    }

    fn key_indices(&self) -> Result<Vec<usize>> {
        Ok(self
            .key
            .iter()
            .map(|column| self.table.index_of(column))
            .collect::<std::result::Result<_, _>>()?)
    }

    /// The next batch of changes; none at the end.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while let Some(added) = &mut self.added {
            let Some(batch) = added.next().await else {
                self.added = None;
                break;
            };
            let changed = self.arrived(&conform(&batch?, &self.table)?)?;
            if changed.num_rows() > 0 {
                return Ok(Some(changed));
            }
        }
        while let Some(batch) = self.gone.pop() {
            let deleted = self.left(&batch)?;
            if deleted.num_rows() > 0 {
                return Ok(Some(deleted));
            }
        }
        Ok(None)
    }

    /// Inserts and updates among rows that were added.
    fn arrived(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let keys = self.keys.hash(batch)?;
        let contents = self.rows.hash(batch)?;
        let mut kinds = Vec::with_capacity(batch.num_rows());
        for (key, content) in keys.iter().zip(contents) {
            kinds.push(match self.removed.get_mut(key) {
                None => Some("insert"),
                Some(before) => {
                    before.met = true;
                    (before.content != content).then_some("update")
                }
            });
        }
        self.typed(batch, kinds)
    }

    /// Deletes among the keys of rows that were removed.
    fn left(&self, keys: &RecordBatch) -> Result<RecordBatch> {
        let hashes = self.keys.hash(keys)?;
        let met = |key: &u128| self.removed.get(key).is_some_and(|removed| removed.met);
        let kinds = hashes
            .iter()
            .map(|key| (!met(key)).then_some("delete"))
            .collect();
        self.typed(keys, kinds)
    }

    /// Rows that have a kind, with it.
    fn typed(&self, batch: &RecordBatch, kinds: Vec<Option<&str>>) -> Result<RecordBatch> {
        let keep: BooleanArray = kinds.iter().map(|kind| Some(kind.is_some())).collect();
        let mut fields: Vec<Field> = vec![Field::new(CHANGE_TYPE, DataType::Utf8, true)];
        fields.extend(
            batch
                .schema()
                .fields()
                .iter()
                .map(|field| field.as_ref().clone()),
        );
        let mut columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(kinds))];
        columns.extend(batch.columns().iter().cloned());
        let typed = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        conform(&filter_record_batch(&typed, &keep)?, &self.output)
    }
}
