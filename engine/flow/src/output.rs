//! How a room writes: rows of a query into a table, whole or in scope, in one snapshot.

use std::collections::HashSet;

use c360_catalog::{
    Appender, Committed, Evolution, Merge, Scope, Stamp, Table, TableDefinition, Warehouse,
};
use c360_spec::TableName;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use crate::conform::{conform, lake_schema};
use crate::error::{Error, Result};
use crate::row_hash::RowHasher;

/// A table that a room fills, one row a key.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    /// Where it lives.
    pub warehouse: &'a Warehouse,
    /// What it is called.
    pub name: &'a TableName,
    /// The columns that name a row.
    pub key: &'a [String],
    /// The columns by which rows are sorted, before those of the key.
    pub order: &'a [&'a str],
    /// Whether each row is known to have a key of its own, so that nobody needs to look.
    pub distinct: bool,
    /// Whether rows come as the table lies.
    pub sorted: bool,
    /// What a row is, for the table's readers.
    pub comment: &'a str,
}

impl<'a> Output<'a> {
    /// The same, whose rows lie sorted by these columns, then by its key.
    pub fn ordered_by(self, order: &'a [&'a str]) -> Self {
        Self { order, ..self }
    }

    /// The same, whose rows are known to have a key each: to remember millions of keys takes memory.
    pub fn distinct(self) -> Self {
        Self {
            distinct: true,
            ..self
        }
    }

    /// The same, whose rows come as the table lies: of those that replace all rows, no more are held than are merged at a
    /// time.
    pub fn sorted(self) -> Self {
        Self {
            sorted: true,
            ..self
        }
    }

    /// The columns by which rows of `schema` lie sorted. What the rows lack is told where it is missed.
    pub fn sorted_by(&self, schema: &Schema) -> Vec<&'a str> {
        let key = self.key.iter().map(String::as_str);
        let order = self.order.iter().copied();
        let has = |column: &&str| schema.field_with_name(column).is_ok();
        order.chain(key).filter(has).collect()
    }

    /// The table, created or evolved to hold rows of `schema`.
    pub async fn prepare(&self, schema: &Schema, evolution: Evolution) -> Result<Table> {
        let order = self.order.iter();
        let definition = TableDefinition {
            name: self.name.clone(),
            schema: lake_schema(schema, self.key),
            key: self.key.to_vec(),
            order: order
                .filter(|column| schema.field_with_name(column).is_ok())
                .map(ToString::to_string)
                .collect(),
            comment: Some(self.comment.to_string()),
            evolution,
        };
        Ok(self.warehouse.create_or_evolve(&definition).await?)
    }

    /// Makes the live rows in `scope` exactly `rows`, which were computed for the table as it was `planned`.
    ///
    /// Fails with *conflict* when another run wrote the table since: its rows may be newer than these. A table that is
    /// empty, or has lost or changed columns, is filled as a stream, so that it needs no memory for its result.
    pub async fn write(
        &self,
        planned: Option<&Table>,
        scope: Scope,
        rows: SendableRecordBatchStream,
        stamp: Stamp,
    ) -> Result<Committed> {
        let table = self.prepare(&rows.schema(), Evolution::Recast).await?;
        unchanged(&table, planned)?;
        match self.appender(&table, &scope).await? {
            Some(appender) => self.fill(&table, appender, rows, stamp).await,
            None if matches!(scope, Scope::Whole) && self.goes_in_stretches(&table) => {
                self.replace(&table, rows, stamp).await
            }
            None => self.merge(&table, scope, rows, stamp).await,
        }
    }

    /// What fills a table of which no row stays; none where some may.
    async fn appender(&self, table: &Table, scope: &Scope) -> Result<Option<Appender>> {
        if table.is_recast() {
            self.check_whole(scope)?;
            return Ok(Some(table.overwriter().await?));
        }
        Ok(table.is_known_empty().then(|| table.appender()))
    }

    async fn merge(
        &self,
        table: &Table,
        scope: Scope,
        mut rows: SendableRecordBatchStream,
        stamp: Stamp,
    ) -> Result<Committed> {
        let schema = table.schema();
        let mut batches = Vec::new();
        while let Some(batch) = rows.next().await {
            batches.push(self.fitted(&batch?, &schema)?);
        }
        let merge = Merge {
            key: self.key.to_vec(),
            scope,
            rows: batches,
        };
        Ok(table.merge(merge, stamp).await?)
    }

    /// Whether rows come as the table lies, those of one key together, if there could be any.
    fn goes_in_stretches(&self, table: &Table) -> bool {
        let order = table.order();
        let together = order.first().is_some_and(|first| self.key.contains(first));
        self.sorted && (self.distinct || together)
    }

    /// Makes all rows exactly these, stretch by stretch.
    async fn replace(
        &self,
        table: &Table,
        mut rows: SendableRecordBatchStream,
        stamp: Stamp,
    ) -> Result<Committed> {
        let schema = table.schema();
        let mut merger = table.merger(self.key)?;
        while let Some(batch) = rows.next().await {
            merger.write(&self.fitted(&batch?, &schema)?).await?;
        }
        Ok(merger.commit(stamp).await?)
    }

    /// The rows as the table holds them.
    fn fitted(&self, rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
        conform(rows, schema).map_err(|error| error.of_table(self.name))
    }

    /// A part of the rows cannot replace all of them.
    fn check_whole(&self, scope: &Scope) -> Result<()> {
        if matches!(scope, Scope::Whole) {
            return Ok(());
        }
        let message = format!(
            "columns of {} are not what they were, so that no row can stay",
            self.name
        );
        Err(Error::data(message).with_hint("run its job with --full"))
    }

    async fn fill(
        &self,
        table: &Table,
        mut appender: Appender,
        mut rows: SendableRecordBatchStream,
        stamp: Stamp,
    ) -> Result<Committed> {
        let schema = table.schema();
        let mut unique = match self.distinct {
            true => None,
            false => Some(UniqueKeys::new(self.name, self.key, &schema)?),
        };
        while let Some(batch) = rows.next().await {
            let batch = self.fitted(&batch?, &schema)?;
            if let Some(unique) = &mut unique {
                unique.check(&batch)?;
            }
            appender.write(batch).await?;
        }
        Ok(appender.commit(stamp).await?)
    }
}

/// The table must stand where the run was planned.
pub fn unchanged(table: &Table, planned: Option<&Table>) -> Result<()> {
    if table.content_id() == planned.and_then(Table::content_id) {
        return Ok(());
    }
    let message = format!(
        "another run wrote {} since this one was planned",
        table.name()
    );
    Err(Error::conflict(message).with_hint("run again"))
}

/// Refuses a second row of one key. Keeps 16 bytes a key.
struct UniqueKeys<'a> {
    table: &'a TableName,
    key: &'a [String],
    hasher: RowHasher,
    seen: HashSet<u128>,
}

impl<'a> UniqueKeys<'a> {
    fn new(table: &'a TableName, key: &'a [String], schema: &Schema) -> Result<Self> {
        let hasher = RowHasher::new(schema, key)?;
        Ok(Self {
            table,
            key,
            hasher,
            seen: HashSet::new(),
        })
    }

    fn check(&mut self, batch: &RecordBatch) -> Result<()> {
        for hash in self.hasher.hash(batch)? {
            if !self.seen.insert(hash) {
                let key = self.key.join(", ");
                let message = format!("two rows of {} share one key ({key})", self.table);
                return Err(Error::data(message)
                    .with_hint("make the job's SQL give one row a key, or declare another key"));
            }
        }
        Ok(())
    }
}
