//! An opened project: its spec, its lake and what queries run on.

use std::future::{Future, pending};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Instant;

use c360_catalog::{Epoch, S3Options, Warehouse, WarehouseConfig};
use c360_spec::{Connection, IdentityJob, Job, JobKind, Project};
use tracing::{info, instrument};

use crate::clock::Clock;
use crate::cursor::Decision;
use crate::derived::Derivation;
use crate::error::{Error, Result};
use crate::functions::Functions;
use crate::graph::{Graph, Selection};
use crate::inputs::Inputs;
use crate::ledger::Unfinished;
use crate::openlineage::Events;
use crate::progress::Progress;
use crate::report::{Action, JobReport, Outcome, RunReport};
use crate::room::Room;
use crate::session::Runtime;
use crate::stop::{Ended, Stop};
use crate::{facts, feature, identity, measures, profile, publish, source};

/// What a run may use.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// Bytes that queries may hold in memory; none: no limit.
    pub memory_limit: Option<u64>,
    /// Threads that queries run on; none: as many as the machine has.
    pub threads: Option<usize>,
    /// Rows that a query by a column takes at once, about; none: 262,144.
    pub slice_rows: Option<u64>,
    /// Where queries spill; none: the system's folder for temporary files.
    pub spill_dir: Option<PathBuf>,
    /// Tells the most memory that the process held so far, in bytes.
    pub peak_memory: Option<fn() -> Option<u64>>,
    /// What SQL may call beside the functions of c360 and DataFusion.
    pub functions: Functions,
    /// What lineage endpoints are shown to let events in.
    pub lineage_key: Option<Connection>,
}

/// How a run departs from what runs usually do.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunMode {
    /// Compute everything that the jobs make, as if it had never been made.
    pub full: bool,
    /// Let changes through that are beyond the project's breakers.
    pub accept: bool,
}

/// An opened project.
pub struct Engine {
    pub(crate) project: Project,
    pub(crate) warehouse: Warehouse,
    pub(crate) runtime: Runtime,
    pub(crate) peak_memory: Option<fn() -> Option<u64>>,
    pub(crate) lineage_key: Option<Connection>,
}

impl Engine {
    /// Opens the lake that the project names. `root` is the project's folder, the base of relative locations.
    pub async fn open(mut project: Project, root: &Path, options: EngineOptions) -> Result<Self> {
        project.settings.data = absolute(root, &project.settings.data);
        let lineage = project.settings.lineage.as_mut();
        if let Some(file) = lineage.and_then(|lineage| lineage.file.as_mut()) {
            *file = absolute(root, file);
        }
        let warehouse = Warehouse::open(config(&project, root)).await?;
        Self::over(project, warehouse, &options)
    }

    /// An engine over a lake that is open already.
    pub fn over(
        mut project: Project,
        warehouse: Warehouse,
        options: &EngineOptions,
    ) -> Result<Self> {
        options.functions.check()?;
        options.functions.mark(&mut project);
        let runtime = Runtime::new(options, &warehouse)?;
        Ok(Self {
            project,
            warehouse,
            runtime,
            peak_memory: options.peak_memory,
            lineage_key: options.lineage_key.clone(),
        })
    }

    /// The spec.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The lake.
    pub fn warehouse(&self) -> &Warehouse {
        &self.warehouse
    }

