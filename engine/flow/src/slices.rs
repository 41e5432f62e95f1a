//! A query *by* a column, slice by slice.
//!
//! Its rows hang on those rows of its inputs that share a value of the column, and its inputs lie sorted by it. So the
//! rows of some values are read, once however often the query names their table, and held while it runs over them: what
//! it groups, sorts and joins is small. Slices run beside each other, each on one thread.

use std::sync::Arc;

use c360_catalog::{FileSet, Table};
use c360_spec::TableName;
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::logical_expr::lit;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{DataFrame, ident};
use futures::{StreamExt, TryStreamExt, stream};

use crate::error::Result;
use crate::held::{Held, collected};
use crate::memory::{Run, order_by};
use crate::recipe::{Columns, Recipe, columns_read};
use crate::session::{Runtime, Session};
use crate::touched::Touched;

/// A table without the column is held as a whole, if it has no more rows.
const WHOLE_ROWS_MAX: u64 = 1 << 20;

/// What the rows of a slice take, about; what is computed of them may take some times that.
const SLICE_BYTES: usize = 64 << 20;
/// Rows of a slice that are handed on at once.
const ROWS_AT_ONCE: usize = 32 << 10;

/// A query that can be run slice by slice.
pub struct Slices {
    slices: Vec<Slice>,
    sliced: Arc<Sliced>,
}

/// Some values of the column.
enum Slice {
    /// These.
    Values(Touched),
    /// Those from the first on that are below the second.
    Range(Option<ScalarValue>, Option<ScalarValue>),
}

/// What all slices share.
struct Sliced {
    runtime: Runtime,
    recipe: Recipe,
    /// What the rows of the query look like.
    schema: SchemaRef,
    by: String,
    tables: Vec<Source>,
    whole: Vec<(TableName, Arc<Held>)>,
    /// What these take.
    _memory: MemoryReservation,
}

/// A table that has the column.
struct Source {
    name: TableName,
    provider: Arc<dyn TableProvider>,
    columns: Columns,
}

impl Slices {
    /// The slices of the values that were touched, or of all; none where the inputs cannot be sliced: where one does not
    /// lie by the column, has it in another type, or lacks it and is large.
    pub async fn of(
        runtime: &Runtime,
        session: &Session,
        inputs: &[Table],
        by: &str,
        touched: Option<&Touched>,
        recipe: &Recipe,
    ) -> Result<Option<Self>> {
        let has_column = |table: &&Table| table.schema().field_with_name(by).is_ok();
        let (tables, rest): (Vec<&Table>, Vec<&Table>) = inputs.iter().partition(has_column);
        if !lie_alike(&tables, by) || !are_small(&rest).await? {
            return Ok(None);
        }
        let Some(slices) = slices(&tables, by, touched, runtime.slice_rows()).await? else {
            return Ok(None);
        };
        let rows = recipe.rows(session).await?;
        let schema = Arc::new(rows.schema().as_arrow().clone());
        let mut columns = columns_read(rows)?;
        let mut columns = |table: &Table| columns.remove(table.name()).unwrap_or_default();
        let memory = MemoryConsumer::new("tables beside slices").register(runtime.memory());
        let mut whole = Vec::new();
        for table in rest {
            let rows = session.table(table.name()).await?;
            let held = Held::read(rows, &columns(table)).await?;
            memory.grow(held.size_bytes());
            whole.push((table.name().clone(), Arc::new(held)));
        }
        let mut sources = Vec::new();
        for table in tables {
            sources.push(Source {
                name: table.name().clone(),
                provider: session.provider(table.name()).await?,
                columns: columns(table),
            });
        }
        let sliced = Sliced {
            runtime: runtime.clone(),
            recipe: recipe.clone(),
            schema,
            by: by.to_owned(),
            tables: sources,
            whole,
            _memory: memory,
        };
        Ok(Some(Self {
            slices,
            sliced: Arc::new(sliced),
        }))
    }

    /// What the rows look like.
    pub fn schema(&self) -> &Schema {
        &self.sliced.schema
    }

    /// The rows of all slices, sorted by `columns`, of which the first is that of the slices.
    pub fn rows(self, columns: &[&str]) -> SendableRecordBatchStream {
        let Self { slices, sliced } = self;
        let schema = Arc::clone(&sliced.schema);
        let columns: Arc<[String]> = columns.iter().map(ToString::to_string).collect();
        let threads = sliced.runtime.threads();
        // One more than threads: nothing is begun while the rows of another are written.
        let at_once = (threads + 1).min(slices.len()).min(sliced.fit()).max(1);
        let each = (threads / at_once).max(1);
        let computed = stream::iter(slices)
            .map(move |slice| {
                let (sliced, columns) = (Arc::clone(&sliced), Arc::clone(&columns));
                SpawnedTask::spawn(async move {
                    let rows = sliced.compute(&slice, each).await?;
                    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                    let order = order_by(&sliced.schema, &columns)?;
                    Run::of(rows, &order, ROWS_AT_ONCE)
                })
            })
            .map(async |task| {
                task.await
                    .map_err(|error| DataFusionError::External(error.into()))?
            })
            .buffered(at_once)
            .map_ok(stream::iter)
            .try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(schema, computed))
    }
}

