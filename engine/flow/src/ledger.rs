//! The ledger: what ran, in `ops.runs`, and what each job of it did, in `ops.jobs`. A run that found nothing to do
//! leaves no row; one that failed or was interrupted does. Nothing is planned by the ledger: it may be dropped, and is
//! then begun anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use c360_catalog::{Evolution, Kind, Stamp, Table, TableDefinition};
use c360_spec::{Job, TableName};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::logical_expr::{Expr, SortExpr, lit};
use datafusion::prelude::{DataFrame, ident};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::json::{Row, collect};
use crate::report::{Action, JobReport, RunReport};
use crate::stop::Stop;

/// A race that is lost so often is not about luck.
const ATTEMPTS: usize = 50;

/// What was done earlier tells little of what will be.
const RUNS_REMEMBERED: usize = 32;

/// A run, as `ops.runs` has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunEntry {
    /// The run.
    pub run_id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// What SQL saw as `$as_of`.
    pub as_of: Timestamp,
    /// Wall time in seconds.
    pub seconds: f64,
    /// `done`, `failed` or `interrupted`.
    pub outcome: String,
    /// What the reader of the error should do, as exit codes have it.
    #[serde(default)]
    pub error_kind: Option<String>,
    /// Why it failed, with the causes.
    #[serde(default)]
    pub error: Option<String>,
    /// What to do about it, where that is known.
    #[serde(default)]
    pub hint: Option<String>,
    /// The epoch that it published.
    #[serde(default)]
    pub epoch: Option<u64>,
    /// The most memory that the process held.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
    /// The version of c360.
    pub version: String,
}

/// What a job did in a run, as `ops.jobs` has it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JobEntry {
    /// The run.
    pub run_id: String,
    /// When the run began.
    pub started_at: Timestamp,
    /// Its place among the jobs of the run, from 1 on.
    pub position: u64,
    /// The job.
    pub job: String,
    /// Its kind, as in the spec.
    pub kind: String,
    /// `incremental` or `full`; nothing where the job did not end well.
    pub action: Option<String>,
    /// Why that was done.
    pub why: Option<String>,
    /// `done`, `failed` or `interrupted`.
    pub outcome: String,
    /// What the reader of the error should do, as exit codes have it.
    pub error_kind: Option<String>,
    /// Why it failed, with the causes.
    pub error: Option<String>,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// What the main output records of the inputs that it was made from: JSON.
    pub inputs: Option<String>,
    /// The main output's snapshot.
    pub snapshot_id: Option<i64>,
    /// Rows read from files.
    pub rows_in: u64,
    /// Rows quarantined.
    pub rows_rejected: u64,
    /// Rows new in the main output.
    pub inserted: u64,
    /// Rows replaced in it.
    pub updated: u64,
    /// Rows gone from it.
    pub deleted: u64,
    /// Persons seen for the first time.
    pub persons_created: Option<u64>,
    /// Persons that became part of an older one.
    pub persons_merged: Option<u64>,
    /// Persons that came out of another one.
    pub persons_split: Option<u64>,
    /// Persons whose last record is gone.
    pub persons_erased: Option<u64>,
    /// Bytes of data and delete files written.
    pub bytes_written: u64,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// What came of a job when it last did something or failed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LastOutcome {
    /// The run.
    pub run_id: String,
    /// When the run began.
    pub started_at: Timestamp,
    /// `incremental` or `full`; nothing where the job did not end well.
    pub action: Option<String>,
    /// `done`, `failed` or `interrupted`.
    pub outcome: String,
    /// What the reader of the error should do, as exit codes have it.
    pub error_kind: Option<String>,
    /// Why it failed, with the causes.
    pub error: Option<String>,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// Rows read from files.
    pub rows_in: u64,
    /// Rows quarantined.
    pub rows_rejected: u64,
    /// Rows new in the main output.
    pub inserted: u64,
    /// Rows replaced in it.
    pub updated: u64,
    /// Rows gone from it.
    pub deleted: u64,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// A job and when a run of it began.
#[derive(Deserialize)]
struct Began {
    job: String,
    started_at: Timestamp,
}

