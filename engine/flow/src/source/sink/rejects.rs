//! The rejects table and its own list of files: committed before the raw table, so that a run that
//! dies in between does not write them a second time when it is run again. A file that changed has
//! the rejects of its newest version and no others.

use c360_catalog::{Evolution, Merge, Scope, Stores, Table, TableDefinition};
use c360_spec::SourceJob;

use super::super::discover::SourceFile;
use super::super::manifest::{Cursor, Entry, Manifest, Standing};
use super::super::read::{self, Fingerprint};
use super::super::reject::{self, Reject};
use super::writer::Writer;
use super::{stamp, unchanged};
use crate::error::Result;
use crate::report::Outcome;
use crate::room::Room;

/// Rejects of a run on their way.
pub struct Rejects<'a> {
    room: &'a Room<'a>,
    definition: TableDefinition,
    decided: Option<Table>,
    manifest: Manifest,
    reading: String,
    files: Vec<SourceFile>,
    /// Files whose rejects are there already
    known: Vec<bool>,
    /// The rejects there are of an older way of reading
    outdated: bool,
    /// Some of the rejects there are of older versions of the files
    superseded: bool,
    open: Option<Open>,
}

struct Open {
    writer: Writer,
    cursor: Cursor,
}

impl<'a> Rejects<'a> {
    /// `table` is what is there, if anything. Rejects of files that it lists are not added again,
    /// unless everything is read anew.
    pub async fn open(
        room: &'a Room<'a>,
        job: &SourceJob,
        table: Option<Table>,
        reading: &str,
        rebuild: bool,
        files: &[SourceFile],
    ) -> Result<Self> {
        let cursor = Cursor::of(table.as_ref())?;
        let read_otherwise = room.in_full || cursor.reading.as_deref() != Some(reading);
        let was_written = table.as_ref().is_some_and(|it| it.snapshot_id().is_some());
        let outdated = rebuild && was_written && read_otherwise;
        let stores = room.warehouse.stores();
        let manifest = match outdated {
            true => Manifest::default(),
            false => Manifest::load(stores, &cursor).await?,
        };
        let mut known = Vec::with_capacity(files.len());
        for file in files {
            known.push(is_known(stores, &manifest, file).await?);
        }
        let superseded = files
            .iter()
            .zip(&known)
            .any(|(file, known)| !known && manifest.has_rejects(&file.path));
        let definition = definition(job);
        let reading = reading.to_owned();
        Ok(Self {
            room,
            definition,
            decided: table,
            manifest,
            reading,
            files: files.to_vec(),
            known,
            outdated,
            superseded,
            open: None,
        })
    }

    /// Takes rejects of the file at this place among the run's files.
    pub async fn take(&mut self, place: usize, file: &str, rejects: &[Reject]) -> Result<()> {
        if rejects.is_empty() || self.known[place] {
            return Ok(());
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.start().await?,
        };
        open.writer.write(reject::batch(file, rejects)).await?;
        self.open = Some(open);
        Ok(())
    }

    async fn start(&self) -> Result<Open> {
        let table = self
            .room
            .warehouse
            .create_or_evolve(&self.definition)
            .await?;
        unchanged(&table, self.decided.as_ref())?;
        let manifest = Some(Manifest::location(&table)?);
        let cursor = Cursor {
            manifest,
            reading: Some(self.reading.clone()),
        };
        let writer = if self.outdated {
            Writer::replace(&table, stamp(self.room, &cursor))
        } else if self.superseded {
            Writer::merge(&table, self.merge())
        } else {
            Writer::append(&table)
        };
        Ok(Open { writer, cursor })
    }

    /// All rejects of the files whose rejects are not there become those of this run.
    fn merge(&self) -> Merge {
        let files = self.files.iter().zip(&self.known);
        let read = files.filter_map(|(file, known)| (!known).then_some(file.path.as_str()));
        Merge {
            key: reject::KEY.map(str::to_owned).to_vec(),
            scope: Scope::Keys {
                columns: vec![reject::KEY[0].to_owned()],
                keys: reject::files(read),
            },
            rows: Vec::new(),
        }
    }

    /// Notes that all rejects of a file were taken.
    pub fn finish(&mut self, entry: &Entry) {
        self.manifest.add(entry.clone());
    }

    /// Makes the rejects visible. Writes nothing when there are none and there were none.
    pub async fn commit(mut self, outcome: &mut Outcome) -> Result<()> {
        let open = match self.open.take() {
            Some(open) => open,
            None if self.outdated || self.superseded => self.start().await?,
            None => return Ok(()),
        };
        self.manifest
            .save(self.room.warehouse.stores(), &open.cursor)
            .await?;
        outcome.wrote(&open.writer.commit(stamp(self.room, &open.cursor)).await?);
        Ok(())
    }
}

fn definition(job: &SourceJob) -> TableDefinition {
    let comment = format!("rows of files that break the contract of {}", job.table());
    TableDefinition {
        name: job.rejects_table(),
        schema: reject::schema(),
        key: Vec::new(),
        order: Vec::new(),
        comment: Some(comment),
        evolution: Evolution::Widen,
    }
}

/// The table for rejects, so that SQL can look into it before there are any.
pub async fn create(room: &Room<'_>, job: &SourceJob) -> Result<Table> {
    Ok(room.warehouse.create_or_evolve(&definition(job)).await?)
}

/// Whether this very content of the file was taken in.
pub async fn is_known(stores: &Stores, manifest: &Manifest, file: &SourceFile) -> Result<bool> {
    Ok(match manifest.standing(file) {
        Standing::Known => true,
        Standing::New | Standing::Changed => false,
        Standing::Touched => manifest.holds(&file.path, &checksum(stores, file).await?),
    })
}

/// Reads a file for its checksum.
pub async fn checksum(stores: &Stores, file: &SourceFile) -> Result<Fingerprint> {
    let (store, path) = stores.resolve(&file.location)?;
    let stored = read::open(&store, &path, &file.path).await?;
    let name = file.path.clone();
    let work = tokio::task::spawn_blocking(move || read::fingerprint(stored, &name));
    work.await
        .map_err(|error| read::stopped(&file.path, error))?
}
