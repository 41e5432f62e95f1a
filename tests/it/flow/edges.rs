//! Runs over inputs and specs at the edge of what is allowed: races, nulls, clocks, expired snapshots, wrong windows,
//! empty identifiers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use c360_catalog::{Warehouse, WarehouseConfig};
use c360_flow::{Clock, Engine, EngineOptions, Error, JobReport, Kind, ReadAt, Selection, Silent};
use c360_spec::{Project, SourceFile};
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::lab::{Edit, Lab, assert_same_lakes, chain, lines};
use super::retailer::Retailer;

const AS_OF: &str = "2012-01-01T00:00:00Z";

/// Orders, and the jobs that a test adds.
struct Ledger {
    folder: TempDir,
    engine: Engine,
    runs: AtomicU32,
}

impl Ledger {
    async fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("data")).expect("a folder");
        let warehouse = Warehouse::open(config(&folder)).await.expect("a lake");
        let engine = engine(&folder, warehouse, files);
        Self {
            folder,
            engine,
            runs: AtomicU32::new(0),
        }
    }

    /// Puts `id,person,amount` rows, parted by blanks, for the next run.
    fn put(&self, rows: &str) {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let file = self
            .folder
            .path()
            .join(format!("data/orders-{number:03}.csv"));
        let rows: String = rows
            .split(' ')
            .map(|row| format!("{row},2011-01-{:02}\n", number + 1))
            .collect();
        std::fs::write(file, format!("id,person,amount,at\n{rows}")).expect("a file");
    }

    fn clock(&self, as_of: &str) -> Clock {
        let as_of = as_of.parse().expect("an instant");
        Clock {
            run_id: format!("run-{}", self.runs.fetch_add(1, Ordering::Relaxed)),
            now: as_of,
            as_of,
        }
    }

    /// Runs `job` with all before it, or alone, and tells what it did.
    async fn try_run(&self, job: &str, as_of: &str) -> Result<JobReport, Error> {
        run(&self.engine, job, &self.clock(as_of)).await
    }

    async fn run(&self, job: &str) -> JobReport {
        let report = self.try_run(job, AS_OF).await;
        report.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    async fn rows(&self, sql: &str) -> Vec<String> {
        let clock = self.clock(AS_OF);
        let stream = self.engine.query(sql, &ReadAt::Newest, &clock).await;
        lines(stream.unwrap_or_else(|error| panic!("{}", chain(&error)))).await
    }

    async fn check_totals(&self, expected: &[&str]) {
        assert_eq!(self.rows("SELECT * FROM customer.totals").await, expected);
    }

    /// The same totals come out of a run over all files at once.
    async fn check_rebuilt(&self, files: &[(&str, &str)]) {
        let rebuilt = Self::new(files).await;
        for entry in std::fs::read_dir(self.folder.path().join("data")).expect("a folder") {
            let from = entry.expect("an entry").path();
            let to = rebuilt.folder.path().join("data");
            let name = from.file_name().expect("a name");
            std::fs::copy(&from, to.join(name)).expect("a file");
        }
        rebuilt.run("+totals").await;
        let expected = rebuilt.rows("SELECT * FROM customer.totals").await;
        assert_eq!(
            self.rows("SELECT * FROM customer.totals").await,
            expected,
            "incremental (left) and rebuilt (right)"
        );
    }

    /// Changes a table's newest metadata as only others would.
    async fn tamper(&self, table: &str, change: impl FnOnce(&mut Value)) {
        let name = table.parse().expect("a name");
        let table = self.engine.warehouse().table(&name).await;
        let table = table.expect("the catalog answers").expect("a table");
        let path = table.metadata_location().trim_start_matches("file://");
        let mut metadata: Value =
            serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
        change(&mut metadata);
        std::fs::write(path, metadata.to_string()).expect("a file");
    }
}

async fn run(engine: &Engine, job: &str, clock: &Clock) -> Result<JobReport, Error> {
    let selection = Selection(vec![job.to_string()]);
    let mut report = engine.run(&selection, clock, &Silent).await?;
    Ok(report.jobs.pop().expect("a job"))
}

fn config(folder: &TempDir) -> WarehouseConfig {
    let lake = folder.path().join("lake").display().to_string();
    WarehouseConfig {
        catalog_uri: format!("sqlite:{lake}/catalog.db"),
        location: lake,
        s3: None,
    }
}