    pub(crate) fn room<'a>(
        &'a self,
        job: &'a Job,
        clock: &'a Clock,
        progress: &'a dyn Progress,
    ) -> Room<'a> {
        Room {
            warehouse: &self.warehouse,
            inputs: Inputs::newest(&self.warehouse),
            in_full: false,
            sample: None,
            runtime: &self.runtime,
            project: &self.project,
            job,
            clock,
            accepts: false,
            progress,
        }
    }

    /// Brings the selected jobs' outputs up to date, in order. Stops at the first job that fails; what was
    /// committed before it stays.
    pub async fn run(
        &self,
        selection: &Selection,
        clock: &Clock,
        progress: &dyn Progress,
    ) -> Result<RunReport> {
        let mode = RunMode::default();
        self.run_as(mode, selection, clock, progress).await
    }

    /// The same, but not as runs usually are.
    pub async fn run_as(
        &self,
        mode: RunMode,
        selection: &Selection,
        clock: &Clock,
        progress: &dyn Progress,
    ) -> Result<RunReport> {
        let run = self.run_until(pending(), mode, selection, clock, progress);
        let ended = run.await?;
        match ended.stop {
            Some(Stop::Failed(error)) => Err(error),
            Some(Stop::Interrupted) | None => Ok(ended.report),
        }
    }

    /// The same, until `stop` is there: the job that is at work then is dropped where it stands. What was committed before
    /// a stop or a failure stays, and the ledger says so. Fails where no run could begin.
    // A span of a lower level would vanish with that level, and the run's name from the warnings that are left.
    #[instrument(level = "error", name = "run", skip_all, fields(run_id = %clock.run_id))]
    pub async fn run_until(
        &self,
        stop: impl Future<Output = ()>,
        mode: RunMode,
        selection: &Selection,
        clock: &Clock,
        progress: &dyn Progress,
    ) -> Result<Ended> {
        let started = Instant::now();
        let mut report = RunReport {
            run_id: clock.run_id.clone(),
            as_of: clock.as_of.to_string(),
            jobs: Vec::new(),
            epoch: None,
            seconds: 0.0,
        };
        let mut events = Events::of(self, clock);
        let mut unfinished = None;
        let mut stop = pin!(stop);
        for job in Graph::new(&self.project)?.select(selection)? {
            let room = Room {
                accepts: mode.accept,
                in_full: mode.full,
                ..self.room(job, clock, progress)
            };
            let began_at = events.now();
            let done = tokio::select! {
                done = self.run_job(&room) => done.map_err(Stop::Failed),
                () = &mut stop => Err(Stop::Interrupted),
            };
            match done {
                Ok(mut done) => {
                    if done.action != Action::Nothing {
                        events.done(job, began_at).await;
                    }
                    report.epoch = done.outcome.epoch.take().or(report.epoch);
                    report.jobs.push(done);
                }
                Err(stop) => {
                    events.stopped(job, began_at, &stop).await;
                    unfinished = Some(Unfinished { job, stop });
                    break;
                }
            }
        }
        report.seconds = started.elapsed().as_secs_f64();
        if unfinished.is_some() || !report.nothing_happened() {
            self.write_down(&report, unfinished.as_ref(), clock).await;
        }
        let stop = unfinished.map(|unfinished| unfinished.stop);
        events.end(stop.as_ref()).await;
        Ok(Ended { report, stop })
    }

    // Not within the run's span but instead of it, so that a line names the run once.
    #[instrument(
        level = "error", name = "job", parent = None, skip_all,
        fields(run_id = %room.clock.run_id, job = %room.job.name)
    )]
    async fn run_job(&self, room: &Room<'_>) -> Result<JobReport> {
        let started = Instant::now();
        info!("job started");
        room.progress.job_started(&room.job.name, None);
        let done = apply_job(room).await;
        let done = done.map_err(|error| error.of_job(&room.job.name));
        room.progress.job_finished(&room.job.name);
        let seconds = started.elapsed().as_secs_f64();
        if let Err(error) = &done {
            info!(kind = %error.kind(), error = error.in_full(), seconds, "job failed");
        }
        let (action, why, outcome) = done?;
        info!(action = action.as_str(), seconds, "job done");
        Ok(JobReport {
            job: room.job.name.clone(),
            kind: room.job.kind_name().to_string(),
            action,
            why,
            outcome,
            seconds,
        })
    }

    /// Trains a new model for the identity job on the records that there are; the next run matches by it.
    pub async fn train(&self, clock: &Clock) -> Result<identity::TrainedModel> {
        let (job, spec) = self.identity()?;
        identity::train(&self.room(job, clock, &crate::progress::Silent), spec).await
    }

    /// Takes a Splink model for the identity job's newest one; the next run matches by it.
    pub async fn import_model(
        &self,
        file: &identity::ModelFile<'_>,
        clock: &Clock,
    ) -> Result<identity::ImportedModel> {
        let (job, spec) = self.identity()?;
        identity::import(&self.room(job, clock, &crate::progress::Silent), spec, file).await
    }

    /// What the model of the identity job holds of two records.
    pub async fn explain(
        &self,
        names: [&identity::RecordName; 2],
        clock: &Clock,
    ) -> Result<identity::Explanation> {
        let (job, spec) = self.identity()?;
        let room = self.room(job, clock, &crate::progress::Silent);
        identity::explain(&room, spec, names).await
    }

    /// Why two records are not one person, or by what evidence they are.
    pub async fn why_not(
        &self,
        names: [&identity::RecordName; 2],
        clock: &Clock,
    ) -> Result<identity::WhyNot> {
        let (job, spec) = self.identity()?;
        let room = self.room(job, clock, &crate::progress::Silent);
        identity::why_not(&room, spec, names).await
    }

    /// The persons that a row of a source may be of, the likeliest first. Writes nothing.
    pub async fn lookup(
        &self,
        asked: identity::AskedRow<'_>,
        clock: &Clock,
    ) -> Result<Vec<identity::LikelyPerson>> {
        let (job, spec) = self.identity()?;
        let room = self.room(job, clock, &crate::progress::Silent);
        identity::lookup(&room, spec, asked).await
    }

    /// How healthy the evidence graph is, with so many examples of each sort. Writes nothing.
    pub async fn audit(&self, examples: usize, clock: &Clock) -> Result<identity::Audit> {
        let (job, spec) = self.identity()?;
        let room = self.room(job, clock, &crate::progress::Silent);
        identity::audit(&room, spec, examples).await
    }

    /// What a run would make of the persons, by the model in use or that of a file. Writes nothing.
    pub async fn preview(
        &self,
        file: Option<&identity::ModelFile<'_>>,
        examples: usize,
        clock: &Clock,
    ) -> Result<identity::Preview> {
        let (job, spec) = self.identity()?;
        let room = self.room(job, clock, &crate::progress::Silent);
        identity::preview(&room, spec, file, examples).await
    }

    /// At most `count` pairs of records whose answers would teach the model most.
    pub async fn review(&self, count: usize, clock: &Clock) -> Result<Vec<identity::Question>> {
        let (job, spec) = self.identity()?;
        let room = self.room(job, clock, &crate::progress::Silent);
        identity::review(&room, spec, count).await
    }

    /// Writes down that two records are the same person, or are not; the next run follows it.
    pub async fn decide(
        &self,
        names: [&identity::RecordName; 2],
        same: bool,
        clock: &Clock,
    ) -> Result<()> {
        let (job, _) = self.identity()?;
        identity::decisions::put(
            &self.room(job, clock, &crate::progress::Silent),
            names,
            same,
        )
        .await
    }

    /// The project's job that resolves persons.
    pub(crate) fn identity(&self) -> Result<(&Job, &IdentityJob)> {
        let mut jobs = self.project.jobs.values();
        let found = jobs.find_map(|job| match &job.kind {
            JobKind::Identity(spec) if spec.entity.is_person() => Some((job, spec)),
            _ => None,
        });
        found.ok_or_else(|| {
            Error::invalid("the project has no identity job")
                .with_hint("write one: jobs/identity.yaml, kind: identity")
        })
    }

    /// Publishes what epoch `to` showed, as a new epoch.
    #[instrument(level = "error", name = "run", skip_all, fields(run_id = %clock.run_id))]
    pub async fn rollback(&self, to: u64, clock: &Clock) -> Result<Epoch> {
        let mut jobs = Vec::new();
        for job in self.project.jobs.values() {
            if let JobKind::Publish(spec) = &job.kind {
                jobs.push((self.room(job, clock, &crate::progress::Silent), spec));
            }
        }
        if jobs.is_empty() {
            return Err(Error::invalid(
                "the project publishes nothing, so there is nothing to roll back",
            ));
        }
        publish::rollback(&self.warehouse, clock, &jobs, to).await
    }
}

