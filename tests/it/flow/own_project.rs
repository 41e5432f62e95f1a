//! A project of its own, with the files that a test hands in, and its tables as text.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use c360_flow::{
    Clock, Engine, EngineOptions, ReadAt, RecordName, RunMode, RunReport, Selection, Silent,
    Verdict, VerifiedTable,
};
use c360_spec::{Project, SourceFile};
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::array_value_to_string;
use futures::TryStreamExt;
use tempfile::TempDir;

use super::lab::chain;

pub const SETTINGS: &str = "name: own\ndata: ./data\nwarehouse: {location: ./lake}\n";

pub struct OwnProject {
    folder: TempDir,
    files: Vec<SourceFile>,
    engine: Engine,
    as_of: String,
    runs: AtomicU32,
}

impl OwnProject {
    /// An empty lake under these files, seen as of one instant.
    pub async fn new(files: impl IntoIterator<Item = (&str, String)>, as_of: &str) -> Self {
        Self::with_options(files, as_of, EngineOptions::default()).await
    }

    /// The same, under other options.
    pub async fn with_options(
        files: impl IntoIterator<Item = (&str, String)>,
        as_of: &str,
        options: EngineOptions,
    ) -> Self {
        let settings = ("c360.yaml", SETTINGS.to_owned());
        let files = files.into_iter().chain([settings]);
        let files = files.map(|(path, text)| SourceFile {
            path: path.to_owned(),
            text,
        });
        let files: Vec<SourceFile> = files.collect();
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("data")).expect("a folder");
        Self {
            engine: open(&files, folder.path(), options).await,
            folder,
            files,
            as_of: as_of.to_owned(),
            runs: AtomicU32::new(0),
        }
    }

    /// Goes on over the same lake, under other options.
    pub async fn reopen_with(&mut self, options: EngineOptions) {
        self.engine = open(&self.files, self.folder.path(), options).await;
    }

    /// Goes on over the same lake, with another text in one of its files.
    pub async fn rewrite(&mut self, path: &str, text: String) {
        let file = self.files.iter_mut().find(|file| file.path == path);
        file.expect("a file of the project").text = text;
        self.reopen_with(EngineOptions::default()).await;
    }

    /// Goes on over the same lake, seen as of another instant.
    pub fn see_as_of(&mut self, as_of: &str) {
        self.as_of = as_of.to_owned();
    }

    /// A steward's decision, which the next run acts on.
    pub async fn decide(&self, names: [&RecordName; 2], same: bool) {
        let decided = self.engine.decide(names, same, &self.clock()).await;
        decided.unwrap_or_else(|error| panic!("{}", chain(&error)));
    }

    /// Where source files go.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn clock(&self) -> Clock {
        let instant = self.as_of.parse().expect("an instant");
        Clock {
            run_id: format!("run-{}", self.runs.fetch_add(1, Ordering::Relaxed)),
            now: instant,
            as_of: instant,
        }
    }

    /// The project and its lake.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Fails where a verification finds anything.
    pub async fn assert_verified(&self, what: &str) {
        let (jobs, clock) = (Selection::default(), self.clock());
        let report = self.engine.verify(&jobs, 5, &clock, &Silent).await;
        let report = report.unwrap_or_else(|error| panic!("{}", chain(&error)));
        let same = |table: &VerifiedTable| matches!(table.verdict, Verdict::Same { .. });
        let others: Vec<_> = report.tables.iter().filter(|it| !same(it)).collect();
        assert!(others.is_empty(), "{what}: {others:#?}");
    }

    /// Upkeep that finds everything worn and old.
    pub async fn maintain(&self) {
        let clock = Clock {
            now: "2100-01-01T00:00:00Z".parse().expect("an instant"),
            ..self.clock()
        };
        let upkeep = self.engine.maintain(&[], false, &clock).await;
        upkeep.unwrap_or_else(|error| panic!("{}", chain(&error)));
    }

    /// A run of all jobs.
    pub async fn run(&self) -> RunReport {
        let (jobs, clock) = (Selection::default(), self.clock());
        let report = self.engine.run(&jobs, &clock, &Silent).await;
        report.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// A run that computes all that all jobs make.
    pub async fn run_in_full(&self) -> RunReport {
        let (jobs, clock) = (Selection::default(), self.clock());
        let mode = RunMode {
            full: true,
            ..RunMode::default()
        };
        let report = self.engine.run_as(mode, &jobs, &clock, &Silent).await;
        report.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// The rows of a query.
    pub async fn rows(&self, sql: &str) -> Vec<RecordBatch> {
        let rows = self.engine.query(sql, &ReadAt::Newest, &self.clock()).await;
        let rows = rows.unwrap_or_else(|error| panic!("{}", chain(&error)));
        rows.try_collect().await.expect("rows")
    }

    /// The cells of a query as texts.
    pub async fn texts(&self, sql: &str) -> Vec<Vec<String>> {
        let mut texts = Vec::new();
        for batch in self.rows(sql).await {
            for row in 0..batch.num_rows() {
                let columns = batch.columns().iter();
                texts.push(columns.map(|column| text(column, row)).collect());
            }
        }
        texts
    }
}

async fn open(files: &[SourceFile], folder: &Path, options: EngineOptions) -> Engine {
    let project = Project::parse(files.to_vec(), &|_| None);
    let project = project.unwrap_or_else(|problems| panic!("{problems:?}"));
    let engine = Engine::open(project, folder, options).await;
    engine.unwrap_or_else(|error| panic!("{}", chain(&error)))
}

/// A cell as text.
pub fn text(column: &ArrayRef, row: usize) -> String {
    array_value_to_string(column, row).expect("a text")
}
