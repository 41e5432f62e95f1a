//! A DataFusion table over data files: files that cannot match are left out, the rest is spread
//! over the session's partitions and read by DataFusion's own Parquet source, so that projection,
//! filters, limits and dynamic filters reach the pages. Rows that are not wanted (position
//! deletes, or what a comparison of snapshots leaves out) are skipped by row selections.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::config::TableParquetOptions;
use datafusion::common::{DFSchema, DataFusionError, Result, Statistics, project_schema};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::{
    FileGroup, FileGroupPartitioner, FileScanConfigBuilder, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;
use url::Url;

use crate::among::asked;
use crate::columns::Columns;
use crate::error::Error;
use crate::fileset::{FileSet, LiveFile};
use crate::key_pages::{Asked, without_keyless};
use crate::prune::prune;
use crate::selection::{Rows, Unit};
use crate::statistics::statistics;
use crate::stores::Stores;
use crate::table::Table;

const FOOTERS_AT_ONCE: usize = 16;

impl Table {
    /// The live rows of the pinned snapshot, for queries. Reads the manifests and delete files now,
    /// the data when a query runs.
    ///
    /// # Errors
    /// As [`FileSet::load`].
    pub async fn provider(&self) -> crate::error::Result<Arc<dyn TableProvider>> {
        let files = FileSet::load(self).await?;
        let units = files.files.iter().filter_map(Unit::live).collect();
        let mut rows = FileTable::new(self, Columns::new(self.schema()), units);
        rows.key = self.key_of_rows()?;
        Ok(Arc::new(rows))
    }
}

/// The columns of which no two rows of a table share the values; empty for what is no table of a lake. Iceberg lets a
/// schema say so and leaves it to writers to keep it.
pub fn provider_key(provider: &dyn TableProvider) -> &[String] {
    let table = provider.as_any().downcast_ref::<FileTable>();
    table.map_or(&[], |table| &table.key)
}

/// Rows of data files as a table.
pub(crate) struct FileTable {
    name: String,
    columns: Arc<Columns>,
    units: Vec<Unit>,
    stores: Stores,
    key: Vec<String>,
}

impl FileTable {
    pub(crate) fn new(table: &Table, columns: Columns, units: Vec<Unit>) -> Self {
        Self {
            name: table.name().to_string(),
            columns: Arc::new(columns),
            units,
            stores: table.stores().clone(),
            key: Vec::new(),
        }
    }

    /// The units that a query needs: those that may match, or the first that fill the limit.
    fn needed(
        &self,
        state: &dyn Session,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Vec<Unit>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else {
            return Ok(first_rows(&self.units, limit));
        };
        let schema = DFSchema::try_from(Arc::clone(self.columns.schema()))?;
        let filter = state.create_physical_expr(filter, &schema)?;
        prune(&self.units, &self.columns, &filter)
    }

    /// The columns that filters hold against sets of keys.
    fn asked(&self, filters: &[Expr]) -> Result<Vec<Asked>> {
        let mut all = Vec::new();
        for filter in filters {
            for (column, sorted) in asked(filter)? {
                let index = self.columns.schema().index_of(column)?;
                let field_id = self.columns.id(index);
                all.extend(field_id.map(|field_id| Asked::keys(field_id, sorted)));
            }
        }
        Ok(all)
    }

    /// The scan of units that lie in one store.
    async fn scan_store(
        &self,
        state: &dyn Session,
        url: ObjectStoreUrl,
        units: Vec<Unit>,
        asked: &[Asked],
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (store, _) = self.stores.resolve(units[0].file.path())?;
        let runtime = state.runtime_env();
        runtime.register_object_store(url.as_ref(), Arc::clone(&store));
        let footers = runtime.cache_manager.get_file_metadata_cache();
        let readers = CachedParquetFileReaderFactory::new(Arc::clone(&store), footers);
        let options = parquet_options(state, &units);
        let everything = self.columns.schema();
        let source = ParquetSource::new(Arc::clone(everything))
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(readers));
        let files = self.partitioned_files(state, &store, units, asked).await?;
        let all = Statistics::try_merge_iter(
            files.iter().filter_map(|file| file.statistics.as_deref()),
            everything,
        )?;
        let scan = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(spread(files, state))
            .with_statistics(all)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_expr_adapter(Some(Arc::clone(&self.columns) as _))
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }

    async fn partitioned_files(
        &self,
        state: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        units: Vec<Unit>,
        asked: &[Asked],
    ) -> Result<Vec<PartitionedFile>> {
        stream::iter(units)
            .map(async |unit| self.partitioned_file(state, store, &unit, asked).await)
            .buffered(FOOTERS_AT_ONCE)
            .try_collect()
            .await
    }

    /// A unit as DataFusion's file. Only a unit of which some rows are left out needs its footer now.
    async fn partitioned_file(
        &self,
        state: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        unit: &Unit,
        asked: &[Asked],
    ) -> Result<PartitionedFile> {
        let data_file = unit.file.entry.data_file();
        let (_, location) = self.stores.resolve(unit.file.path())?;
        let mut file = PartitionedFile::new("", data_file.file_size_in_bytes());
        file.object_meta.location = location;
        file.statistics = Some(Arc::new(statistics(unit, &self.columns)));
        if unit.rows == Rows::All && asked.is_empty() {
            return Ok(file);
        }
        let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
        let hint = state.config_options().execution.parquet.metadata_size_hint;
        let footer = DFParquetMetadata::new(store.as_ref(), &file.object_meta)
            .with_metadata_size_hint(hint)
            .with_file_metadata_cache(Some(cache))
            .fetch_metadata()
            .await
            .map_err(|error| unreadable(&unit.file, error.into()))?;
        let plan = unit.rows.access_plan(&footer, data_file.record_count());
        let mut plan = plan.map_err(|error| unreadable(&unit.file, error))?;
        without_keyless(&mut plan, &footer, asked)
            .map_err(|error| unreadable(&unit.file, error))?;
        Ok(file.with_extensions(Arc::new(plan)))
    }
}