/// Does what a job is there for, whatever its kind.
pub async fn apply_job(room: &Room<'_>) -> Result<(Action, String, Outcome)> {
    let (decision, outcome) = match &room.job.kind {
        JobKind::Source(job) => return source::run(room, job).await,
        JobKind::Identity(job) => identity::apply(room, job).await?,
        JobKind::Facts(job) => {
            let planned = facts::decide(room, job).await?;
            let outcome = facts::apply(room, job, &planned).await?;
            (planned.decision, outcome)
        }
        JobKind::Profile(job) => {
            let planned = profile::decide(room, job).await?;
            let outcome = profile::apply(room, job, &planned).await?;
            (planned.decision, outcome)
        }
        JobKind::Feature(job) => derive(room, &feature::derivation(job)).await?,
        JobKind::Measures(job) => derive(room, &measures::derivation(job)).await?,
        JobKind::Publish(job) => {
            let planned = publish::decide(room, job).await?;
            let outcome = publish::apply(room, job, &planned).await?;
            (planned.decision, outcome)
        }
    };
    Ok((decision.action(), decision.why, outcome))
}

async fn derive(room: &Room<'_>, derivation: &Derivation<'_>) -> Result<(Decision, Outcome)> {
    let planned = derivation.decide(room).await?;
    let outcome = derivation.apply(room, &planned).await?;
    Ok((planned.decision, outcome))
}

fn config(project: &Project, root: &Path) -> WarehouseConfig {
    let warehouse = &project.settings.warehouse;
    let s3 = warehouse.s3.as_ref().map(|s3| S3Options {
        endpoint: s3.endpoint.clone(),
        region: s3.region.clone(),
        path_style: s3.path_style,
        allow_http: s3.allow_http,
    });
    WarehouseConfig {
        location: absolute(root, &warehouse.location),
        catalog_uri: catalog_uri(root, warehouse.catalog_uri().reveal()),
        s3,
    }
}

fn catalog_uri(root: &Path, uri: &str) -> String {
    match uri.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite:{}", absolute(root, path)),
        None => uri.to_string(),
    }
}

fn absolute(root: &Path, location: &str) -> String {
    if location.contains("://") {
        return location.to_string();
    }
    let joined = root.join(location);
    crate::absolute(&joined)
        .unwrap_or(joined)
        .to_string_lossy()
        .into_owned()
}