/// The job that a run did not get beyond.
pub struct Unfinished<'a> {
    /// The job.
    pub job: &'a Job,
    /// Why.
    pub stop: Stop,
}

impl Engine {
    /// The newest runs that did something, or tried to; none before the first.
    pub async fn runs(&self, count: u32) -> Result<Vec<RunEntry>> {
        self.entries(&runs(), lit(true), Some(count as usize)).await
    }

    /// What the jobs of a run did.
    pub async fn jobs_of(&self, run_id: &str) -> Result<Vec<JobEntry>> {
        let of_run = ident("run_id").eq(lit(run_id));
        let mut jobs: Vec<JobEntry> = self.entries(&jobs(), of_run, None).await?;
        jobs.sort_by_key(|job| job.position);
        Ok(jobs)
    }

    /// What came of each job when it last did something or failed, by its name.
    ///
    /// The ledger grows for ever. Of all its rows only jobs and times are read; whole, those of the few runs in which
    /// some job was active last.
    pub(crate) async fn last_outcomes(&self) -> Result<BTreeMap<String, LastOutcome>> {
        let Some(table) = self.warehouse.table(&jobs()).await? else {
            return Ok(BTreeMap::new());
        };
        let all = self.runtime.session().read(table.provider().await?)?;
        let newest = max(ident("started_at")).alias("started_at");
        let newest = all.clone().aggregate(vec![ident("job")], vec![newest])?;
        let newest: Vec<Began> = typed(&jobs(), &collect(newest).await?)?;
        let instants: BTreeSet<Timestamp> = newest.iter().map(|job| job.started_at).collect();
        let instants = instants.into_iter().map(|at| lit(microseconds(at)));
        let of_these = ident("started_at").in_list(instants.collect(), false);
        let rows = all.filter(of_these)?.drop_columns(&["inputs"])?;
        let rows: Vec<Row> = collect(rows.sort(oldest_first())?).await?;
        let jobs_of_rows: Vec<Began> = typed(&jobs(), &rows)?;
        let outcomes: Vec<LastOutcome> = typed(&jobs(), &rows)?;
        // Of a job's several rows the newest comes last, and stays.
        let of_jobs = jobs_of_rows.into_iter().map(|row| row.job).zip(outcomes);
        Ok(of_jobs.collect())
    }

    /// What each job did when it last did it, by job and action, as far as the newest runs tell.
    pub(crate) async fn last_done(&self) -> Result<BTreeMap<[String; 2], JobEntry>> {
        let Some(table) = self.warehouse.table(&jobs()).await? else {
            return Ok(BTreeMap::new());
        };
        let history = table.snapshots();
        let since = history.len().checked_sub(RUNS_REMEMBERED + 1);
        let newest = table.changes(since.map(|at| history[at].id)).await?.added;
        let newest = self.runtime.session().read(newest)?;
        let done = ident("outcome").eq(lit(outcome(None)));
        let mut last = BTreeMap::new();
        for entry in entries::<JobEntry>(&jobs(), newest.filter(done)?, None).await? {
            if let Some(action) = entry.action.clone() {
                last.entry([entry.job.clone(), action]).or_insert(entry);
            }
        }
        Ok(last)
    }

    /// Writes down what a run did. That it cannot be written is no reason to fail: the log says so.
    pub(crate) async fn write_down(
        &self,
        report: &RunReport,
        unfinished: Option<&Unfinished<'_>>,
        clock: &Clock,
    ) {
        if let Err(error) = self.try_write_down(report, unfinished, clock).await {
            tracing::warn!(error = error.in_full(), "the ledger was not written");
        }
    }