fn engine(folder: &TempDir, warehouse: Warehouse, files: &[(&str, &str)]) -> Engine {
    let data = folder.path().join("data").display().to_string();
    let settings = format!("name: ledger\ndata: {data}\nwarehouse: {{location: ./lake}}\n");
    let shared = [
        ("c360.yaml", settings.as_str()),
        ("schemas/orders.yaml", CONTRACT),
        ("jobs/orders.yaml", SOURCE),
    ];
    let files = shared.iter().chain(files).map(|(path, text)| SourceFile {
        path: path.to_string(),
        text: text.to_string(),
    });
    let project = Project::parse(files.collect(), &|_| None)
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    Engine::over(project, warehouse, &EngineOptions::default()).expect("an engine")
}

const CONTRACT: &str = "
contract: orders
key: [id]
columns:
  - {name: id, type: string}
  - {name: person, type: string}
  - {name: amount, type: int}
  - {name: at, type: timestamp, formats: ['%Y-%m-%d']}
";

const SOURCE: &str = "
job: orders
kind: source
contract: orders
files: ['orders-*.csv']
format: {type: csv}
mode: upsert
order_by: at
";

const TOTALS: &str = "job: totals
kind: feature
table: customer.totals
sql: sql/totals.sql
by: person
";

const SQL: &str = "SELECT person, SUM(amount) AS total FROM raw.orders GROUP BY person";

const PLAIN: [(&str, &str); 2] = [("jobs/totals.yaml", TOTALS), ("sql/totals.sql", SQL)];

/// A store whose next read of a data file waits.
#[derive(Debug)]
struct Gated {
    inner: Arc<dyn ObjectStore>,
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    closed: AtomicBool,
    arrived: Notify,
    opened: Notify,
}

