//! Whether tables are what their inputs make of them: each is made again, in full and beside the lake, from the
//! snapshots and files that its own newest commit names, and compared cell for cell. Nothing in the lake is written.
//!
//! Of a sample of the keys as much can be told as is made key by key, at a part of the cost; the report says what that is.
//! Whatever is sampled is made as a change of those keys would make it.
//!
//! News that no run has taken in is no difference, since it is no input yet. A table whose inputs are gone, or whose
//! spec is another by now, is not verified, and the report says so.

mod compare;
mod part;
mod rebuild;
mod report;
mod scratch;
mod sorted;

use std::collections::BTreeSet;
use std::time::Instant;

use c360_catalog::Table;
use c360_spec::TableName;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::Result;
use crate::graph::{Graph, Selection};
use crate::progress::Progress;
use crate::room::Room;
use crate::sample::Sample;
use part::{Part, Sampling};
use rebuild::{Rebuilt, rebuild};

pub use compare::{Comparison, Mismatch, What};
pub use report::{Verdict, Verification, VerifiedTable};

impl Engine {
    /// Makes again what the selected jobs made and compares, with at most `limit` mismatches a table. Writes nothing to
    /// the lake.
    pub async fn verify(
        &self,
        selection: &Selection,
        limit: usize,
        clock: &Clock,
        progress: &dyn Progress,
    ) -> Result<Verification> {
        self.verify_of(None, selection, limit, clock, progress)
            .await
    }

    /// The same of a sample of the rows, where tables can be made for one; the others are not verified.
    pub async fn verify_sample(
        &self,
        sample: Sample,
        selection: &Selection,
        limit: usize,
        clock: &Clock,
        progress: &dyn Progress,
    ) -> Result<Verification> {
        self.verify_of(Some(sample), selection, limit, clock, progress)
            .await
    }

    async fn verify_of(
        &self,
        sample: Option<Sample>,
        selection: &Selection,
        limit: usize,
        clock: &Clock,
        progress: &dyn Progress,
    ) -> Result<Verification> {
        let started = Instant::now();
        let graph = Graph::new(&self.project)?;
        let mut tables = Vec::new();
        for job in graph.select(selection)? {
            let room = Room {
                sample,
                ..self.room(job, clock, progress)
            };
            progress.job_started(&job.name, None);
            let verified = verify(&room, limit).await;
            progress.job_finished(&job.name);
            tables.extend(verified?);
        }
        Ok(Verification {
            sample,
            tables,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// What is different between two tables, of this lake or others: `table` as it is, and as it should be.
    pub async fn compare(
        &self,
        table: Option<&Table>,
        rebuilt: Option<&Table>,
        limit: usize,
    ) -> Result<Comparison> {
        compare::compare(&self.runtime.session(), table, rebuilt, None, limit).await
    }

    /// The tables that a rebuild makes again, and so those that are verified.
    pub fn rebuilt_tables(&self) -> BTreeSet<TableName> {
        let parts = self.project.jobs.values().flat_map(Part::of);
        parts.flat_map(|part| part.tables()).collect()
    }
}

/// Makes again what a job made, part by part.
async fn verify(room: &Room<'_>, limit: usize) -> Result<Vec<VerifiedTable>> {
    let mut verified = Vec::new();
    for part in Part::of(room.job) {
        let names = part.tables();
        if let (Some(_), Sampling::Nothing(why)) = (room.sample, part.sampling(&names[0])) {
            let left_out = |name| VerifiedTable::not_sampled(room, name, why);
            verified.extend(names.iter().map(left_out));
            continue;
        }
        // Outputs before inputs, so that no input is older than what an output recorded.
        let mut tables = Vec::with_capacity(names.len());
        for name in &names {
            tables.push(room.output_table(name).await?);
        }
        let rebuilt = rebuild(room, &part, &tables).await?;
        for (name, table) in names.iter().zip(&tables) {
            verified.push(VerifiedTable {
                table: name.to_string(),
                job: room.job.name.clone(),
                verdict: verdict(room, &part, name, table.as_ref(), &rebuilt, limit).await?,
            });
        }
    }
    Ok(verified)
}

async fn verdict(
    room: &Room<'_>,
    part: &Part<'_>,
    name: &TableName,
    table: Option<&Table>,
    rebuilt: &Rebuilt,
    limit: usize,
) -> Result<Verdict> {
    let scratch = match rebuilt {
        Rebuilt::Made(scratch) => scratch,
        Rebuilt::Failed(reason) => return Ok(Verdict::Broken(reason.clone())),
        Rebuilt::Impossible(reason) => return Ok(Verdict::NotVerified(reason.clone())),
    };
    let rebuilt = scratch.table(name).await?;
    let session = room.runtime.session();
    let by = match part.sampling(name) {
        Sampling::By(columns) => Some(columns),
        Sampling::Whole | Sampling::Nothing(_) => None,
    };
    let sampled = room.sample.zip(by.as_deref());
    let found = compare::compare(&session, table, rebuilt.as_ref(), sampled, limit).await?;
    Ok(match found.is_same() {
        true => Verdict::Same {
            rows: found.rows,
            rows_total: found.rows_total,
        },
        false => Verdict::Differs(found),
    })
}