    async fn try_write_down(
        &self,
        report: &RunReport,
        unfinished: Option<&Unfinished<'_>>,
        clock: &Clock,
    ) -> Result<()> {
        let mut done = Vec::new();
        for job in report
            .jobs
            .iter()
            .filter(|job| job.action != Action::Nothing)
        {
            done.push(self.done(job, clock).await?);
        }
        done.extend(unfinished.map(|job| not_done(job, clock)));
        (1..)
            .zip(&mut done)
            .for_each(|(position, job)| job.position = position);
        let stop = unfinished.map(|unfinished| &unfinished.stop);
        let error = stop.and_then(Stop::error);
        let run = RunEntry {
            run_id: clock.run_id.clone(),
            started_at: clock.now,
            as_of: clock.as_of,
            seconds: report.seconds,
            outcome: outcome(stop),
            error_kind: error.map(|error| error.kind().to_string()),
            error: error.map(Error::in_full),
            hint: error.and_then(Error::hint),
            epoch: report.epoch.as_ref().map(|epoch| epoch.number),
            peak_memory_bytes: self.peak_memory.and_then(|ask| ask()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        self.enter(jobs(), &job_fields(), &done, clock).await?;
        self.enter(runs(), &run_fields(), &[run], clock).await
    }

    async fn done(&self, report: &JobReport, clock: &Clock) -> Result<JobEntry> {
        let it = &report.outcome;
        let persons = it.persons;
        Ok(JobEntry {
            run_id: clock.run_id.clone(),
            started_at: clock.now,
            job: report.job.clone(),
            kind: report.kind.clone(),
            action: Some(report.action.as_str().to_owned()),
            why: Some(report.why.clone()),
            outcome: outcome(None),
            inputs: self.inputs_of(&report.job).await?,
            snapshot_id: it.snapshot_id,
            rows_in: it.rows_in,
            rows_rejected: it.rows_rejected,
            inserted: it.inserted,
            updated: it.updated,
            deleted: it.deleted,
            persons_created: persons.map(|it| it.created),
            persons_merged: persons.map(|it| it.merged),
            persons_split: persons.map(|it| it.split),
            persons_erased: persons.map(|it| it.erased),
            bytes_written: it.bytes_written,
            seconds: report.seconds,
            ..JobEntry::default()
        })
    }

    /// What the job's main output records of its inputs.
    async fn inputs_of(&self, job: &str) -> Result<Option<String>> {
        let tables = self.project.jobs.get(job).map(Job::output_tables);
        let Some(name) = tables.and_then(|tables| tables.into_iter().next()) else {
            return Ok(None);
        };
        let table = self.warehouse.table(&name).await?;
        let inputs = table.and_then(|table| table.summary("c360.inputs").map(str::to_owned));
        Ok(inputs)
    }

    /// Appends entries, however often others append in between.
    async fn enter<T: Serialize>(
        &self,
        name: TableName,
        fields: &SchemaRef,
        entries: &[T],
        clock: &Clock,
    ) -> Result<()> {
        let definition = TableDefinition {
            name,
            schema: Arc::clone(fields),
            key: Vec::new(),
            order: Vec::new(),
            comment: Some("what c360 did".to_owned()),
            evolution: Evolution::Widen,
        };
        let stamp = Stamp {
            run_id: clock.run_id.clone(),
            ..Stamp::default()
        };
        for _ in 0..ATTEMPTS {
            let table = self.warehouse.create_or_evolve(&definition).await?;
            let mut appender = table.appender();
            appender.write(batch(&table, entries)?).await?;
            match appender.commit(stamp.clone()).await {
                Err(error) if error.kind() == Kind::Conflict => {}
                done => return Ok(done.map(drop)?),
            }
        }
        let name = &definition.name;
        Err(Error::conflict(format!(
            "{name} is being written by others all the time"
        )))
    }

    /// The newest entries of a table of the ledger that are `wanted`.
    async fn entries<T: DeserializeOwned>(
        &self,
        name: &TableName,
        wanted: Expr,
        count: Option<usize>,
    ) -> Result<Vec<T>> {
        let Some(table) = self.warehouse.table(name).await? else {
            return Ok(Vec::new());
        };
        let all = self.runtime.session().read(table.provider().await?)?;
        entries(name, all.filter(wanted)?, count).await
    }
}

/// The newest rows of a table of the ledger.
async fn entries<T: DeserializeOwned>(
    name: &TableName,
    rows: DataFrame,
    count: Option<usize>,
) -> Result<Vec<T>> {
    let newest_first = vec![
        ident("started_at").sort(false, false),
        ident("run_id").sort(false, false),
    ];
    let found = rows.sort(newest_first)?.limit(0, count)?;
    let found: Vec<Row> = collect(found).await?;
    typed(name, &found)
}

/// Rows of a table of the ledger as what they stand for.
fn typed<T: DeserializeOwned>(name: &TableName, rows: &[Row]) -> Result<Vec<T>> {
    let entry = |row: &Row| serde_json::from_value(serde_json::to_value(row)?);
    let entries = rows
        .iter()
        .map(entry)
        .collect::<std::result::Result<Vec<T>, serde_json::Error>>();
    entries.map_err(|error| Error::data(format!("{name} holds what c360 never wrote: {error}")))
}

fn oldest_first() -> Vec<SortExpr> {
    vec![
        ident("started_at").sort(true, false),
        ident("run_id").sort(true, false),
    ]
}

fn microseconds(at: Timestamp) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(at.as_microsecond()), Some("+00:00".into()))
}

