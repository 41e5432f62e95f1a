//! What a run tells catalogs of data about itself: OpenLineage events, to the file or endpoint that the project names.
//! Told is what the ledger keeps, the jobs that did something or did not end well, each when it is over; and around them
//! the run as a whole, which is their parent. Nothing is read back, and nothing that goes wrong here is the run's concern.

mod datasets;
mod event;
mod run_id;
mod sender;

use std::path::PathBuf;
use std::time::Instant;

use c360_spec::{Job, Lineage};
use jiff::Timestamp;
use tracing::warn;

use self::datasets::Datasets;
use self::event::{
    Documentation, ErrorMessage, EventType, JobFacets, JobName, JobType, Parent, ProcessingEngine,
    Run, RunEvent, RunFacets, RunName, Sql,
};
use self::sender::{Place, Sender};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::Result;
use crate::stop::Stop;

/// The events of one run. Where the project names no place for them, none.
pub struct Events<'a> {
    engine: &'a Engine,
    clock: &'a Clock,
    began: Instant,
    sender: Option<Sender>,
    /// Whether the run's start was told.
    has_begun: bool,
}

impl<'a> Events<'a> {
    /// Of a run that begins now.
    pub fn of(engine: &'a Engine, clock: &'a Clock) -> Self {
        let lineage = engine.project.settings.lineage.as_ref();
        let place = lineage.and_then(|lineage| place(engine, lineage));
        Self {
            engine,
            clock,
            began: Instant::now(),
            sender: place.map(Sender::to),
            has_begun: false,
        }
    }

    /// What time it is, counted from the instant that the run was handed.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now.checked_add(self.began.elapsed());
        now.unwrap_or(self.clock.now)
    }

    /// A job that began at `began_at` did what it had to.
    pub async fn done(&mut self, job: &Job, began_at: Timestamp) {
        self.job(job, began_at, None).await;
    }

    /// A job that began at `began_at` did not come to its end.
    pub async fn stopped(&mut self, job: &Job, began_at: Timestamp, stop: &Stop) {
        self.job(job, began_at, Some(stop)).await;
    }

    async fn job(&mut self, job: &Job, began_at: Timestamp, stop: Option<&Stop>) {
        let ended_at = self.now();
        self.begin();
        let Some(sender) = &self.sender else {
            return;
        };
        let facets = RunFacets {
            parent: Some(self.parent().into()),
            ..RunFacets::default()
        };
        let run = self.run(run_id::of_job(self.clock, &job.name), facets);
        let start = RunEvent::new(EventType::Start, began_at, run.clone(), self.job_of(job));
        sender.send(&start);
        let mut end = RunEvent::new(ended(stop), ended_at, run, start.job);
        end.run.facets.error_message = message(stop).map(Into::into);
        match self.datasets(job).await {
            Ok(Datasets { inputs, outputs }) => (end.inputs, end.outputs) = (inputs, outputs),
            Err(error) => {
                warn!(
                    error = error.in_full(),
                    job = job.name,
                    "lineage leaves out what the job read and wrote"
                )
            }
        }
        sender.send(&end);
    }

    /// The run is over.
    pub async fn end(self, stop: Option<&Stop>) {
        let now = self.now();
        if self.has_begun {
            let facets = RunFacets {
                error_message: message(stop).map(Into::into),
                ..RunFacets::default()
            };
            self.whole(ended(stop), now, facets);
        }
        if let Some(sender) = self.sender {
            sender.finish().await;
        }
    }

    /// Tells that the run began, once.
    fn begin(&mut self) {
        if !self.has_begun {
            self.has_begun = true;
            self.whole(EventType::Start, self.clock.now, RunFacets::default());
        }
    }

    /// An event of the whole run.
    fn whole(&self, event_type: EventType, at: Timestamp, facets: RunFacets) {
        let Some(sender) = &self.sender else {
            return;
        };
        let run = self.run(run_id::of_run(self.clock), facets);
        let JobName { namespace, name } = self.name();
        let facets = JobFacets {
            job_type: Some(job_type("run").into()),
            ..JobFacets::default()
        };
        let job = event::Job {
            namespace,
            name,
            facets,
        };
        sender.send(&RunEvent::new(event_type, at, run, job));
    }

    fn run(&self, run_id: String, facets: RunFacets) -> Run {
        let engine = ProcessingEngine {
            name: "c360",
            version: env!("CARGO_PKG_VERSION"),
        };
        Run {
            run_id,
            facets: RunFacets {
                processing_engine: Some(engine.into()),
                ..facets
            },
        }
    }

    fn parent(&self) -> Parent {
        Parent {
            run: RunName {
                run_id: run_id::of_run(self.clock),
            },
            job: self.name(),
        }
    }

    /// The run as a job: it is called like the project.
    fn name(&self) -> JobName {
        JobName {
            namespace: self.namespace().to_owned(),
            name: self.engine.project.settings.name.clone(),
        }
    }

    fn namespace(&self) -> &str {
        let settings = &self.engine.project.settings;
        let lineage = settings.lineage.as_ref();
        let declared = lineage.and_then(|lineage| lineage.namespace.as_deref());
        declared.unwrap_or(&settings.name)
    }

    fn job_of(&self, job: &Job) -> event::Job {
        let JobName { namespace, name } = self.name();
        let sql = job
            .sql_files()
            .first()
            .and_then(|file| self.engine.project.sql.get(*file));
        let documentation = job.description.clone();
        event::Job {
            namespace,
            name: format!("{name}.{}", job.name),
            facets: JobFacets {
                job_type: Some(job_type(job.kind_name()).into()),
                documentation: documentation
                    .map(|description| Documentation { description }.into()),
                sql: sql.map(|query| {
                    Sql {
                        query: query.clone(),
                    }
                    .into()
                }),
            },
        }
    }

    async fn datasets(&self, job: &Job) -> Result<Datasets> {
        datasets::of_job(self.engine, job, self.namespace(), self.clock).await
    }
}

fn place(engine: &Engine, lineage: &Lineage) -> Option<Place> {
    if let Some(file) = &lineage.file {
        return Some(Place::File(PathBuf::from(file)));
    }
    let place = Place::endpoint(lineage.url.as_ref()?, engine.lineage_key.clone());
    let failed = |error| warn!(error, "lineage events cannot be told");
    place.map_err(failed).ok()
}

fn ended(stop: Option<&Stop>) -> EventType {
    match stop {
        Some(Stop::Failed(_)) => EventType::Fail,
        Some(Stop::Interrupted) => EventType::Abort,
        None => EventType::Complete,
    }
}

/// What the ledger says of it too; for the hint the facet has no place of its own.
fn message(stop: Option<&Stop>) -> Option<ErrorMessage> {
    let error = stop?.error()?;
    let mut message = error.in_full();
    if let Some(hint) = error.hint() {
        message += &format!("\nhint: {hint}");
    }
    Some(ErrorMessage {
        message,
        programming_language: "Rust",
    })
}

fn job_type(kind: &str) -> JobType {
    JobType {
        processing_type: "BATCH",
        integration: "C360",
        job_type: kind.to_uppercase(),
    }
}