impl fmt::Display for Gated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gated({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Gated {
    async fn put_opts(
        &self,
        at: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.inner.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        if at.as_ref().ends_with(".parquet") && self.gate.closed.swap(false, Ordering::SeqCst) {
            self.gate.arrived.notify_one();
            self.gate.opened.notified().await;
        }
        self.inner.get_opts(at, options).await
    }

    fn delete_stream(
        &self,
        at: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(at)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_another_overtook_writes_nothing() {
    let fast = Ledger::new(&PLAIN).await;
    fast.put("a,jo,1");
    fast.run("+totals").await;
    fast.put("b,jo,2");
    fast.run("orders").await;

    let gate = Arc::new(Gate::default());
    let shut = Arc::clone(&gate);
    let warehouse = Warehouse::open_with_store(config(&fast.folder), move |inner| {
        Arc::new(Gated {
            inner,
            gate: Arc::clone(&shut),
        })
    });
    let warehouse = warehouse.await.expect("the lake");
    let slow = engine(&fast.folder, warehouse, &PLAIN);
    let clock = fast.clock(AS_OF);
    gate.closed.store(true, Ordering::SeqCst);
    let overtake = async {
        gate.arrived.notified().await;
        fast.put("c,jo,4");
        fast.run("+totals").await;
        gate.opened.notify_one();
    };
    let (overtaken, ()) = tokio::join!(run(&slow, "totals", &clock), overtake);

    let error = overtaken.expect_err("the slow run");
    assert_eq!(error.kind(), Kind::Conflict, "{}", chain(&error));
    fast.check_totals(&["jo,7"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_nobody_are_left_out_of_both_full_and_incremental_runs() {
    let sql = "SELECT COALESCE(person, 'nobody') AS person, SUM(amount) AS total FROM raw.orders \
               GROUP BY COALESCE(person, 'nobody')";
    let files = [("jobs/totals.yaml", TOTALS), ("sql/totals.sql", sql)];
    let ledger = Ledger::new(&files).await;
    ledger.put("a,,1 b,jo,1");
    ledger.run("+totals").await;
    ledger.put("c,,1 d,jo,2");
    ledger.run("+totals").await;
    ledger.check_totals(&["jo,3"]).await;
    ledger.check_rebuilt(&files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_may_not_ask_for_the_time_or_for_chance() {
    for (call, function) in [
        ("now()", "now"),
        ("current_date", "current_date"),
        ("random()", "random"),
        ("uuid()", "uuid"),
        ("(SELECT now())", "now"),
    ] {
        let sql = format!("SELECT DISTINCT person, {call} AS made FROM raw.orders");
        let files = [("jobs/totals.yaml", TOTALS), ("sql/totals.sql", &sql)];
        let ledger = Ledger::new(&files).await;
        ledger.put("a,jo,1");
        let error = ledger.try_run("+totals", AS_OF).await;
        let error = error.expect_err(call);
        assert_eq!(error.kind(), Kind::Invalid, "{call}: {}", chain(&error));
        let expected = format!("sql/totals.sql calls {function}()");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_of_specs_may_not_ask_for_the_time_and_analysts_may() {
    let identity = IDENTITY.replace("seen_at: at", "seen_at: now()");
    let ledger = Ledger::new(&[("jobs/identity.yaml", &identity)]).await;
    ledger.put("a,jo,1");
    let error = ledger.try_run("+identity", AS_OF).await;
    let error = error.expect_err("a clock in a spec");
    assert_eq!(error.kind(), Kind::Invalid, "{}", chain(&error));
    let rows = ledger.rows("SELECT now() IS NULL FROM raw.orders").await;
    assert_eq!(rows, ["false"]);
}

/// Leaves the newest snapshot alone.
fn expire(metadata: &mut Value) {
    let newest = metadata["current-snapshot-id"].clone();
    for list in ["snapshots", "snapshot-log"] {
        let kept = metadata[list].as_array_mut().expect("a list");
        kept.retain(|entry| entry["snapshot-id"] == newest);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_input_snapshot_means_a_full_run() {
    let ledger = Ledger::new(&PLAIN).await;
    ledger.put("a,jo,1");
    ledger.run("+totals").await;
    ledger.put("b,jo,2");
    ledger.run("orders").await;
    ledger.tamper("raw.orders", expire).await;
    let report = ledger.run("totals").await;
    assert_eq!(report.why, "a snapshot of raw.orders is gone");
    ledger.check_totals(&["jo,3"]).await;
    assert_eq!(ledger.run("totals").await.why, "same inputs, same spec");
}

/// Summaries as an engine writes them that knows nothing of ours, and counts nothing.
fn disown(metadata: &mut Value) {
    for snapshot in metadata["snapshots"].as_array_mut().expect("a list") {
        let summary = snapshot["summary"].as_object_mut().expect("a summary");
        summary.retain(|property, _| property == "operation");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_others_wrote_is_made_anew_and_not_doubled() {
    let ledger = Ledger::new(&PLAIN).await;
    ledger.put("a,jo,1 b,kim,2");
    ledger.run("+totals").await;
    ledger.tamper("customer.totals", disown).await;
    assert_eq!(
        ledger.run("totals").await.why,
        "output was written by others"
    );
    ledger.check_totals(&["jo,1", "kim,2"]).await;
}

/// Every cursor names a snapshot that is not there.
fn lose_the_place(metadata: &mut Value) {
    for snapshot in metadata["snapshots"].as_array_mut().expect("a list") {
        snapshot["summary"]["c360.inputs"] = r#"{"tables":{"identity.persons":1}}"#.into();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_persons_that_lost_its_place_is_not_told_twice() {
    let ledger = Ledger::new(&[("jobs/identity.yaml", IDENTITY)]).await;
    ledger.put("a,jo,1 b,kim,1");
    ledger.run("+identity").await;
    let log = "SELECT event, to_person_id FROM identity.events";
    let told = ledger.rows(log).await;
    assert!(!told.is_empty());
    ledger.tamper("identity.events", lose_the_place).await;
    let report = ledger.run("identity").await;
    assert_eq!(report.why, "a snapshot of identity.persons is gone");
    assert_eq!(report.outcome.warnings.len(), 1, "{report:?}");
    assert_eq!(ledger.rows(log).await, told);

    ledger.put("c,lee,1");
    ledger.run("+identity").await;
    assert!(ledger.rows(log).await.len() > told.len());
}

/// A window that cannot be followed is refused in the first run already.
async fn check_window(totals: &str, sql: &str, expected: &str) {
    let last = TOTALS.replace("totals", "last");
    let ledger = Ledger::new(&[
        ("jobs/totals.yaml", totals),
        ("sql/totals.sql", sql),
        ("jobs/last.yaml", &last),
        (
            "sql/last.sql",
            "SELECT person, MAX(at) AS at FROM raw.orders GROUP BY person",
        ),
    ])
    .await;
    ledger.put("a,jo,1");
    ledger.run("+last").await;
    let error = ledger.try_run("totals", AS_OF).await;
    let error = error.expect_err("a wrong window");
    assert_eq!(error.kind(), Kind::Invalid, "{}", chain(&error));
    assert_eq!(error.to_string(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_on_a_table_that_the_sql_reads_by_the_column() {
    let window = |table: &str| format!("windows: [{{table: {table}, at: at, days: [30]}}]\n");
    check_window(
        &(TOTALS.to_string() + &window("customer.last")),
        SQL,
        "customer.totals has a window on customer.last, which sql/totals.sql does not read",
    )
    .await;
    check_window(
        &(TOTALS.replace("by: person", "by: buyer") + &window("raw.orders")),
        "SELECT person AS buyer, SUM(amount) AS total FROM raw.orders GROUP BY person",
        "customer.totals has a window on raw.orders, which has no column buyer",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_may_reach_back_beyond_the_first_instant_there_is() {
    let totals = format!("{TOTALS}windows: [{{table: raw.orders, at: at, days: [36500]}}]\n");
    let sql =
        "SELECT person, SUM(amount) AS total FROM raw.orders WHERE at <= $as_of GROUP BY person";
    let ledger = Ledger::new(&[("jobs/totals.yaml", &totals), ("sql/totals.sql", sql)]).await;
    ledger.put("a,jo,1");
    ledger.run("+totals").await;
    ledger.check_totals(&["jo,1"]).await;
    let report = ledger.try_run("totals", "-009999-01-03T00:00:00Z").await;
    report.unwrap_or_else(|error| panic!("{}", chain(&error)));
    ledger.check_totals(&[]).await;
}

/// Orders by whoever gave the same name. An order without one has an empty tag, as a careless expression gives it.
const IDENTITY: &str = "
job: identity
kind: identity
records:
  - source: orders
    from: raw.orders
    key: id
    seen_at: at
    identifiers:
      tag: NULLIF(COALESCE(person, ''), 'office')
      email: person || '@shop.example'
  - source: buyers
    from: raw.orders
    key: COALESCE(person, '')
    seen_at: at
identifiers:
  tag: {}
  email: {normalize: email, blocked: [' Office@Shop.Example ', no address]}
";

#[tokio::test(flavor = "multi_thread")]
async fn empty_and_blocked_identifiers_link_nobody_however_they_are_written() {
    let ledger = Ledger::new(&[("jobs/identity.yaml", IDENTITY)]).await;
    ledger.put("a,,1 b,,1 c,office,1 d,office,1 e,jo,1 f,jo,1");
    ledger.run("+identity").await;
    let identifiers = "SELECT DISTINCT kind, value FROM identity.identifiers";
    assert_eq!(
        ledger.rows(identifiers).await,
        ["email,jo@shop.example", "tag,jo"]
    );
    let persons = "SELECT COUNT(DISTINCT person_id) FROM identity.persons WHERE source = 'orders'";
    assert_eq!(ledger.rows(persons).await, ["5"]);
    let buyers = "SELECT key FROM identity.records WHERE source = 'buyers'";
    assert_eq!(ledger.rows(buyers).await, ["jo", "office"]);
}

const BUYERS: &str = "
job: identity
kind: identity
records:
  - source: buyers
    from: raw.orders
    key: person
    seen_at: at
    attributes: {last_order: id}
    identifiers: {tag: id}
identifiers:
  tag: {}
";

#[tokio::test(flavor = "multi_thread")]
async fn of_many_rows_of_a_record_the_newest_tells_the_attribute() {
    let ledger = Ledger::new(&[("jobs/identity.yaml", BUYERS)]).await;
    for orders in ["z,jo,1 a,al,1 n,bo,1", "b,al,1 y,jo,1", "x,jo,1 m,bo,1"] {
        ledger.put(orders);
    }
    ledger.run("+identity").await;
    let records = "SELECT key, last_order FROM identity.records";
    assert_eq!(ledger.rows(records).await, ["al,b", "bo,m", "jo,x"]);
    ledger.put("w,al,1");
    ledger.run("+identity").await;
    assert_eq!(ledger.rows(records).await, ["al,w", "bo,m", "jo,x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_that_there_is_no_such_country() {
    let rule = "email: {normalize: phone, region: ZZ, blocked";
    let identity = IDENTITY.replace("email: {normalize: email, blocked", rule);
    let ledger = Ledger::new(&[("jobs/identity.yaml", &identity)]).await;
    ledger.put("a,jo,1");
    ledger.run("orders").await;
    let clock = ledger.clock(AS_OF);
    let planned = ledger.engine.plan(&Selection::default(), &clock).await;
    let error = planned.expect_err("no such country");
    assert_eq!(error.kind(), Kind::Invalid, "{}", chain(&error));
}

/// Where the source's key is the record's, rows are not gathered by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_written_otherwise_gives_the_same_records() {
    let plain = Lab::new().await;
    let edit = Edit {
        path: "jobs/identity.yaml",
        from: "key: crm_id",
        to: "key: concat(crm_id, '')",
    };
    let written = Lab::new().await.edited(&edit).await;
    let mut retailer = Retailer::new(21);
    for day in ["1", "2", "3"] {
        let delivery = retailer.deliver().and(retailer.deliver());
        for lab in [&plain, &written] {
            delivery.write(&lab.data(), day);
            lab.run(&retailer.as_of()).await;
        }
        let [one, other] = [&plain, &written].map(Lab::engine);
        assert_same_lakes(one, other, |_| true, day).await;
    }
}