/// The tables of the ledger.
pub fn tables() -> [TableName; 2] {
    [runs(), jobs()]
}

fn runs() -> TableName {
    TableName::new("ops", "runs").expect("a plain name")
}

fn jobs() -> TableName {
    TableName::new("ops", "jobs").expect("a plain name")
}

fn outcome(stop: Option<&Stop>) -> String {
    stop.map_or("done", Stop::outcome).to_owned()
}

fn not_done(unfinished: &Unfinished<'_>, clock: &Clock) -> JobEntry {
    let Unfinished { job, stop } = unfinished;
    let error = stop.error();
    let counted = error.map(Error::counted).unwrap_or_default();
    JobEntry {
        run_id: clock.run_id.clone(),
        started_at: clock.now,
        job: job.name.clone(),
        kind: job.kind_name().to_owned(),
        outcome: outcome(Some(stop)),
        error_kind: error.map(|error| error.kind().to_string()),
        error: error.map(Error::in_full),
        hint: error.and_then(Error::hint),
        rows_in: counted.rows_in,
        rows_rejected: counted.rows_rejected,
        ..JobEntry::default()
    }
}

/// Entries as rows of the table.
fn batch<T: Serialize>(table: &Table, entries: &[T]) -> Result<RecordBatch> {
    let mut decoder = ReaderBuilder::new(table.schema()).build_decoder()?;
    decoder.serialize(entries)?;
    let batch = decoder.flush()?;
    Ok(batch.unwrap_or_else(|| RecordBatch::new_empty(table.schema())))
}

fn run_fields() -> SchemaRef {
    fields(&[
        ("run_id", DataType::Utf8),
        ("started_at", instant()),
        ("as_of", instant()),
        ("seconds", DataType::Float64),
        ("outcome", DataType::Utf8),
        ("error_kind", DataType::Utf8),
        ("error", DataType::Utf8),
        ("hint", DataType::Utf8),
        ("epoch", DataType::Int64),
        ("peak_memory_bytes", DataType::Int64),
        ("version", DataType::Utf8),
    ])
}

fn job_fields() -> SchemaRef {
    fields(&[
        ("run_id", DataType::Utf8),
        ("started_at", instant()),
        ("position", DataType::Int64),
        ("job", DataType::Utf8),
        ("kind", DataType::Utf8),
        ("action", DataType::Utf8),
        ("why", DataType::Utf8),
        ("outcome", DataType::Utf8),
        ("error_kind", DataType::Utf8),
        ("error", DataType::Utf8),
        ("hint", DataType::Utf8),
        ("inputs", DataType::Utf8),
        ("snapshot_id", DataType::Int64),
        ("rows_in", DataType::Int64),
        ("rows_rejected", DataType::Int64),
        ("inserted", DataType::Int64),
        ("updated", DataType::Int64),
        ("deleted", DataType::Int64),
        ("persons_created", DataType::Int64),
        ("persons_merged", DataType::Int64),
        ("persons_split", DataType::Int64),
        ("persons_erased", DataType::Int64),
        ("bytes_written", DataType::Int64),
        ("seconds", DataType::Float64),
    ])
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn fields(columns: &[(&str, DataType)]) -> SchemaRef {
    let columns = columns.iter();
    let fields = columns.map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
