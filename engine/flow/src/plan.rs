//! What a run would do, job by job, and how much that is. Writes nothing, and reads no row of what jobs read.

use std::collections::BTreeMap;

use c360_spec::{Job, JobKind};

use crate::clock::Clock;
use crate::cursor::{Work, recorded};
use crate::effort::Reading;
use crate::engine::Engine;
use crate::error::Result;
use crate::graph::{Graph, Selection};
use crate::ledger::JobEntry;
use crate::progress::Silent;
use crate::report::{Action, Plan, PlannedJob, RecordNews};
use crate::room::Room;
use crate::{cursor, facts, feature, identity, measures, profile, publish, source};

/// What the jobs did when they last did it, by job and action.
type Last = BTreeMap<[String; 2], JobEntry>;

impl Engine {
    /// What a run would do. Writes nothing.
    pub async fn plan(&self, selection: &Selection, clock: &Clock) -> Result<Plan> {
        let graph = Graph::new(&self.project)?;
        let last = self.last().await;
        let mut jobs: Vec<PlannedJob> = Vec::new();
        for job in graph.select(selection)? {
            let room = self.room(job, clock, &Silent);
            let moving: Vec<&PlannedJob> = graph
                .upstream(&job.name)
                .filter_map(|before| jobs.iter().find(|planned| planned.job == before))
                .filter(|planned| planned.action != Action::Nothing)
                .collect();
            let step = match moving.first() {
                Some(before) => Step {
                    action: Action::Waits,
                    why: format!("{} will change its input", before.job),
                    reading: after(&room, &moving).await?,
                },
                None => step(&room).await?,
            };
            jobs.push(step.planned(job, &last));
        }
        Ok(Plan { jobs })
    }

    /// Estimates rest on the ledger and nothing else does, so a plan does without it.
    async fn last(&self) -> Last {
        self.last_done().await.unwrap_or_else(|error| {
            tracing::warn!(
                error = error.in_full(),
                "the ledger cannot be read, so nothing is estimated by it"
            );
            Last::new()
        })
    }
}

/// What a job would do, why, and what it would read for it.
pub struct Step {
    pub action: Action,
    pub why: String,
    /// None where nothing is like it.
    reading: Option<Reading>,
}

impl Step {
    async fn of(planned: &cursor::Planned) -> Result<Self> {
        Ok(Self {
            action: planned.decision.action(),
            why: planned.decision.why.clone(),
            reading: Some(Reading::tables(planned).await?),
        })
    }

    fn planned(self, job: &Job, last: &Last) -> PlannedJob {
        let last = self.reading.and_then(|_| self.last(job, last));
        let reading = self.reading.unwrap_or_default();
        let resolves =
            |kind: &JobKind| matches!(kind, JobKind::Identity(spec) if spec.entity.is_person());
        let has_news = self.action != Action::Nothing && resolves(&job.kind);
        PlannedJob {
            job: job.name.clone(),
            kind: job.kind_name().to_string(),
            output: job.output_tables()[0].to_string(),
            action: self.action,
            why: self.why,
            effort: reading.effort(self.action, last),
            records: has_news.then(|| RecordNews {
                rows_added: reading.rows_added,
                rows_removed: reading.rows_removed,
                is_estimated: reading.is_estimated(),
            }),
        }
    }

    /// What the job did when it last did the like.
    fn last<'a>(&self, job: &Job, last: &'a Last) -> Option<&'a JobEntry> {
        let done = |action: Action| last.get(&[job.name.clone(), action.as_str().to_owned()]);
        let found = match self.action {
            Action::Waits => done(Action::Incremental),
            action => done(action),
        };
        // What becomes of a row of a file is much the same, whether all files are read or one.
        found.or_else(|| done(Action::Full).filter(|last| last.rows_in > 0))
    }
}

/// What the jobs before it will probably write; none where everything is to be made anew.
async fn after(room: &Room<'_>, before: &[&PlannedJob]) -> Result<Option<Reading>> {
    let output = room.output_table(&room.job.output_tables()[0]).await?;
    let made_by = recorded(output.as_ref()).map(|(fingerprint, _)| fingerprint);
    if made_by.as_ref() != Some(&room.job.fingerprint) {
        return Ok(None);
    }
    let before = before.iter().map(|planned| &planned.effort);
    Ok(Some(Reading::after(before)))
}

/// What a run would do with a job that waits for none.
pub async fn step(room: &Room<'_>) -> Result<Step> {
    match &room.job.kind {
        JobKind::Source(job) => {
            let work = source::decide(room, job).await?;
            Ok(Step {
                action: work.action(),
                reading: Some(Reading::files(&work)),
                why: work.why,
            })
        }
        JobKind::Identity(job) => {
            let decision = identity::decide(room, job).await?;
            let records = identity::decide_records(room, job).await?;
            Ok(Step {
                action: decision.action(),
                why: decision.why,
                // News of the room's own tables, such as a model, concern whom only a run can tell.
                reading: match records.decision.work {
                    Work::Nothing => None,
                    _ => Some(Reading::tables(&records).await?),
                },
            })
        }
        JobKind::Facts(job) => Step::of(&facts::decide(room, job).await?).await,
        JobKind::Profile(job) => Step::of(&profile::decide(room, job).await?).await,
        JobKind::Feature(job) => Step::of(&feature::derivation(job).decide(room).await?).await,
        JobKind::Measures(job) => Step::of(&measures::derivation(job).decide(room).await?).await,
        JobKind::Publish(job) => {
            let planned = publish::decide(room, job).await?;
            Ok(Step {
                action: planned.decision.action(),
                why: planned.decision.why,
                reading: Some(Reading::tables(&planned.derived).await?),
            })
        }
    }
}
