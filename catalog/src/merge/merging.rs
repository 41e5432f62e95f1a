//! A merge under way: its rows are written, part by part, and one commit puts them in place of those that go.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use iceberg::spec::{DataFile, Operation};

use super::collate::collate;
use super::find::find;
use super::wanted::Wanted;
use crate::commit::{Change, Committed, Stamp, commit};
use crate::data_writer::DataWriter;
use crate::delete_writer::write_deletes;
use crate::fileset::{FileSet, LiveFile};
use crate::manifests::Removed;
use crate::{Result, Table};

pub(super) struct Merging {
    table: Table,
    files: FileSet,
    writer: DataWriter,
    /// For each file, the positions that go.
    gone: Vec<Vec<u64>>,
    inserted: u64,
    updated: u64,
    deleted: u64,
}

impl Merging {
    pub(super) async fn begin(table: &Table) -> Result<Self> {
        let files = FileSet::load(table).await?;
        Ok(Self {
            writer: DataWriter::new(table)?,
            gone: vec![Vec::new(); files.files.len()],
            files,
            table: table.clone(),
            inserted: 0,
            updated: 0,
            deleted: 0,
        })
    }

    /// Finds what goes for these rows, and writes those that the table lacks.
    pub(super) async fn add(&mut self, wanted: &Arc<Wanted>) -> Result<()> {
        let found = find(&self.table, wanted, &self.files).await?;
        let difference = collate(&self.files, &found, wanted.row_count());
        self.write(wanted, &difference.kept).await?;
        for (gone, more) in self.gone.iter_mut().zip(difference.gone) {
            gone.extend(more);
        }
        self.inserted += difference.inserted;
        self.updated += difference.updated;
        self.deleted += difference.deleted;
        Ok(())
    }

    /// Writes the rows that are not `kept` in the table already, in the order given.
    async fn write(&mut self, wanted: &Wanted, mut kept: &[bool]) -> Result<()> {
        for batch in wanted.rows() {
            let (here, rest) = kept.split_at(batch.num_rows());
            kept = rest;
            if here.iter().all(|kept| *kept) {
                continue;
            }
            let new: BooleanArray = here.iter().map(|kept| Some(!kept)).collect();
            self.writer
                .write(&filter_record_batch(batch, &new)?)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn commit(mut self, stamp: &Stamp) -> Result<Committed> {
        // Parts meet a file's rows in an order of their own.
        self.gone.iter_mut().for_each(|gone| gone.sort_unstable());
        let gone_count = self.updated + self.deleted;
        let written = self.writer.finish().await?;
        let (dropped, shrunk) = dropped_and_shrunk(&self.files, &self.gone);
        let deletes = write_deletes(&self.table, &shrunk).await?;
        let operation = match (written.rows, gone_count) {
            (_, 0) => Operation::Append,
            (0, _) => Operation::Delete,
            _ => Operation::Overwrite,
        };
        let change = Change {
            operation,
            added: written.files,
            added_deletes: deletes.iter().cloned().collect(),
            removed: Removed::data_files(dropped),
            live_rows: self.files.row_count() + written.rows - gone_count,
            bears_moves: false,
        };
        let (table, manifest_bytes) = commit(&self.table, &change, &stamp.properties()).await?;
        let delete_bytes = deletes.as_ref().map_or(0, DataFile::file_size_in_bytes);
        Ok(Committed {
            table,
            inserted: self.inserted,
            updated: self.updated,
            deleted: self.deleted,
            bytes_written: written.bytes + delete_bytes + manifest_bytes,
        })
    }
}

/// The files that lose all of their rows, and the positions that the others lose.
fn dropped_and_shrunk<'a>(
    files: &'a FileSet,
    gone: &'a [Vec<u64>],
) -> (HashSet<String>, Vec<(&'a LiveFile, &'a [u64])>) {
    let mut dropped = HashSet::new();
    let mut shrunk = Vec::new();
    for (file, gone) in files.files.iter().zip(gone) {
        if gone.is_empty() {
            continue;
        }
        if gone.len() as u64 == file.row_count() {
            dropped.insert(file.path().to_owned());
        } else {
            shrunk.push((file, gone.as_slice()));
        }
    }
    (dropped, shrunk)
}
