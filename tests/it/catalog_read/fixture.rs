//! A warehouse in a temporary folder and a table of small rows in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef};
use c360_catalog::table::Table;
use c360_catalog::{Evolution, Merge, Scope, Stamp, TableDefinition, Warehouse, WarehouseConfig};
use datafusion::datasource::TableProvider;
use datafusion::datasource::physical_plan::{FileScanConfig, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use tempfile::TempDir;

/// What a row holds beside its id.
pub type Content = (Option<String>, i32);
/// Rows by id.
pub type Rows = BTreeMap<i64, Content>;

pub struct Lake {
    pub warehouse: Warehouse,
    _folder: TempDir,
}

impl Lake {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let location = folder.path().to_str().unwrap().to_owned();
        let config = WarehouseConfig {
            catalog_uri: format!("sqlite:{location}/catalog.db"),
            location,
            s3: None,
        };
        Self {
            warehouse: Warehouse::open(config).await.unwrap(),
            _folder: folder,
        }
    }

    pub async fn table(&self, name: &str, schema: SchemaRef) -> Table {
        let definition = TableDefinition {
            name: name.parse().unwrap(),
            schema,
            key: vec!["id".to_owned()],
            comment: None,
            order: vec![],
            evolution: Evolution::Widen,
        };
        self.warehouse.create_or_evolve(&definition).await.unwrap()
    }

    pub async fn people(&self) -> Table {
        self.table("raw.people", schema()).await
    }
}

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
        Field::new("visits", DataType::Int32, false),
    ]))
}

pub fn batch(rows: &Rows) -> RecordBatch {
    let ids = Int64Array::from_iter_values(rows.keys().copied());
    let names: StringArray = rows.values().map(|(name, _)| name.as_deref()).collect();
    let visits = Int32Array::from_iter_values(rows.values().map(|(_, visits)| *visits));
    RecordBatch::try_new(
        schema(),
        vec![Arc::new(ids), Arc::new(names), Arc::new(visits)],
    )
    .unwrap()
}

/// Rows with the ids, named and counted after them.
pub fn people(ids: impl IntoIterator<Item = i64>) -> Rows {
    let person = |id: i64| (id, (Some(format!("person {id:06}")), id as i32));
    ids.into_iter().map(person).collect()
}

fn stamp() -> Stamp {
    Stamp {
        run_id: "run".to_owned(),
        job: "job".to_owned(),
        spec_hash: "hash".to_owned(),
        inputs: "{}".to_owned(),
        extra: BTreeMap::new(),
    }
}

pub async fn append(table: &Table, rows: &Rows) -> Table {
    append_batch(table, batch(rows)).await
}

pub async fn append_batch(table: &Table, rows: RecordBatch) -> Table {
    let mut appender = table.appender();
    appender.write(rows).await.unwrap();
    appender.commit(stamp()).await.unwrap().table
}

/// Makes the rows with the ids in `keys` exactly `rows`; without keys, all rows.
pub async fn merge(table: &Table, keys: Option<&[i64]>, rows: &Rows) -> Table {
    let scope = match keys {
        None => Scope::Whole,
        Some(keys) => {
            let field = Field::new("id", DataType::Int64, false);
            let ids = Int64Array::from_iter_values(keys.iter().copied());
            let schema = Arc::new(Schema::new(vec![field]));
            Scope::Keys {
                columns: vec!["id".to_owned()],
                keys: RecordBatch::try_new(schema, vec![Arc::new(ids)]).unwrap(),
            }
        }
    };
    let merge = Merge {
        key: vec!["id".to_owned()],
        scope,
        rows: vec![batch(rows)],
    };
    table.merge(merge, stamp()).await.unwrap().table
}

/// A session with small batches and several partitions, so that their bounds fall inside files.
pub fn session() -> SessionContext {
    SessionContext::new_with_config(config())
}

pub fn config() -> SessionConfig {
    SessionConfig::new()
        .with_batch_size(7)
        .with_target_partitions(3)
}

/// All rows, in the order of their ids; an id may come twice.
pub async fn rows_of(provider: Arc<dyn TableProvider>) -> Vec<(i64, Content)> {
    let frame = session().read_table(provider).unwrap();
    let mut rows = Vec::new();
    for batch in frame.collect().await.unwrap() {
        let ids = batch.column(0).as_primitive::<Int64Type>();
        let names = batch.column(1).as_string::<i32>();
        let visits = batch.column(2).as_primitive::<Int32Type>();
        for row in 0..batch.num_rows() {
            let name = names.is_valid(row).then(|| names.value(row).to_owned());
            rows.push((ids.value(row), (name, visits.value(row))));
        }
    }
    rows.sort();
    rows
}

/// The scans of a plan.
pub fn scans(plan: &Arc<dyn ExecutionPlan>) -> Vec<FileScanConfig> {
    let mut found = Vec::new();
    if let Some(scan) = plan.as_any().downcast_ref::<DataSourceExec>()
        && let Some((config, _)) = scan.downcast_to_file_source::<ParquetSource>()
    {
        found.push(config.clone());
    }
    for child in plan.children() {
        found.extend(scans(child));
    }
    found
}
