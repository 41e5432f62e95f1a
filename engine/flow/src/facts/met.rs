//! Rows of the source as they are now, kept in memory while they are few: those that were met on the way need not be
//! looked for in the source's table, which does not lie by what is asked for.

use std::sync::Arc;

use c360_catalog::Table;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::prelude::{DataFrame, ident};
use futures::TryStreamExt;

use crate::error::Result;
use crate::session::Session;

/// More rows than these are not kept.
pub const ROWS_MAX: usize = 512 << 10;

/// Rows with the columns of the source.
pub struct Met {
    schema: SchemaRef,
    /// None where they are not kept: they are too many, or lack columns.
    rows: Option<Vec<RecordBatch>>,
    count: usize,
}

impl Met {
    /// Nothing yet. Rows are kept where `made`, which has those of `raw` and their persons, has all of its columns.
    pub fn none(raw: &Table, made: &Table) -> Self {
        let (raw, made) = (raw.schema(), made.schema());
        let fields = raw.fields().iter();
        let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
        let fields: Vec<Field> = fields.collect();
        let is_there = |field: &Field| {
            let known = made.field_with_name(field.name());
            known.is_ok_and(|known| known.data_type() == field.data_type())
        };
        let has_all = made.fields().len() == fields.len() + 1 && fields.iter().all(is_there);
        Self {
            rows: has_all.then(Vec::new),
            schema: Arc::new(Schema::new(fields)),
            count: 0,
        }
    }

    /// Whether rows are kept.
    pub fn keeps(&self) -> bool {
        self.rows.is_some()
    }

    /// Keeps none from here on.
    pub fn give_up(&mut self) {
        self.rows = None;
    }

    /// Reads `rows`, which none that was read before may be among, and gives their `columns`.
    pub async fn read(&mut self, rows: DataFrame, columns: &[&str]) -> Result<Vec<RecordBatch>> {
        let rows = match self.keeps() {
            true => rows,
            false => rows.select(columns.iter().map(|column| ident(*column)))?,
        };
        let mut batches = rows.execute_stream().await?;
        let schema = batches.schema();
        let asked = columns.iter().map(|column| schema.index_of(column));
        let asked: Vec<usize> = asked.collect::<std::result::Result<_, _>>()?;
        let mut found = vec![RecordBatch::new_empty(Arc::new(schema.project(&asked)?))];
        while let Some(batch) = batches.try_next().await? {
            found.push(batch.project(&asked)?);
            self.keep(&batch)?;
        }
        Ok(found)
    }

    fn keep(&mut self, batch: &RecordBatch) -> Result<()> {
        self.count += batch.num_rows();
        if self.count > ROWS_MAX {
            self.give_up();
        }
        let Some(rows) = &mut self.rows else {
            return Ok(());
        };
        let schema = batch.schema();
        let columns = self.schema.fields().iter();
        let columns = columns.map(|field| Ok(batch.column(schema.index_of(field.name())?).clone()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        rows.push(RecordBatch::try_new(Arc::clone(&self.schema), columns)?);
        Ok(())
    }

    /// All rows that were read; none where they were not kept.
    pub fn rows(self, session: &Session) -> Result<Option<DataFrame>> {
        let rows = self.rows.map(|rows| session.batches(self.schema, rows));
        rows.transpose()
    }
}
