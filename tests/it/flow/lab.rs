//! A project in a temporary folder, run as the command line would run it, and its tables as comparable text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use c360_catalog::{Table, Warehouse};
use c360_flow::{
    Clock, Engine, EngineOptions, Plan, ReadAt, RecordName, RunMode, RunReport, Sample, Selection,
    Silent, UpkeepReport, Verdict, Verification, VerifiedTable,
};
use c360_spec::{Project, SourceFile, TableName};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions, array_value_to_string};
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;
use tempfile::TempDir;

/// Rows by table, as sorted text.
pub type Tables = BTreeMap<String, Vec<String>>;

/// The shipped retail project over its own data folder and lake.
pub struct Lab {
    folder: Option<TempDir>,
    settings: String,
    engine: Engine,
    runs: AtomicU32,
}

/// A change of a file of the shipped project.
pub struct Edit {
    pub path: &'static str,
    pub from: &'static str,
    pub to: &'static str,
}

impl Lab {
    /// An empty lake beside an empty data folder.
    pub async fn new() -> Self {
        Self::with(SETTINGS).await
    }

    /// The same, with this `upkeep`.
    pub async fn keeping(upkeep: &str) -> Self {
        Self::with(&format!("{SETTINGS}upkeep: {upkeep}\n")).await
    }

    /// The same, with these `breakers`.
    pub async fn held(breakers: &str) -> Self {
        Self::with(&format!("{SETTINGS}breakers: {breakers}\n")).await
    }

