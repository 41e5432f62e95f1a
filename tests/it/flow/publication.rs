//! What readers of the epochs and of the change tables see: two jobs that publish, rollbacks, checks, lost races.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use c360_catalog::Epoch;
use c360_flow::{
    Clock, Engine, EngineOptions, Error, Kind, ReadAt, RunMode, RunReport, Selection, Silent,
};
use c360_spec::{Project, SourceFile};
use tempfile::TempDir;

use super::lab::{chain, lines};
use crate::catalog::lakes::missing_files;

/// Apples and pears, each with a file that changes them and a job that publishes them. Apples come first.
struct Market {
    folder: TempDir,
    engine: Engine,
    runs: AtomicU32,
}

const SQL: &str = "SELECT id, v FROM raw.{fruit}";

impl Market {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("data")).expect("a folder");
        let engine = open(&folder, SQL).await;
        let runs = AtomicU32::new(0);
        Self {
            folder,
            engine,
            runs,
        }
    }

    /// The same lake and files under other SQL.
    async fn respecified(self, sql: &str) -> Self {
        let engine = open(&self.folder, sql).await;
        Self { engine, ..self }
    }

    fn clock(&self) -> Clock {
        let now = "2012-01-01T00:00:00Z".parse().expect("an instant");
        Clock {
            run_id: format!("run-{}", self.runs.fetch_add(1, Ordering::Relaxed)),
            now,
            as_of: now,
        }
    }

    /// Puts `op,id,v,at` rows for the next run.
    fn put(&self, fruit: &str, rows: &str) {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let file = format!("data/{fruit}-{number:03}.csv");
        let rows = format!("op,id,v,at\n{}\n", rows.replace(' ', "\n"));
        std::fs::write(self.folder.path().join(file), rows).expect("a file");
    }

    async fn try_run(&self, jobs: &[&str]) -> Result<RunReport, Error> {
        let jobs = Selection(jobs.iter().map(ToString::to_string).collect());
        self.engine.run(&jobs, &self.clock(), &Silent).await
    }

    async fn run(&self) -> RunReport {
        let report = self.try_run(&[]).await;
        report.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// A run that lets through what breakers stop; what it warns of.
    async fn run_accepting(&self) -> Vec<String> {
        let mode = RunMode {
            accept: true,
            ..RunMode::default()
        };
        let (jobs, clock) = (Selection::default(), self.clock());
        let report = self.engine.run_as(mode, &jobs, &clock, &Silent).await;
        let report = report.unwrap_or_else(|error| panic!("{}", chain(&error)));
        let jobs = report.jobs.into_iter();
        jobs.flat_map(|job| job.outcome.warnings).collect()
    }

    /// Apples `a` and `b` as epoch 1, pear `p` as epoch 2.
    async fn opened() -> Self {
        let market = Self::new().await;
        market.put("apples", "I,a,1,1 I,b,1,1");
        market.put("pears", "I,p,1,1");
        market.run().await;
        market.check_latest(2).await;
        market
    }

    async fn roll_back(&self, to: u64) -> Epoch {
        let epoch = self.engine.rollback(to, &self.clock()).await;
        epoch.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    /// Upkeep long after everything was written: all but the latest epoch are over. Twice, since what epochs showed
    /// goes the time after.
    async fn keep_up(&self) {
        let now = "2100-01-01T00:00:00Z".parse().expect("an instant");
        let clock = Clock {
            now,
            ..self.clock()
        };
        for _ in 0..2 {
            let report = self.engine.maintain(&[], false, &clock).await;
            report.unwrap_or_else(|error| panic!("{}", chain(&error)));
        }
    }

    /// Whether all files are there that readers of an epoch open.
    async fn check_files(&self, epoch: u64) {
        let epochs = self.engine.warehouse().epochs();
        let epoch = epochs.get(epoch).await.expect("epochs").expect("the epoch");
        for (name, shown) in &epoch.tables {
            let table = self.engine.warehouse().table(name).await;
            let table = table.expect("a lake").expect("a table");
            let shown = table.at_snapshot(shown.snapshot_id).expect("the snapshot");
            let missing = missing_files(table.metadata_location());
            assert!(missing.is_empty(), "{missing:?}");
            shown.provider().await.expect("readable");
        }
    }

    async fn check_latest(&self, number: u64) {
        let latest = self.engine.warehouse().epochs().latest().await;
        let latest = latest.expect("epochs").map(|epoch| epoch.number);
        assert_eq!(latest, Some(number));
    }

    /// The rows of a published table that an epoch shows.
    async fn check_shown(&self, epoch: u64, table: &str, expected: &[&str]) {
        let shown = self.rows(table, ReadAt::Epoch(epoch)).await;
        assert_eq!(shown, expected, "{table} in epoch {epoch}");
    }

    /// Whether readers that take the newest snapshot of an epoch's metadata files see what the epoch shows.
    async fn check_metadata(&self, epoch: u64) {
        let epochs = self.engine.warehouse().epochs();
        let epoch = epochs.get(epoch).await.expect("epochs").expect("the epoch");
        for (name, shown) in &epoch.tables {
            let path = shown.metadata_location.trim_start_matches("file://");
            let metadata = std::fs::read(path).expect("a metadata file");
            let metadata: serde_json::Value = serde_json::from_slice(&metadata).expect("JSON");
            assert_eq!(
                metadata["current-snapshot-id"], shown.snapshot_id,
                "{name} in epoch {}",
                epoch.number
            );
        }
    }

    /// The rows of a change table, newest and as the latest epoch shows it.
    async fn check_changes(&self, fruit: &str, expected: &[&str]) {
        let table = format!("{fruit}_changes");
        let latest = self.engine.warehouse().epochs().latest().await;
        let latest = latest.expect("epochs").expect("an epoch").number;
        for at in [ReadAt::Newest, ReadAt::Epoch(latest)] {
            assert_eq!(self.rows(&table, at).await, expected, "{table} at {at:?}");
        }
    }

    async fn rows(&self, table: &str, at: ReadAt) -> Vec<String> {
        let sql = format!("SELECT * FROM publish.{table}");
        let stream = self.engine.query(&sql, &at, &self.clock()).await;
        lines(stream.unwrap_or_else(|error| panic!("{}", chain(&error)))).await
    }

    fn epoch_file(&self, number: u64) -> PathBuf {
        self.folder
            .path()
            .join(format!("lake/epochs/{number}.json"))
    }

    /// Has `number` published by a rival that moved nothing, in place of the run that had it.
    fn give_away(&self, number: u64) {
        let before = std::fs::read(self.epoch_file(number - 1)).expect("an epoch");
        let mut rival: Epoch = serde_json::from_slice(&before).expect("an epoch");
        rival.number = number;
        rival.run_id = "rival".into();
        let bytes = serde_json::to_vec(&rival).expect("JSON");
        std::fs::write(self.epoch_file(number), bytes).expect("a file");
    }
}

async fn open(folder: &TempDir, sql: &str) -> Engine {
    let engine = Engine::open(project(sql), folder.path(), EngineOptions::default()).await;
    engine.unwrap_or_else(|error| panic!("{}", chain(&error)))
}

fn project(sql: &str) -> Project {
    let mut files = vec![file(
        "c360.yaml",
        "name: market\ndata: ./data\nwarehouse: {location: ./lake}\nupkeep: {snapshots_days: 0, epochs_days: 1, small_files: 2}\n",
        "",
    )];
    for (fruit, severity) in [("apples", "block"), ("pears", "warn")] {
        let publish = PUBLISH.replace("{severity}", severity);
        files.extend([
            file("schemas/{fruit}.yaml", CONTRACT, fruit),
            file("jobs/{fruit}.yaml", SOURCE, fruit),
            file("jobs/published_{fruit}.yaml", &publish, fruit),
            file("sql/{fruit}.sql", sql, fruit),
        ]);
    }
    Project::parse(files, &|_| None).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn file(path: &str, text: &str, fruit: &str) -> SourceFile {
    SourceFile {
        path: path.replace("{fruit}", fruit),
        text: text.replace("{fruit}", fruit),
    }
}

const CONTRACT: &str = "
contract: {fruit}
key: [id]
columns:
  - {name: id, type: string}
  - {name: v, type: int}
  - {name: at, type: int}
";

const SOURCE: &str = "
job: {fruit}
kind: source
contract: {fruit}
files: ['{fruit}-*.csv']
format: {type: csv}
mode: cdc
order_by: at
op: {column: op}
";

const PUBLISH: &str = "
job: published_{fruit}
kind: publish
table: publish.{fruit}
sql: sql/{fruit}.sql
by: id
checks: [{check: not_null, columns: [v], severity: {severity}}]
";

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_epoch_by_epoch_rollbacks_included() {
    let market = Market::opened().await;
    market.put("apples", "U,a,2,2 D,b,,2 I,c,1,2");
    market.run().await;
    let mut changes = vec![
        "1,insert,a,1",
        "1,insert,b,1",
        "3,delete,b,",
        "3,insert,c,1",
        "3,update,a,2",
    ];
    market.check_changes("apples", &changes).await;
    assert_eq!(market.roll_back(2).await.number, 4);
    changes.extend(["4,delete,c,", "4,insert,b,1", "4,update,a,1"]);
    market.check_changes("apples", &changes).await;
    market.check_changes("pears", &["2,insert,p,1"]).await;
    market.check_shown(4, "apples", &["a,1", "b,1"]).await;
    for epoch in 1..=4 {
        market.check_metadata(epoch).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_is_not_older_than_its_tables() {
    let market = Market::opened().await;
    let epochs = market.engine.warehouse().epochs();
    let epoch = epochs.get(2).await.expect("epochs").expect("an epoch");
    let at = ReadAt::Timestamp(epoch.published_at);
    assert_eq!(market.rows("pears", at).await, ["p,1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_lasts_until_there_is_news_of_what_was_rolled_back() {
    let market = Market::opened().await;
    market.put("apples", "U,a,2,2");
    market.run().await;
    market.roll_back(2).await;
    assert!(market.run().await.nothing_happened());
    market.check_latest(4).await;

    market.put("pears", "U,p,2,2");
    market.run().await;
    assert!(market.run().await.nothing_happened());
    market.check_latest(5).await;
    market.check_shown(5, "pears", &["p,2"]).await;
    market.check_shown(5, "apples", &["a,1", "b,1"]).await;

    market.put("apples", "U,b,2,2");
    market.run().await;
    market.check_shown(6, "apples", &["a,2", "b,2"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_concerns_every_job_that_publishes() {
    let market = Market::opened().await;
    market.put("apples", "U,a,2,2");
    market.put("pears", "U,p,2,2");
    market.run().await;
    market.roll_back(2).await;
    let apples = ["1,insert,a,1", "1,insert,b,1", "3,update,a,2"];
    let apples = [&apples[..], &["5,update,a,1"]].concat();
    market.check_changes("apples", &apples).await;
    let pears = ["2,insert,p,1", "4,update,p,2", "5,update,p,1"];
    market.check_changes("pears", &pears).await;
    assert!(market.run().await.nothing_happened());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_came_later_stays_through_a_rollback() {
    let market = Market::new().await;
    for apples in ["I,a,1,1", "U,a,2,2"] {
        market.put("apples", apples);
        market.try_run(&["apples+"]).await.expect("a run");
    }
    market.put("pears", "I,p,1,1");
    market.try_run(&["pears+"]).await.expect("a run");
    market.check_latest(3).await;
    market.roll_back(1).await;
    market.check_shown(4, "apples", &["a,1"]).await;
    market.check_shown(4, "pears", &["p,1"]).await;
    market.check_changes("pears", &["3,insert,p,1"]).await;
    assert!(market.run().await.nothing_happened());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_goes_back_past_a_new_column() {
    let market = Market::opened().await;
    let market = market
        .respecified("SELECT id, v, v * 2 AS doubled FROM raw.{fruit}")
        .await;
    market.run().await;
    market.check_shown(4, "apples", &["a,1,2", "b,1,2"]).await;
    market.roll_back(2).await;
    market.check_shown(5, "apples", &["a,1", "b,1"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_lose_a_column_only_if_somebody_accepts_it() {
    let market = Market::opened().await;
    let market = market
        .respecified("SELECT id, CAST(v AS string) AS v, v + 1 AS w FROM raw.{fruit}")
        .await;
    let error = market.try_run(&[]).await.expect_err("a stop");
    let expected = "column v of publish.apples is gone or has another type";
    assert!(error.to_string().contains(expected), "{error}");
    market.check_latest(2).await;
    market.check_shown(2, "apples", &["a,1", "b,1"]).await;
    let warnings = market.run_accepting().await;
    let of_apples = warnings.iter().filter(|warning| *warning == expected);
    assert_eq!(of_apples.count(), 1, "{warnings:?}");
    market.check_shown(4, "apples", &["a,1,2", "b,1,2"]).await;
    market.put("apples", "U,a,2,2");
    market.run().await;
    market.check_shown(5, "apples", &["a,2,3", "b,1,2"]).await;
    // Numbers are out of sight in the log, which earlier epochs show as it was.
    let changes = [
        "1,insert,a,,",
        "1,insert,b,,",
        "3,update,a,1,2",
        "3,update,b,1,2",
        "5,update,a,2,3",
    ];
    market.check_changes("apples", &changes).await;

    assert_eq!(market.roll_back(2).await.number, 6);
    market.check_shown(6, "apples", &["a,1", "b,1"]).await;
    let told = market.rows("apples_changes", ReadAt::Epoch(6)).await;
    assert!(told.contains(&"6,update,a,,1".to_owned()), "{told:?}");
    assert_eq!(told.len(), changes.len() + 2, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_blocks_keeps_the_last_epoch_and_one_that_warns_does_not() {
    let market = Market::opened().await;
    market.put("apples", "I,c,,2");
    let error = market.try_run(&[]).await.expect_err("a blocked run");
    assert_eq!(error.kind(), Kind::Data);
    let expected = "nothing was published: check not_null(v) on publish.apples: 1 rows";
    assert!(error.to_string().starts_with(expected), "{error}");
    market.check_latest(2).await;

    market.put("apples", "U,c,1,3");
    market.put("pears", "I,q,,2");
    let report = market.run().await;
    let warnings: Vec<&String> = report
        .jobs
        .iter()
        .flat_map(|job| &job.outcome.warnings)
        .collect();
    assert!(
        matches!(&warnings[..], [warning] if warning.starts_with("check not_null(v) on publish.pears")),
        "{warnings:?}"
    );
    market
        .check_shown(4, "apples", &["a,1", "b,1", "c,1"])
        .await;
    market.check_shown(4, "pears", &["p,1", "q,"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_whose_epoch_another_run_took_get_the_number_that_shows_them() {
    let market = Market::opened().await;
    market.put("apples", "U,a,2,2");
    market.run().await;
    market.give_away(3);
    market.run().await;
    market.check_latest(4).await;
    let mut changes = vec!["1,insert,a,1", "1,insert,b,1", "4,update,a,2"];
    market.check_changes("apples", &changes).await;

    market.put("apples", "U,a,3,3");
    market.run().await;
    market.give_away(5);
    market.put("apples", "D,a,,4");
    market.run().await;
    changes.push("6,delete,a,");
    market.check_changes("apples", &changes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_run_that_died_before_its_epoch_are_told_once() {
    let market = Market::opened().await;
    market.put("apples", "U,a,2,2");
    market.run().await;
    std::fs::remove_file(market.epoch_file(3)).expect("a file");
    market.run().await;
    let before = ["1,insert,a,1", "1,insert,b,1"];
    let changes = [&before[..], &["3,update,a,2"]].concat();
    market.check_changes("apples", &changes).await;

    std::fs::remove_file(market.epoch_file(3)).expect("a file");
    market.put("apples", "U,a,3,3");
    market.run().await;
    let changes = [&before[..], &["3,update,a,3"]].concat();
    market.check_changes("apples", &changes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_an_epoch_shows_outlive_a_rival_append_under_its_number() {
    let market = Market::opened().await;
    market.put("apples", "U,a,2,2");
    market.run().await;
    let winner = std::fs::read(market.epoch_file(3)).expect("an epoch");
    std::fs::remove_file(market.epoch_file(3)).expect("a file");
    market.put("apples", "U,a,3,3 I,c,1,3");
    market.run().await;
    std::fs::write(market.epoch_file(3), winner).expect("a file");
    market.run().await;
    market.check_latest(4).await;
    let changes = [
        "1,insert,a,1",
        "1,insert,b,1",
        "3,update,a,2",
        "4,insert,c,1",
        "4,update,a,3",
    ];
    market.check_changes("apples", &changes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_latest_epoch_took_over_stays_when_older_ones_retire() {
    let market = Market::opened().await;
    market.put("pears", "U,p,2,2");
    market.run().await;
    market.keep_up().await;
    assert!(
        market
            .engine
            .warehouse()
            .epochs()
            .get(1)
            .await
            .expect("epochs")
            .is_none()
    );
    market.check_shown(3, "apples", &["a,1", "b,1"]).await;
    market.check_shown(3, "pears", &["p,2"]).await;
    market.check_metadata(3).await;
    market.check_files(3).await;
    market.put("apples", "U,a,2,2");
    market.run().await;
    market.check_shown(4, "apples", &["a,2", "b,1"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rolled_back_to_stays_when_older_epochs_retire() {
    let market = Market::opened().await;
    market.put("apples", "U,a,2,2");
    market.run().await;
    market.roll_back(2).await;
    market.put("pears", "U,p,2,2");
    market.run().await;
    market.check_latest(5).await;
    market.keep_up().await;
    market.check_shown(5, "apples", &["a,1", "b,1"]).await;
    market.check_metadata(5).await;
    market.check_files(5).await;
}
