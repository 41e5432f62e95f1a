//! A DataFusion session over pinned tables.
//!
//! A session sees what was registered in it and nothing else: no file, no table of the lake that the caller did
//! not load. Tables are known as `namespace.table` in the catalog `c360`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use c360_catalog::{Table, Warehouse};
use c360_spec::TableName;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{
    MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider,
};
use datafusion::common::{ScalarValue, TableReference};
use datafusion::datasource::MemTable;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::logical_expr::SortExpr;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext, ident};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::EngineOptions;
use crate::error::{Context, Error, Result};
use crate::filters::TrueFilters;
use crate::functions::Functions;
use crate::held::collected;
use crate::memory::BoundedPool;
use crate::{memory, once, pushdown, statement, udf};

const CATALOG: &str = "c360";
/// Where a table is looked for that is named without a namespace.
pub const NAMESPACE: &str = "customer";
/// Footers with their page indexes, about 1 MiB for a million rows, that are kept to be asked again.
const FOOTER_BYTES: usize = 256 << 20;

/// A slice of so many rows is worth a plan of its own, and takes little memory.
const SLICE_ROWS: u64 = 256 << 10;

/// What all sessions of an engine share: memory, spill folder, threads, functions.
#[derive(Debug, Clone)]
pub struct Runtime {
    environment: Arc<RuntimeEnv>,
    threads: usize,
    slice_rows: u64,
    spill_dir: Option<PathBuf>,
    functions: Functions,
}

impl Runtime {
    /// Builds the runtime that `options` ask for and lets it reach the warehouse's stores.
    pub fn new(options: &EngineOptions, warehouse: &Warehouse) -> Result<Self> {
        let limit = options.memory_limit;
        let limit = limit.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let footer_bytes = limit.map_or(FOOTER_BYTES, |bytes| FOOTER_BYTES.min(bytes / 32));
        let mut builder = RuntimeEnvBuilder::new().with_metadata_cache_limit(footer_bytes);
        if let Some(bytes) = limit {
            builder = builder.with_memory_pool(Arc::new(BoundedPool::new(bytes)));
        }
        if let Some(folder) = &options.spill_dir {
            let mode = DiskManagerMode::Directories(vec![folder.clone()]);
            builder =
                builder.with_disk_manager_builder(DiskManagerBuilder::default().with_mode(mode));
        }
        let environment = Arc::new(builder.build()?);
        let threads = options.threads.unwrap_or_else(available_threads);
        let runtime = Self {
            environment,
            threads,
            slice_rows: options.slice_rows.unwrap_or(SLICE_ROWS),
            spill_dir: options.spill_dir.clone(),
            functions: options.functions.clone(),
        };
        runtime.reach(warehouse);
        Ok(runtime)
    }

    /// A folder for what is needed for a while; it goes with the value.
    pub fn temporary_folder(&self) -> Result<TempDir> {
        temporary_folder(self.spill_dir.as_deref())
    }

    /// Where files for a while go; none is the system's own place.
    pub fn spill_dir(&self) -> Option<&Path> {
        self.spill_dir.as_deref()
    }

    /// Lets queries reach the stores of another warehouse too.
    pub fn reach(&self, warehouse: &Warehouse) {
        warehouse.stores().register_all(&self.environment);
    }

    /// How many threads queries run on.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Rows that a query by a column takes at once, about.
    pub fn slice_rows(&self) -> u64 {
        self.slice_rows
    }

    /// What queries take their memory from.
    pub fn memory(&self) -> &Arc<dyn MemoryPool> {
        &self.environment.memory_pool
    }

    /// An empty session.
    pub fn session(&self) -> Session {
        self.session_on(self.threads)
    }

    /// An empty session that reads rows in the order in which they lie in files.
    pub fn sequential_session(&self) -> Session {
        self.session_on(1)
    }

