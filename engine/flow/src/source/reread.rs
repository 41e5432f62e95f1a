//! Reading a source's files once more, to hold what comes of them against the tables: those that were taken in, if they
//! are all still there as they were.

use c360_catalog::Table;
use c360_spec::{RejectLimits, SourceJob};

use super::contract;
use super::decide::{Freshness, Step, Work, reading};
use super::discover::{Found, SourceFile, discover};
use super::manifest::{Cursor, Entry, Manifest, Standing};
use super::sink::{Tables, is_known};
use crate::error::Result;
use crate::reason::Reason;
use crate::room::Room;

/// Whether the files can be read once more.
pub enum Reread {
    /// The work, for tables that hold nothing.
    Possible(Box<Work>),
    /// What is in the way.
    Impossible(Reason),
}

/// The files that `raw` records, to be read into tables that hold nothing.
pub async fn decide(room: &Room<'_>, job: &SourceJob, raw: &Table) -> Result<Reread> {
    let stores = room.warehouse.stores();
    let cursor = Cursor::of(Some(raw))?;
    let manifest = Manifest::load(stores, &cursor).await?;
    let found = discover(stores, &room.project.settings.data, &job.files).await?;
    if stopped_half_way(raw, &cursor, &manifest, &found) {
        return Ok(Reread::Impossible(Reason::half_way(room)));
    }
    let reading = reading(job, contract(room, job)?);
    if cursor.reading.as_ref() != Some(&reading) {
        return Ok(Reread::Impossible(Reason::spec_changed(room)));
    }
    let mut files = Vec::with_capacity(manifest.len());
    for entry in manifest.entries() {
        let file = found.files.iter().find(|file| file.path == entry.path);
        if let Some(reason) = obstacle(room, &manifest, entry, file).await? {
            return Ok(Reread::Impossible(reason));
        }
        files.extend(file.cloned());
    }
    Ok(Reread::Possible(Box::new(Work {
        step: Step::Add,
        why: "read once more".into(),
        warnings: Vec::new(),
        files,
        tables: Tables::default(),
        cursor: Cursor::default(),
        manifest: Manifest::default(),
        limits: NO_LIMITS,
        reading,
        freshness: Freshness::default(),
    })))
}

/// What was taken in is not judged again, and least of all a year's files at once.
const NO_LIMITS: RejectLimits = RejectLimits {
    max_percent: 100.0,
    max_rows: None,
};

/// What keeps the file from saying what it said when it was taken in.
async fn obstacle(
    room: &Room<'_>,
    manifest: &Manifest,
    entry: &Entry,
    file: Option<&SourceFile>,
) -> Result<Option<Reason>> {
    let path = &entry.path;
    let Some(file) = file else {
        return Ok(Some(Reason {
            why: format!("file {path} is gone"),
            remedy: "put it back".into(),
        }));
    };
    if !is_known(room.warehouse.stores(), manifest, file).await? {
        let why = format!("file {path} changed since it was taken in");
        return Ok(Some(Reason::run_first(room, why)));
    }
    Ok(entry.has_forerunner.then(|| Reason {
        why: format!("file {path} came in several versions, of which the newest is there"),
        remedy: "deliver what is new in files of its own".into(),
    }))
}

/// Whether the newest commit did not advance the cursor while there are files to read: the next run finishes what it
/// began.
fn stopped_half_way(raw: &Table, cursor: &Cursor, manifest: &Manifest, found: &Found) -> bool {
    if cursor.manifest.is_none() {
        return true;
    }
    let is_news =
        |file: &SourceFile| matches!(manifest.standing(file), Standing::New | Standing::Changed);
    let mut history = raw.snapshots();
    // Upkeep repeats what was said of rows that it moved.
    history.dedup_by_key(|snapshot| snapshot.content_id);
    let mut recorded = history
        .iter()
        .rev()
        .map(|snapshot| snapshot.summary.get("c360.inputs"));
    recorded.next() == recorded.next() && found.files.iter().any(is_news)
}