fn unreadable(file: &LiveFile, error: Error) -> DataFusionError {
    error
        .context(format!("data file `{}` cannot be read", file.path()))
        .into()
}

/// The first units that hold `limit` rows together; all without a limit.
fn first_rows(units: &[Unit], limit: Option<usize>) -> Vec<Unit> {
    let Some(limit) = limit else {
        return units.to_vec();
    };
    let mut rows = 0;
    let mut taken = Vec::new();
    for unit in units {
        if rows >= limit as u64 {
            break;
        }
        rows += unit.row_count();
        taken.push(unit.clone());
    }
    taken
}

/// The session's Parquet options, except that where filters are evaluated while decoding, files
/// with row selections are not pruned by row-group statistics: DataFusion 53 answers a filter with
/// a limit from whole row groups that surely match, and forgets the selection, so that deleted rows
/// would come back (`prune_by_limit`). Pages are still pruned by the page index.
fn parquet_options(state: &dyn Session, units: &[Unit]) -> TableParquetOptions {
    let mut options = TableParquetOptions {
        global: state.config_options().execution.parquet.clone(),
        ..Default::default()
    };
    let selects = units.iter().any(|unit| unit.rows != Rows::All);
    if selects && options.global.pushdown_filters {
        options.global.pruning = false;
    }
    options
}

/// Spreads the files over the session's partitions by size, large ones by byte range.
fn spread(files: Vec<PartitionedFile>, state: &dyn Session) -> Vec<FileGroup> {
    let partitions = state.config().target_partitions().max(1);
    let optimizer = &state.config_options().optimizer;
    let all = [FileGroup::new(files)];
    let by_range = FileGroupPartitioner::new()
        .with_target_partitions(partitions)
        .with_repartition_file_min_size(optimizer.repartition_file_min_size)
        .repartition_file_groups(&all);
    match by_range {
        Some(groups) if optimizer.repartition_file_scans => groups,
        _ => {
            let [all] = all;
            all.split_files(partitions)
        }
    }
}

/// The store of a file: scheme and bucket, or the local file system.
fn store_url(path: &str) -> Result<ObjectStoreUrl> {
    match Url::parse(path) {
        Ok(url) if url.scheme() != "file" => {
            ObjectStoreUrl::parse(&url[..url::Position::BeforePath])
        }
        _ => Ok(ObjectStoreUrl::local_filesystem()),
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> SchemaRef {
        Arc::clone(self.columns.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let limit = limit.filter(|_| filters.is_empty());
        let mut by_store: BTreeMap<String, Vec<Unit>> = BTreeMap::new();
        for unit in self.needed(state, filters, limit)? {
            let url = store_url(unit.file.path())?;
            by_store
                .entry(url.as_str().to_owned())
                .or_default()
                .push(unit);
        }
        let mut scans = Vec::new();
        let asked = self.asked(filters)?;
        for (url, units) in by_store {
            let url = ObjectStoreUrl::parse(url)?;
            scans.push(
                self.scan_store(state, url, units, &asked, projection, limit)
                    .await?,
            );
        }
        match scans.len() {
            0 => {
                let schema = project_schema(self.columns.schema(), projection)?;
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => Ok(scans.swap_remove(0)),
            _ => UnionExec::try_new(scans),
        }
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

impl fmt::Debug for FileTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileTable")
            .field("table", &self.name)
            .field("files", &self.units.len())
            .finish_non_exhaustive()
    }
}