    /// An empty session whose queries run on so many threads.
    pub fn session_on(&self, threads: usize) -> Session {
        let memory = &self.environment.memory_pool;
        let mut config = SessionConfig::new()
            .with_target_partitions(threads)
            .with_batch_size(memory::batch_rows(memory))
            .with_default_catalog_and_schema(CATALOG, NAMESPACE)
            .with_create_default_catalog_and_schema(true)
            .with_information_schema(true)
            .with_parquet_pruning(true);
        let options = config.options_mut();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.execution.parquet.schema_force_view_types = false;
        // Plans disagree with themselves on which columns could be null where a CASE or an outer join makes them.
        options.execution.skip_physical_aggregate_schema_check = true;
        options.execution.time_zone = Some("+00:00".into());
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(self.environment.clone())
            .with_default_features()
            .with_analyzer_rule(Arc::new(TrueFilters))
            .with_physical_optimizer_rules(pushdown::sound(memory::rules(memory)))
            .build();
        let context = SessionContext::new_with_state(state);
        udf::register(&context);
        self.functions.register(&context);
        Session { context }
    }
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// The order by `columns`, ascending, nulls first.
pub fn ascending<C: AsRef<str>>(columns: impl IntoIterator<Item = C>) -> Vec<SortExpr> {
    let columns = columns.into_iter();
    columns
        .map(|column| ident(column.as_ref()).sort(true, true))
        .collect()
}

fn reference(name: &TableName) -> TableReference {
    TableReference::full(CATALOG, name.namespace(), name.name())
}

/// Tables by name, functions, and nothing else.
#[derive(Clone)]
pub struct Session {
    context: SessionContext,
}

impl Session {
    /// The DataFusion context, for expressions.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Makes `tables` visible, each as it is pinned.
    pub async fn with_tables<'a>(
        self,
        tables: impl IntoIterator<Item = &'a Table>,
    ) -> Result<Self> {
        for table in tables {
            self.register(table.name(), table.provider().await?)?;
        }
        Ok(self)
    }

    /// Makes `provider` visible as `name`, in place of what had the name before.
    pub fn register(&self, name: &TableName, provider: Arc<dyn TableProvider>) -> Result<()> {
        let schema = self.schema(name.namespace())?;
        schema.deregister_table(name.name())?;
        schema.register_table(name.name().to_string(), provider)?;
        Ok(())
    }

    fn schema(&self, namespace: &str) -> Result<Arc<dyn SchemaProvider>> {
        let catalog = match self.context.catalog(CATALOG) {
            Some(catalog) => catalog,
            None => {
                let catalog = Arc::new(MemoryCatalogProvider::new());
                self.context.register_catalog(CATALOG, catalog.clone());
                catalog
            }
        };
        if let Some(schema) = catalog.schema(namespace) {
            return Ok(schema);
        }
        let schema = Arc::new(MemorySchemaProvider::new());
        catalog.register_schema(namespace, schema.clone())?;
        Ok(schema)
    }

    /// A registered table.
    pub async fn table(&self, name: &TableName) -> Result<DataFrame> {
        self.context
            .table(reference(name))
            .await
            .context(|| format!("cannot read table {name}"))
    }

    /// What is registered as `name`.
    pub async fn provider(&self, name: &TableName) -> Result<Arc<dyn TableProvider>> {
        let provider = self.context.table_provider(reference(name)).await;
        provider.context(|| format!("cannot read table {name}"))
    }

    /// The key of a registered table of the lake; other rows have none.
    pub async fn key(&self, name: &TableName) -> Result<Vec<String>> {
        let provider = self.provider(name).await?;
        Ok(c360_catalog::provider_key(provider.as_ref()).to_vec())
    }

    /// Rows in memory as a table of this name.
    pub fn hold(&self, name: &TableName, rows: RecordBatch) -> Result<()> {
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
        self.register(name, Arc::new(table))
    }

    /// Any provider, without a name.
    pub fn read(&self, provider: Arc<dyn TableProvider>) -> Result<DataFrame> {
        Ok(self.context.read_table(provider)?)
    }

