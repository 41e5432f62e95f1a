//! Rows in memory in place of a table, of which only the columns that a query reads are held.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use c360_catalog::size_bytes;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{DataFrame, ident};

use crate::recipe::Columns;

/// All rows of a query, as rows of `schema`: plan and rows may disagree on which columns could be null.
pub async fn collected(rows: DataFrame, schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    let batches = rows.collect().await?.into_iter();
    batches.map(|batch| with_schema(batch, schema)).collect()
}

/// The same rows, as rows of `schema`.
pub fn with_schema(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let (_, columns, _) = batch.into_parts();
    let schema = Arc::clone(schema);
    Ok(RecordBatch::try_new_with_options(schema, columns, &rows)?)
}

/// Some columns of a table's rows.
#[derive(Debug)]
pub struct Held {
    /// All columns of the table, so that statements mean the same as over the table itself.
    table: SchemaRef,
    /// Those that are held, ascending.
    columns: Vec<usize>,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Held {
    /// Reads `columns` of `rows`, which have all columns of a table.
    pub async fn read(rows: DataFrame, columns: &Columns) -> Result<Self> {
        let table: SchemaRef = Arc::new(rows.schema().as_arrow().clone());
        let columns: Vec<usize> = columns.iter().copied().collect();
        let schema = Arc::new(table.project(&columns)?);
        let named = schema.fields().iter().map(|field| ident(field.name()));
        let rows = rows.select(named.collect::<Vec<_>>())?;
        Ok(Self {
            batches: collected(rows, &schema).await?,
            table,
            columns,
            schema,
        })
    }

    /// The bytes that the rows take.
    pub fn size_bytes(&self) -> usize {
        self.batches.iter().map(size_bytes).sum()
    }

    fn place(&self, column: usize) -> Result<usize> {
        self.columns.binary_search(&column).map_err(|_| {
            let name = self.table.field(column).name();
            DataFusionError::Internal(format!("column {name} is not held"))
        })
    }
}

#[async_trait]
impl TableProvider for Held {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.table)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = || (0..self.table.fields().len()).collect();
        let asked = projection.cloned().unwrap_or_else(all).into_iter();
        let places = asked.map(|column| self.place(column));
        let places: Vec<usize> = places.collect::<Result<_>>()?;
        let batches = std::slice::from_ref(&self.batches);
        let rows =
            MemorySourceConfig::try_new_exec(batches, Arc::clone(&self.schema), Some(places))?;
        Ok(rows)
    }
}
