//! Rows of a source as they are now, held in memory while they are few: what was met on the way need not be looked for
//! in the source's table, which does not lie by what is asked for.

use std::sync::Arc;

use c360_catalog::Table;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::prelude::{DataFrame, ident};
use futures::TryStreamExt;

use crate::error::Result;

/// More rows than these are not held.
pub const ROWS_MAX: usize = 512 << 10;

pub struct Held {
    schema: SchemaRef,
    /// None where they are too many, or not whole.
    rows: Option<Vec<RecordBatch>>,
    count: usize,
}

impl Held {
    /// Rows of `raw`, or of `made`, which has them with their persons, if it has all of their columns.
    pub fn of(raw: &Table, made: &Table) -> Self {
        let fields = raw.schema();
        let fields = fields.fields().iter();
        let fields: Vec<Field> = fields
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect();
        let is_there = |field: &Field| {
            let made = made.schema();
            let known = made.field_with_name(field.name());
            known.is_ok_and(|known| known.data_type() == field.data_type())
        };
        let are_whole =
            made.schema().fields().len() == fields.len() + 1 && fields.iter().all(is_there);
        Self {
            rows: are_whole.then(Vec::new),
            schema: Arc::new(Schema::new(fields)),
            count: 0,
        }
    }

    /// Reads `rows`, of which each is read once, and gives their `columns`.
    pub async fn read(&mut self, rows: DataFrame, columns: &[&str]) -> Result<RecordBatch> {
        let rows = match self.rows {
            Some(_) => rows,
            None => rows.select(columns.iter().map(|column| ident(*column)))?,
        };
        let mut batches = rows.execute_stream().await?;
        let schema = batches.schema();
        let asked = columns.iter().map(|column| schema.index_of(column));
        let asked: Vec<usize> = asked.collect::<std::result::Result<_, _>>()?;
        let mut found = Vec::new();
        while let Some(batch) = batches.try_next().await? {
            found.push(batch.project(&asked)?);
            self.hold(&batch)?;
        }
        Ok(concat_batches(&Arc::new(schema.project(&asked)?), &found)?)
    }

    fn hold(&mut self, batch: &RecordBatch) -> Result<()> {
        self.count += batch.num_rows();
        let Some(rows) = &mut self.rows else {
            return Ok(());
        };
        if self.count > ROWS_MAX {
            self.rows = None;
            return Ok(());
        }
        let schema = batch.schema();
        let columns = self.schema.fields().iter();
        let columns = columns.map(|field| Ok(batch.column(schema.index_of(field.name())?).clone()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        rows.push(RecordBatch::try_new(Arc::clone(&self.schema), columns)?);
        Ok(())
    }

    /// All rows that were read; none where they are not held.
    pub fn table(self) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(rows) = self.rows else {
            return Ok(None);
        };
        Ok(Some(Arc::new(MemTable::try_new(self.schema, vec![rows])?)))
    }
}