    /// The rows of a query in memory, so that whatever asks them again does not read them again.
    pub async fn read_once(&self, frame: DataFrame) -> Result<DataFrame> {
        let frame = analyzed(frame)?;
        let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let batches = collected(frame, &schema).await?;
        self.batches(schema, batches)
    }

    /// Rows of `schema` that are in memory.
    pub fn batches(&self, schema: SchemaRef, rows: Vec<RecordBatch>) -> Result<DataFrame> {
        self.read(Arc::new(MemTable::try_new(schema, vec![rows])?))
    }

    /// Rows that are computed while a plan reads them, which it does once.
    pub fn read_stream(&self, rows: SendableRecordBatchStream) -> Result<DataFrame> {
        self.read(once::table(rows)?)
    }

    /// Rows by `columns`, ascending and nulls first. What memory has no room for is sorted on disk.
    pub async fn ordered(
        &self,
        rows: SendableRecordBatchStream,
        columns: &[&str],
    ) -> Result<SendableRecordBatchStream> {
        let sorted = self.read_stream(rows)?.sort(ascending(columns))?;
        Ok(sorted.execute_stream().await?)
    }

    /// Rows in memory.
    pub fn rows(&self, batch: RecordBatch) -> Result<DataFrame> {
        self.batches(batch.schema(), vec![batch])
    }

    /// One SELECT of a project's job: it may not say something else about the same rows and `$as_of`, or a table
    /// recomputed in part would differ from one recomputed whole.
    pub async fn select_repeatable(
        &self,
        name: &str,
        sql: &str,
        as_of: Timestamp,
    ) -> Result<DataFrame> {
        let rows = self.select(name, sql, as_of).await?;
        match statement::unrepeatable(rows.logical_plan())? {
            None => Ok(rows),
            Some(function) => Err(statement::differs(name, &function)),
        }
    }

    /// One SELECT; `$as_of` is the run's instant. `name` is the file, for errors.
    pub async fn select(&self, name: &str, sql: &str, as_of: Timestamp) -> Result<DataFrame> {
        let read_only = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let plan = self
            .context
            .sql_with_options(sql, read_only)
            .await
            .context(|| format!("cannot plan {name}"))?;
        if !sql_uses_as_of(sql) {
            return Ok(plan);
        }
        let instant = ScalarValue::TimestampMicrosecond(Some(as_of.as_microsecond()), None);
        plan.with_param_values(vec![("as_of", instant)])
            .context(|| format!("cannot plan {name}"))
    }
}

/// The same rows, in the types that they come out in: before a plan is analyzed, branches of a CASE or a UNION are as they
/// were written.
pub fn analyzed(rows: DataFrame) -> Result<DataFrame> {
    let (state, plan) = rows.into_parts();
    let analyzer = state.analyzer();
    let plan = analyzer.execute_and_check(plan, state.config_options(), |_, _| {})?;
    Ok(DataFrame::new(state, plan))
}

/// A folder in `place`, else in the system's own for temporary files; it goes with the value.
pub fn temporary_folder(place: Option<&Path>) -> Result<TempDir> {
    let folder = match place {
        Some(place) => TempDir::new_in(place),
        None => TempDir::new(),
    };
    folder.map_err(no_temporary_files)
}

/// A file without a name in `place`, else in the system's own folder for temporary files.
pub fn temporary_file(place: Option<&Path>) -> Result<File> {
    let file = match place {
        Some(place) => tempfile::tempfile_in(place),
        None => tempfile::tempfile(),
    };
    file.map_err(no_temporary_files)
}

/// Why a run cannot put anything aside.
pub fn no_temporary_files(error: io::Error) -> Error {
    let message = "the folder for temporary files cannot be used";
    c360_catalog::Error::unavailable(message)
        .caused_by(error)
        .into()
}

/// True when the statement depends on the run's instant.
pub fn sql_uses_as_of(sql: &str) -> bool {
    sql.to_ascii_lowercase().contains("$as_of")
}
