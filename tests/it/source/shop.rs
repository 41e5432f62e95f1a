//! A project of one source over a lake and a data folder of its own.

use std::cell::Cell;
use std::path::PathBuf;

use c360_catalog::{Table, Warehouse, WarehouseConfig};
use c360_flow::{Clock, Engine, EngineOptions, Error, JobReport, Selection, Silent};
use c360_spec::{Project, SourceFile};
use datafusion::arrow::array::Array;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

/// `id string` is the key, `v int` the value, `at date` the version, in every test that does not
/// say otherwise.
pub const CONTRACT: &str = "
contract: items
key: [id]
columns:
  - {name: id, type: string}
  - {name: v, type: int}
  - {name: at, type: date}
rejects: {max_percent: 100}
";

pub struct Shop {
    folder: TempDir,
    warehouse: Warehouse,
    engine: Engine,
    data: String,
    runs: Cell<u32>,
}

impl Shop {
    /// The usual contract, and a job with these lines.
    pub async fn new(job: &str) -> Self {
        Self::with_contract(CONTRACT, job).await
    }

    pub async fn with_contract(contract: &str, job: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let warehouse = Warehouse::open(config(&folder)).await.expect("a lake");
        Self::over(folder, warehouse, None, contract, job)
    }

    /// Over an open lake; data are in the folder unless a location is given.
    pub fn over(
        folder: TempDir,
        warehouse: Warehouse,
        data: Option<&str>,
        contract: &str,
        job: &str,
    ) -> Self {
        let data = data.map_or_else(
            || folder.path().join("data").display().to_string(),
            str::to_owned,
        );
        std::fs::create_dir_all(folder.path().join("data")).expect("a folder");
        let engine = engine(&warehouse, &data, contract, job);
        Self {
            folder,
            warehouse,
            engine,
            data,
            runs: Cell::new(0),
        }
    }

    /// The same lake and data under another contract or job.
    pub fn respecified(self, contract: &str, job: &str) -> Self {
        let engine = engine(&self.warehouse, &self.data, contract, job);
        Self { engine, ..self }
    }

    /// The same lake with data elsewhere.
    pub fn moved(self, data: &str, contract: &str, job: &str) -> Self {
        let engine = engine(&self.warehouse, data, contract, job);
        Self {
            engine,
            data: data.to_owned(),
            ..self
        }
    }

    pub fn warehouse(&self) -> &Warehouse {
        &self.warehouse
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("a file");
    }

    pub async fn try_run(&self) -> Result<JobReport, Error> {
        self.runs.set(self.runs.get() + 1);
        let now = "2012-01-01T00:00:00Z".parse().expect("an instant");
        let clock = Clock {
            run_id: format!("run-{}", self.runs.get()),
            now,
            as_of: now,
        };
        let mut report = self
            .engine
            .run(&Selection::default(), &clock, &Silent)
            .await?;
        Ok(report.jobs.remove(0))
    }

    pub async fn run(&self) -> JobReport {
        self.try_run()
            .await
            .unwrap_or_else(|error| panic!("{error}: {error:?}"))
    }

    /// Puts a file of `id,v,at` rows (`op,` before them where there is an op) and runs.
    pub async fn deliver(&self, name: &str, text: &str) -> JobReport {
        self.put(name, text);
        self.run().await
    }

    pub async fn table(&self, name: &str) -> Option<Table> {
        self.warehouse
            .table(&name.parse().expect("a name"))
            .await
            .expect("the catalog answers")
    }

    /// The rows of a table as sorted text; none when there is no table.
    pub async fn rows(&self, table: &str) -> Vec<String> {
        match self.table(table).await {
            Some(table) => rows(&self.warehouse, &table).await,
            None => Vec::new(),
        }
    }

    pub async fn check(&self, expected: &[&str]) {
        assert_eq!(self.rows("raw.items").await, expected);
    }
}

pub fn config(folder: &TempDir) -> WarehouseConfig {
    let lake = folder.path().join("lake").display().to_string();
    WarehouseConfig {
        catalog_uri: format!("sqlite:{lake}/catalog.db"),
        location: lake,
        s3: None,
    }
}

fn engine(warehouse: &Warehouse, data: &str, contract: &str, job: &str) -> Engine {
    let file = |path: &str, text: String| SourceFile {
        path: path.into(),
        text,
    };
    let job = format!("job: items\nkind: source\ncontract: items\n{job}");
    let files = vec![
        file(
            "c360.yaml",
            format!("name: shop\ndata: {data}\nwarehouse: {{location: ./lake}}\n"),
        ),
        file("schemas/items.yaml", contract.to_owned()),
        file("jobs/items.yaml", job),
    ];
    let project =
        Project::parse(files, &|_| None).unwrap_or_else(|problems| panic!("{problems:?}"));
    Engine::over(project, warehouse.clone(), &EngineOptions::default()).expect("an engine")
}

pub async fn rows(warehouse: &Warehouse, table: &Table) -> Vec<String> {
    let context = SessionContext::new();
    warehouse.stores().register_all(&context.runtime_env());
    let frame = context
        .read_table(table.provider().await.expect("a provider"))
        .expect("a frame");
    let batches = frame.collect().await.expect("rows");
    let mut rows = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cells = batch
                .columns()
                .iter()
                .map(|column| match column.is_null(row) {
                    true => "∅".to_owned(),
                    false => array_value_to_string(column, row).expect("a text"),
                });
            rows.push(cells.collect::<Vec<_>>().join(","));
        }
    }
    rows.sort();
    rows
}