impl Sliced {
    /// How many slices memory has room for.
    fn fit(&self) -> usize {
        match self.runtime.memory().memory_limit() {
            MemoryLimit::Finite(bytes) => bytes / (4 * SLICE_BYTES),
            MemoryLimit::Infinite | MemoryLimit::Unknown => usize::MAX,
        }
    }

    async fn compute(&self, slice: &Slice, threads: usize) -> QueryResult<Vec<RecordBatch>> {
        let session = self.runtime.session_on(threads);
        let memory = MemoryConsumer::new("rows of a slice").register(self.runtime.memory());
        for (name, held) in &self.whole {
            session.register(name, Arc::<Held>::clone(held))?;
        }
        for table in &self.tables {
            let rows = session.read(Arc::clone(&table.provider))?;
            let rows = slice.narrow(rows, &self.by)?;
            let held = Held::read(rows, &table.columns).await?;
            memory.grow(held.size_bytes());
            session.register(&table.name, Arc::new(held))?;
        }
        collected(self.recipe.rows(&session).await?, &self.schema).await
    }
}

impl Slice {
    /// The rows with one of the values. A row without a value is nobody's.
    fn narrow(&self, rows: DataFrame, by: &str) -> QueryResult<DataFrame> {
        match self {
            Self::Values(touched) => Ok(touched.narrow(rows, &[by])?),
            Self::Range(None, None) => rows.filter(ident(by).is_not_null()),
            Self::Range(from, to) => {
                let from = from.iter().map(|from| ident(by).gt_eq(lit(from.clone())));
                let to = to.iter().map(|to| ident(by).lt(lit(to.clone())));
                let mut bounds = from.chain(to);
                bounds.try_fold(rows, DataFrame::filter)
            }
        }
    }
}

/// Whether all tables lie sorted by the column, in one type in which values are ordered as they are equal.
fn lie_alike(tables: &[&Table], by: &str) -> bool {
    let kind = |table: &Table| {
        let schema = table.schema();
        let field = schema.field_with_name(by).ok();
        field.map(|field| field.data_type().clone())
    };
    let lies = |table: &Table| table.order().first().is_some_and(|first| first == by);
    let Some(first) = tables.first().and_then(|table| kind(table)) else {
        return false;
    };
    let sorts = first.is_string() || first.is_integer();
    let mut tables = tables.iter();
    sorts && tables.all(|table| lies(table) && kind(table).as_ref() == Some(&first))
}

async fn are_small(tables: &[&Table]) -> Result<bool> {
    for table in tables {
        if FileSet::load(table).await?.row_count() > WHOLE_ROWS_MAX {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The slices, of about so many rows of the largest table each; none where its files do not tell where to cut.
async fn slices(
    tables: &[&Table],
    by: &str,
    touched: Option<&Touched>,
    slice_rows: u64,
) -> Result<Option<Vec<Slice>>> {
    if let Some(touched) = touched {
        let values = usize::try_from(slice_rows / 16).unwrap_or(usize::MAX);
        let chunks = touched.chunks(values.max(1))?;
        return Ok(Some(chunks.into_iter().map(Slice::Values).collect()));
    }
    let mut largest: Option<(u64, &Table)> = None;
    for table in tables {
        let rows = FileSet::load(table).await?.row_count();
        if largest.is_none_or(|(most, _)| rows > most) {
            largest = Some((rows, table));
        }
    }
    let Some((rows, table)) = largest else {
        return Ok(None);
    };
    if rows <= slice_rows {
        return Ok(Some(vec![Slice::Range(None, None)]));
    }
    let cuts = table.cuts(by, slice_rows).await?;
    cuts.map(|cuts| ranges(&cuts)).transpose()
}

/// The ranges before, between and after the cuts.
fn ranges(cuts: &ArrayRef) -> Result<Vec<Slice>> {
    let cuts = (0..cuts.len()).map(|at| ScalarValue::try_from_array(cuts, at));
    let cuts: Vec<ScalarValue> = cuts.collect::<QueryResult<_>>()?;
    let cut = |at: Option<usize>| at.and_then(|at| cuts.get(at)).cloned();
    let ranges = (0..=cuts.len()).map(|at| Slice::Range(cut(at.checked_sub(1)), cut(Some(at))));
    Ok(ranges.collect())
}
