//! What a source has to do: which files are new, and whether what was read before still counts.

use std::collections::BTreeSet;

use c360_catalog::Stores;
use c360_spec::{Contract, Mode, RejectLimits, SourceJob};
use jiff::Timestamp;
use serde::Serialize;

use super::contract;
use super::discover::{Found, SourceFile, discover};
use super::manifest::{Cursor, Manifest, Standing};
use super::sink::{Tables, checksum};
use crate::error::{Error, Result};
use crate::fingerprint::fingerprint;
use crate::report::Action;
use crate::room::Room;

/// What is done with the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing
    Nothing,
    /// None is read; tags that changed are noted, so that they are not hashed every time
    Note,
    /// They are added
    Add,
    /// They replace everything
    Rebuild,
}

/// What there is to do, with everything that it was decided from.
pub struct Work {
    pub step: Step,
    /// Why, for the reader of a plan
    pub why: String,
    /// What the reader should know besides
    pub warnings: Vec<String>,
    /// Files to read, sorted by path
    pub(super) files: Vec<SourceFile>,
    pub(super) tables: Tables,
    /// What the raw table records
    pub(super) cursor: Cursor,
    pub(super) manifest: Manifest,
    /// How many rows may break the contract
    pub(super) limits: RejectLimits,
    /// Fingerprint of how files are read now
    pub(super) reading: String,
    pub freshness: Freshness,
}

/// How old what was taken in is, and how much is to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// When the newest of the files that were taken in was written; none where none is there any more
    pub newest_file_at: Option<Timestamp>,
    /// Files that were not taken in yet, or not as they are now
    pub waiting_files: usize,
}

impl Work {
    /// How a plan calls it.
    pub fn action(&self) -> Action {
        match self.step {
            Step::Nothing => Action::Nothing,
            Step::Note => Action::Incremental,
            Step::Add if self.cursor.manifest.is_some() => Action::Incremental,
            Step::Add | Step::Rebuild => Action::Full,
        }
    }

    /// Bytes of the files to read, as they are stored.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Rows of the files to read, if they are as long as those of the files that were taken in; none where none was.
    pub fn likely_rows(&self) -> Option<u64> {
        let taken = self.manifest.entries();
        let taken = taken.fold([0, 0], |[rows, bytes], entry| {
            [rows + entry.rows, bytes + entry.size]
        });
        let [rows, bytes] = taken.map(u128::from);
        let likely = (u128::from(self.bytes()) * rows).checked_div(bytes)?;
        u64::try_from(likely).ok()
    }
}

/// Compares the files that there are with those that were taken in.
pub async fn decide(room: &Room<'_>, job: &SourceJob) -> Result<Work> {
    let stores = room.warehouse.stores();
    let tables = load(room, job).await?;
    let mut cursor = Cursor::of(tables.raw.as_ref())?;
    if room.in_full {
        // Should the run die half-way, the next one finds that the files were never read as they should be.
        cursor.reading = None;
    }
    let mut manifest = Manifest::load(stores, &cursor).await?;
    let contract = contract(room, job)?;
    let found = discover(stores, &room.project.settings.data, &job.files).await?;
    if found.files.is_empty() && manifest.is_empty() && !job.optional {
        return Err(no_files(room, &found));
    }
    let pending = pending(stores, &found.files, &mut manifest).await?;
    let freshness = pending.freshness(&found.files);
    let Pending {
        new,
        changed,
        touched,
    } = pending;
    let reading = reading(job, contract);
    let judgement = Judgement {
        is_first: cursor.manifest.is_none(),
        is_read_as_before: cursor.reading.as_deref() == Some(&reading),
        is_asked_for: room.in_full,
        is_append: job.mode == Mode::Append,
        has_key: !contract.key.is_empty(),
        files: &found.files,
        manifest: &manifest,
        new: &new,
        changed: &changed,
        touched,
    };
    let Judged {
        step,
        why,
        mut warnings,
    } = judgement.judge(room)?;
    if found.files.is_empty() && !manifest.is_empty() {
        warnings.push(format!(
            "{} match nothing in {}; what was read from {} stays",
            found.unmatched.join(", "),
            room.project.settings.data,
            counted(manifest.len())
        ));
    }
    let files = match step {
        Step::Nothing | Step::Note => Vec::new(),
        Step::Rebuild => found.files,
        Step::Add => {
            let mut files = [new, changed].concat();
            files.sort_by(|a, b| a.path.cmp(&b.path));
            files
        }
    };
    Ok(Work {
        step,
        why,
        warnings,
        files,
        tables,
        cursor,
        manifest,
        limits: contract.rejects.clone(),
        reading,
        freshness,
    })
}

async fn load(room: &Room<'_>, job: &SourceJob) -> Result<Tables> {
    Ok(Tables {
        raw: room.output_table(&job.table()).await?,
        rejects: room.output_table(&job.rejects_table()).await?,
        deleted: match job.deleted_table() {
            Some(name) => room.output_table(&name).await?,
            None => None,
        },
    })
}

/// What sets the files apart from those that were taken in.
struct Pending {
    /// Files never seen under their path
    new: Vec<SourceFile>,
    /// Files of which another version was taken in
    changed: Vec<SourceFile>,
    /// How many have another tag and the same content
    touched: usize,
}

impl Pending {
    fn freshness(&self, files: &[SourceFile]) -> Freshness {
        let waiting = self.new.iter().chain(&self.changed);
        let waiting: BTreeSet<&str> = waiting.map(|file| file.path.as_str()).collect();
        let taken_in = files.iter();
        let taken_in = taken_in.filter(|file| !waiting.contains(file.path.as_str()));
        Freshness {
            newest_file_at: taken_in.map(|file| file.modified_at).max(),
            waiting_files: waiting.len(),
        }
    }
}

