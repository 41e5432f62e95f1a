//! Where the lake stands, for whoever comes in the morning and for schedulers: the newest epoch, the last run, and job
//! by job what came of it last and what a run would do now. Reads only: metadata, listings of files, and of the ledger
//! no more than is told. That a job cannot be planned is part of the answer.

mod job;

use jiff::Timestamp;
use serde::Serialize;

pub use self::job::{JobStatus, SourceStatus};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::Result;
use crate::graph::{Graph, Selection};
use crate::overview::{Standing, standing};
use crate::report::Action;

/// Where the lake stands.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The project's name.
    pub project: String,
    /// When it was looked at: ages count to this.
    pub looked_at: Timestamp,
    /// What `$as_of` is.
    pub as_of: Timestamp,
    /// The newest epoch and the last run.
    #[serde(flatten)]
    pub standing: Standing,
    /// Every job of the project, in the order in which they run.
    pub jobs: Vec<JobStatus>,
}

impl Status {
    /// True when a run would change nothing.
    pub fn is_up_to_date(&self) -> bool {
        let mut jobs = self.jobs.iter();
        jobs.all(|job| job.action == Some(Action::Nothing))
    }
}

impl Engine {
    /// Where the lake stands. Writes nothing.
    pub async fn status(&self, clock: &Clock) -> Result<Status> {
        let epoch = self.warehouse.epochs().latest().await?;
        let standing = standing(self, epoch.as_ref()).await?;
        let mut last = self.last_outcomes().await?;
        let graph = Graph::new(&self.project)?;
        let mut jobs: Vec<JobStatus> = Vec::new();
        for job in graph.select(&Selection::default())? {
            let holds_up = |before: &&JobStatus| before.action != Some(Action::Nothing);
            let before = graph.upstream(&job.name).find_map(|name| {
                let known = jobs.iter().find(|before| before.job == name);
                known.filter(holds_up)
            });
            let room = self.room(job, clock, &crate::progress::Silent);
            let status = job::status(&room, before, last.remove(&job.name)).await?;
            jobs.push(status);
        }
        Ok(Status {
            project: self.project.settings.name.clone(),
            looked_at: clock.now,
            as_of: clock.as_of,
            standing,
            jobs,
        })
    }
}
