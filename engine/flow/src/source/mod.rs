//! The source room: files become rows of `raw.<contract>`, typed by the contract; rows that break
//! it go to `raw.<contract>__rejects`. Every file is taken in exactly once, found by path, size and
//! checksum; what a table has taken in is listed beside it, in an object that its newest snapshot
//! names.
//!
//! Tables are loaded before files are listed, so that the files are never older than what the
//! tables say.

mod cells;
mod decide;
mod discover;
mod draft;
mod manifest;
mod read;
mod reject;
pub mod reread;
mod sink;
mod typed;

use std::sync::Arc;

use c360_catalog::Table;
use c360_spec::{Contract, SourceJob};
use futures::TryStreamExt;

use crate::error::{Error, Result};
use crate::report::{Action, Outcome};
use crate::room::Room;
use manifest::{Cursor, Entry, Manifest};
use read::Reader;
use reject::Tally;
use sink::{Rejects, Sink};

pub use decide::{Freshness, Step, Work, decide};
pub use draft::Draft;

/// Takes in what is new.
pub async fn run(room: &Room<'_>, job: &SourceJob) -> Result<(Action, String, Outcome)> {
    let work = decide(room, job).await?;
    let (action, why) = (work.action(), work.why.clone());
    Ok((action, why, apply(work, room, job).await?))
}

/// Does the work.
pub async fn apply(mut work: Work, room: &Room<'_>, job: &SourceJob) -> Result<Outcome> {
    if work.tables.rejects.is_none() {
        work.tables.rejects = Some(sink::create_rejects(room, job).await?);
    }
    match (work.step, &work.tables.raw) {
        (Step::Nothing, raw) => Ok(Outcome {
            snapshot_id: raw.as_ref().and_then(Table::snapshot_id),
            warnings: work.warnings,
            ..Outcome::default()
        }),
        (Step::Note, Some(raw)) => note(&work, raw, room).await,
        _ => read(work, room, job).await,
    }
}

/// Writes down which tags the files have now.
async fn note(work: &Work, raw: &Table, room: &Room<'_>) -> Result<Outcome> {
    let new = Cursor {
        manifest: Some(Manifest::location(raw)?),
        reading: Some(work.reading.clone()),
    };
    work.manifest.save(room.warehouse.stores(), &new).await?;
    sink::advance(room, raw, &new).await
}

/// Reads the files into the tables.
async fn read(work: Work, room: &Room<'_>, job: &SourceJob) -> Result<Outcome> {
    let mut outcome = Outcome {
        warnings: work.warnings.clone(),
        ..Outcome::default()
    };
    let contract = contract(room, job)?;
    let stores = room.warehouse.stores();
    let reader = Arc::new(Reader::new(
        stores,
        room.runtime.spill_dir(),
        contract,
        job,
    )?);
    room.progress
        .job_started(&room.job.name, Some(work.bytes()));

    let rebuild = work.step == Step::Rebuild;
    let Work {
        tables,
        files,
        reading,
        cursor: old,
        manifest,
        limits,
        ..
    } = work;
    let mut rejects =
        Rejects::open(room, job, tables.rejects.clone(), &reading, rebuild, &files).await?;
    let mut sink = Sink::open(room, job, contract, &tables, &old, rebuild).await?;
    let mut manifest = if rebuild {
        Manifest::default()
    } else {
        manifest
    };
    let mut tally = Tally::default();
    let mut ended = 0;
    let (mut rows, mut rejected) = (0, 0);
    let mut chunks = reader.read(files.clone(), room.runtime.threads());
    while let Some(mut chunk) = chunks.try_next().await? {
        let file = &files[chunk.file];
        room.progress.advanced(&room.job.name, chunk.taken);
        tally.add(&file.path, chunk.records, &chunk.rejects);
        rejects.take(chunk.file, &file.path, &chunk.rejects).await?;
        rows += chunk.records;
        rejected += chunk.rejects.len() as u64;
        if let Some(read) = chunk.end.take() {
            let entry = Entry::new(file, read, rows, rejected);
            ended += 1;
            rejects.finish(&entry);
            manifest.add(entry);
            (rows, rejected) = (0, 0);
        }
        sink.take(chunk).await?;
    }
    // A file that is listed as taken in is never read again, so half of one may not count as the whole.
    if ended != files.len() {
        return Err(Error::internal("reading stopped before the end of a file"));
    }
    (outcome.rows_in, outcome.rows_rejected) = (tally.rows, tally.rejected);
    tally.check(&contract.contract, &limits)?;

    let new = Cursor {
        manifest: Some(Manifest::location(sink.table())?),
        reading: Some(reading),
    };
    manifest.save(stores, &new).await?;
    rejects.commit(&mut outcome).await?;
    sink.commit(&old, &new, &mut outcome).await?;
    Ok(outcome)
}

/// The contract that the job names; the spec has been checked to have it.
fn contract<'a>(room: &Room<'a>, job: &SourceJob) -> Result<&'a Contract> {
    room.project.contracts.get(&job.contract).ok_or_else(|| {
        Error::invalid(format!(
            "job {} names contract {}, which does not exist",
            room.job.name, job.contract
        ))
    })
}

/// Something outside did not answer; the cause is chained.
fn unavailable(message: String, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    c360_catalog::Error::unavailable(message)
        .caused_by(cause)
        .into()
}