async fn pending(
    stores: &Stores,
    files: &[SourceFile],
    manifest: &mut Manifest,
) -> Result<Pending> {
    let (mut new, mut changed, mut touched) = (Vec::new(), Vec::new(), 0);
    for file in files {
        match manifest.standing(file) {
            Standing::Known => {}
            Standing::New => new.push(file.clone()),
            Standing::Changed => changed.push(file.clone()),
            Standing::Touched => {
                if !manifest.settle(file, &checksum(stores, file).await?) {
                    changed.push(file.clone());
                } else if file.etag.is_some() {
                    // Where stores give no tags there is nothing to note: files are hashed every time.
                    touched += 1;
                }
            }
        }
    }
    Ok(Pending {
        new,
        changed,
        touched,
    })
}

/// What a decision is made from.
struct Judgement<'a> {
    is_first: bool,
    is_read_as_before: bool,
    /// Everything is to be read, whatever was read before
    is_asked_for: bool,
    /// What a row of a changed file was before is then to be forgotten
    is_append: bool,
    has_key: bool,
    files: &'a [SourceFile],
    manifest: &'a Manifest,
    new: &'a [SourceFile],
    changed: &'a [SourceFile],
    touched: usize,
}

struct Judged {
    step: Step,
    why: String,
    warnings: Vec<String>,
}

impl Judgement<'_> {
    /// A changed file's old rows can only be replaced with all others, for which all files must be there.
    fn refuse_mixed_versions(&self, room: &Room<'_>, gone: usize) -> Result<()> {
        let keeps_every_row = self.is_append && !self.has_key;
        let Some(file) = self.changed.first().filter(|_| keeps_every_row && gone > 0) else {
            return Ok(());
        };
        let message = format!(
            "source file {} changed since it was taken in, and rows of {} have no key to tell old ones from new",
            file.path, room.job.name
        );
        Err(Error::data(message)
            .with_hint("deliver new rows in files of their own, or declare a key in the contract"))
    }

    fn judge(&self, room: &Room<'_>) -> Result<Judged> {
        let judged = |step, why: String| {
            Ok(Judged {
                step,
                why,
                warnings: Vec::new(),
            })
        };
        let files = self.new.len() + self.changed.len();
        if self.is_first {
            return judged(
                Step::Add,
                format!("nothing was taken in yet: {}", counted(files)),
            );
        }
        let gone = self.manifest.paths().filter(|path| !self.has(path)).count();
        self.refuse_mixed_versions(room, gone)?;
        if !self.is_read_as_before {
            let cause = match self.is_asked_for {
                true => "asked for in full",
                false => "spec changed",
            };
            if gone == 0 {
                return judged(
                    Step::Rebuild,
                    format!("{cause}: {} to read again", counted(self.files.len())),
                );
            }
            let warning = format!(
                "{}: {cause}, but {gone} of {} ingested files are gone: rows that are there stay as they were read",
                room.job.name,
                self.manifest.len()
            );
            let why = format!("{cause}: {} to read", counted(files));
            return Ok(Judged {
                step: Step::Add,
                why,
                warnings: vec![warning],
            });
        }
        if let Some(file) = self.changed.first().filter(|_| self.is_append) {
            return self.corrected(&file.path, gone);
        }
        match files {
            0 if self.touched > 0 => judged(
                Step::Note,
                format!("file times changed: {} to note", counted(self.touched)),
            ),
            0 => judged(
                Step::Nothing,
                format!("no new files among {}", self.files.len()),
            ),
            files => judged(Step::Add, format!("{} to read", counted(files))),
        }
    }

    /// A file of a table that rows are only added to has changed: its rows are those that it holds now.
    fn corrected(&self, path: &str, gone: usize) -> Result<Judged> {
        if gone == 0 {
            return Ok(Judged {
                step: Step::Rebuild,
                why: format!("file {path} changed: {} to read", counted(self.files.len())),
                warnings: Vec::new(),
            });
        }
        let warning = format!(
            "file {path} changed, but {gone} of {} ingested files are gone: rows whose key is there stay as they were read",
            self.manifest.len()
        );
        Ok(Judged {
            step: Step::Add,
            why: format!("file {path} changed"),
            warnings: vec![warning],
        })
    }

    fn has(&self, path: &str) -> bool {
        self.files
            .binary_search_by(|file| file.path.as_str().cmp(path))
            .is_ok()
    }
}

fn counted(files: usize) -> String {
    if files == 1 {
        "1 file".into()
    } else {
        format!("{files} files")
    }
}

fn no_files(room: &Room<'_>, found: &Found) -> Error {
    let globs = found.unmatched.join(", ");
    let data = &room.project.settings.data;
    Error::data(format!(
        "source {} has no files: {globs} match nothing in {data}",
        room.job.name
    ))
    .with_hint(format!(
        "put the files there, or correct files in jobs/{0}.yaml or data in c360.yaml; jobs/{0}.yaml may say optional: true",
        room.job.name
    ))
}

/// Fingerprint of everything that decides what a file's rows become. Which files there are,
/// descriptions and limits do not count.
pub(super) fn reading(job: &SourceJob, contract: &Contract) -> String {
    let mut contract = contract.clone();
    contract.description = None;
    contract.rejects = RejectLimits::default();
    for column in &mut contract.columns {
        column.description = None;
        column.pii = false;
    }
    fingerprint(&(&contract, &job.format, job.mode, &job.order_by, &job.op))
}