    async fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("data")).expect("a data folder");
        let lab = Self::open_with(settings, folder.path()).await;
        Self {
            folder: Some(folder),
            ..lab
        }
    }

    /// A lake that is open already, beside an empty data folder.
    pub fn over(warehouse: Warehouse) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("data")).expect("a data folder");
        let lab = Self::at(folder.path(), warehouse);
        Self {
            folder: Some(folder),
            ..lab
        }
    }

    /// The same, beside the data folder of a project on disk.
    pub fn at(root: &Path, warehouse: Warehouse) -> Self {
        let data = root.join("data");
        let data = data.to_str().expect("a path in UTF-8");
        let settings = SETTINGS.replace("./data", data);
        let engine = Engine::over(shipped(&settings), warehouse, &EngineOptions::default())
            .expect("an engine");
        Self {
            folder: None,
            settings,
            engine,
            runs: AtomicU32::new(0),
        }
    }

    /// The lake of a project on disk.
    pub async fn open(root: &Path) -> Self {
        Self::open_with(SETTINGS, root).await
    }

    async fn open_with(settings: &str, root: &Path) -> Self {
        let engine = Engine::open(shipped(settings), root, EngineOptions::default())
            .await
            .expect("the lake opens");
        Self {
            folder: None,
            settings: settings.into(),
            engine,
            runs: AtomicU32::new(0),
        }
    }

    /// The same lake under an edited project.
    pub async fn edited(self, edit: &Edit) -> Self {
        let folder = self.folder.as_ref().expect("a lab of its own");
        let project = edited(&self.settings, Some(edit));
        let engine = Engine::open(project, folder.path(), EngineOptions::default()).await;
        Self {
            engine: engine.expect("the lake opens"),
            ..self
        }
    }

    /// A steward's decision, which the next run acts on.
    pub async fn decide(&self, names: [&RecordName; 2], same: bool) {
        let clock = self.clock("2012-01-01T00:00:00Z");
        let decided = self.engine.decide(names, same, &clock).await;
        decided.unwrap_or_else(|error| panic!("{}", chain(&error)));
    }

    /// The project and its lake.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where the lake's files are.
    pub fn lake(&self) -> PathBuf {
        self.data().with_file_name("lake")
    }

    /// Where source files go.
    pub fn data(&self) -> PathBuf {
        self.folder
            .as_ref()
            .expect("a lab of its own")
            .path()
            .join("data")
    }

    /// A run of all jobs, seen as of `as_of`.
    pub async fn run(&self, as_of: &str) -> RunReport {
        let report = self.try_run(RunMode::default(), as_of).await;
        report.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// The same as it may go.
    pub async fn try_run(&self, mode: RunMode, as_of: &str) -> c360_flow::Result<RunReport> {
        let clock = self.clock(as_of);
        self.engine
            .run_as(mode, &Selection::default(), &clock, &Silent)
            .await
    }

    /// What a run of all jobs would do.
    pub async fn plan(&self, as_of: &str) -> Plan {
        let (jobs, clock) = (Selection::default(), self.clock(as_of));
        let plan = self.engine.plan(&jobs, &clock).await;
        plan.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// A run of these jobs.
    pub async fn run_jobs(&self, jobs: &[&str], as_of: &str) -> RunReport {
        let jobs = Selection(jobs.iter().map(ToString::to_string).collect());
        let run = self.engine.run(&jobs, &self.clock(as_of), &Silent).await;
        run.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// A run that computes all that these jobs make; none: all jobs.
    pub async fn run_in_full(&self, jobs: &[&str], as_of: &str) -> RunReport {
        let jobs = Selection(jobs.iter().map(ToString::to_string).collect());
        let clock = self.clock(as_of);
        let mode = RunMode {
            full: true,
            ..RunMode::default()
        };
        let run = self.engine.run_as(mode, &jobs, &clock, &Silent);
        run.await
            .unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// What is wrong with the lake.
    pub async fn verify(&self, as_of: &str) -> Verification {
        let (jobs, clock) = (Selection::default(), self.clock(as_of));
        let report = self.engine.verify(&jobs, 5, &clock, &Silent);
        report
            .await
            .unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// What is wrong with the rows of some keys.
    pub async fn verify_sample(&self, percent: f64, seed: u32, as_of: &str) -> Verification {
        let (jobs, clock) = (Selection::default(), self.clock(as_of));
        let sample = Sample::new(percent, seed).expect("a sample");
        let report = self
            .engine
            .verify_sample(sample, &jobs, 5, &clock, &Silent)
            .await;
        report.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// Fails where a verification finds anything.
    pub async fn assert_verified(&self, as_of: &str, what: &str) {
        let report = self.verify(as_of).await;
        let same = |table: &VerifiedTable| matches!(table.verdict, Verdict::Same { .. });
        let others: Vec<_> = report.tables.iter().filter(|it| !same(it)).collect();
        assert!(others.is_empty(), "{what}: {others:#?}");
    }

    /// The same by a model of the records that there are, which is what a rebuild would train.
    pub async fn run_retrained(&self, as_of: &str) -> RunReport {
        let trained = self.engine.train(&self.clock(as_of)).await;
        trained.unwrap_or_else(|error| panic!("{}", chain(&error)));
        self.run(as_of).await
    }

    /// Upkeep of all tables, long after everything was written.
    pub async fn maintain(&self) -> UpkeepReport {
        let report = self.try_maintain(&[], false).await;
        report.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// The same of some tables, or of all, perhaps as a dry run.
    pub async fn try_maintain(
        &self,
        tables: &[TableName],
        dry_run: bool,
    ) -> c360_flow::Result<UpkeepReport> {
        let clock = self.clock("2100-01-01T00:00:00Z");
        self.engine.maintain(tables, dry_run, &clock).await
    }

    /// What each epoch shows of the published customers, oldest first.
    pub async fn shown(&self) -> Vec<Vec<String>> {
        let epochs = self
            .engine
            .warehouse()
            .epochs()
            .list()
            .await
            .expect("epochs");
        let mut shown = Vec::new();
        for epoch in epochs {
            let rows = self.shown_by(&ReadAt::Epoch(epoch.number)).await;
            shown.push(rows.unwrap_or_else(|error| panic!("{}", chain(&error))));
        }
        shown
    }

    /// The published customers at one time.
    pub async fn shown_by(&self, at: &ReadAt) -> c360_flow::Result<Vec<String>> {
        let clock = self.clock("2100-01-01T00:00:00Z");
        let sql = "SELECT * FROM publish.customer360";
        Ok(lines(self.engine.query(sql, at, &clock).await?).await)
    }

    fn clock(&self, as_of: &str) -> Clock {
        let number = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        let as_of = as_of.parse().expect("an instant");
        Clock {
            run_id: format!("run-{number}"),
            now: as_of,
            as_of,
        }
    }

    /// Every row of every table that a rebuild makes again, as sorted text.
    pub async fn tables(&self) -> Tables {
        let mut tables = BTreeMap::new();
        let rebuilt = self.engine.rebuilt_tables();
        for name in self.engine.warehouse().tables().await.expect("tables") {
            if rebuilt.contains(&name) {
                tables.insert(
                    name.to_string(),
                    self.rows(&format!("SELECT * FROM {name}")).await,
                );
            }
        }
        tables
    }

    /// The rows of a query, as sorted text.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        rows_of(&self.engine, sql).await
    }

    /// The rows of a query, cell by cell.
    pub async fn query(&self, sql: &str) -> c360_flow::Result<Vec<Vec<String>>> {
        query(&self.engine, sql).await
    }
}

/// The rows of a query, as sorted text.
pub async fn rows_of(engine: &Engine, sql: &str) -> Vec<String> {
    let rows = query(engine, sql).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {}", chain(&error)));
    let mut rows: Vec<String> = rows.iter().map(|row| row.join(" | ")).collect();
    rows.sort();
    rows
}

async fn query(engine: &Engine, sql: &str) -> c360_flow::Result<Vec<Vec<String>>> {
    let instant = "2012-01-01T00:00:00Z".parse().expect("an instant");
    let clock = Clock {
        run_id: "query".into(),
        now: instant,
        as_of: instant,
    };
    let stream = engine.query(sql, &ReadAt::Newest, &clock).await?;
    let batches: Vec<RecordBatch> = stream.try_collect().await?;
    Ok(batches.iter().flat_map(cells).collect())
}

fn cells(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("∅");
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options).expect("a format"))
        .collect();
    (0..batch.num_rows())
        .map(|row| {
            columns
                .iter()
                .map(|column| column.value(row).to_string())
                .collect()
        })
        .collect()
}

/// The rows of a query as sorted lines, cells parted by commas.
pub async fn lines(rows: SendableRecordBatchStream) -> Vec<String> {
    let batches: Vec<RecordBatch> = rows.try_collect().await.expect("rows");
    let line = |batch: &RecordBatch, row| {
        let cells = batch.columns().iter();
        let cells = cells.map(|column| array_value_to_string(column, row).expect("a text"));
        cells.collect::<Vec<_>>().join(",")
    };
    let lines = |batch: &RecordBatch| -> Vec<String> {
        (0..batch.num_rows()).map(|row| line(batch, row)).collect()
    };
    let mut lines: Vec<String> = batches.iter().flat_map(lines).collect();
    lines.sort();
    lines
}

/// The error and its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

const SETTINGS: &str = "name: lab\ndata: ./data\nwarehouse: {location: ./lake}\n";

/// The project at the repository's root, with other settings.
pub fn shipped(settings: &str) -> Project {
    edited(settings, None)
}

fn edited(settings: &str, edit: Option<&Edit>) -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut is_edited = edit.is_none();
    let mut files = vec![SourceFile {
        path: "c360.yaml".into(),
        text: settings.into(),
    }];
    for folder in ["jobs", "schemas", "sql", "sql/checks"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a project folder") {
            let path = entry.expect("an entry").path();
            if path
                .extension()
                .is_some_and(|end| end == "yaml" || end == "sql")
            {
                let name = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .expect("a name");
                let mut text = std::fs::read_to_string(&path).expect("a text file");
                let path = format!("{folder}/{name}");
                if let Some(edit) = edit.filter(|edit| edit.path == path) {
                    assert!(text.contains(edit.from), "{path} has no {}", edit.from);
                    text = text.replace(edit.from, edit.to);
                    is_edited = true;
                }
                files.push(SourceFile { path, text });
            }
        }
    }
    assert!(is_edited, "no file is edited");
    Project::parse(files, &|_| None).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Fails where tables of two lakes that `is_meant` differ, cell for cell. Returns how many rows each has.
pub async fn assert_same_lakes(
    left: &Engine,
    right: &Engine,
    is_meant: impl Fn(&TableName) -> bool,
    what: &str,
) -> BTreeMap<String, u64> {
    let mut rows = BTreeMap::new();
    for name in left.rebuilt_tables().into_iter().filter(is_meant) {
        let table = async |engine: &Engine| engine.warehouse().table(&name).await.expect("tables");
        let (one, other) = (table(left).await, table(right).await);
        assert_eq!(columns(&one), columns(&other), "{what}: {name}");
        let found = left.compare(one.as_ref(), other.as_ref(), 5).await;
        let found = found.unwrap_or_else(|error| panic!("{}", chain(&error)));
        assert!(found.is_same(), "{what}: {name} differs: {found:#?}");
        rows.insert(name.to_string(), found.rows);
    }
    rows
}

/// Names and types; none where there is no table.
fn columns(table: &Option<Table>) -> Option<Vec<(String, String)>> {
    let schema = table.as_ref()?.schema();
    let fields = schema.fields().iter();
    let fields = fields.map(|field| (field.name().clone(), field.data_type().to_string()));
    Some(fields.collect())
}

/// Fails with the first difference, table by table.
pub fn assert_same(left: &Tables, right: &Tables, what: &str) {
    let names = |tables: &Tables| tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(left), names(right), "{what}: other tables");
    for (table, rows) in left {
        let other = &right[table];
        if rows == other {
            continue;
        }
        let only_left: Vec<_> = rows
            .iter()
            .filter(|row| !other.contains(row))
            .take(5)
            .collect();
        let only_right: Vec<_> = other
            .iter()
            .filter(|row| !rows.contains(row))
            .take(5)
            .collect();
        assert!(
            only_left.is_empty() && only_right.is_empty() && rows.len() == other.len(),
            "{what}: {table} differs ({} rows against {})\n  only left:  {only_left:#?}\n  only right: {only_right:#?}",
            rows.len(),
            other.len(),
        );
    }
}
