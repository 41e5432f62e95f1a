//! Merges: the rows in a scope become exactly those that are given, and only the difference is
//! written.
//!
//! ```text
//!   live files ──▶ keys and row numbers ──▶ not among the rows   ──▶ position delete
//!                  (only key columns)   └─▶ among the rows: compare
//!                                           whole rows ─┬─ equal ──▶ left alone
//!                                                       └─ other ──▶ position delete + new row
//!   rows without a counterpart ────────────────────────────────────▶ new row
//! ```
//!
//! Data files whose last rows go are dropped whole.

mod collate;
mod find;
mod keys;
mod scope;
mod wanted;

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use iceberg::spec::{DataFile, Operation};

use crate::commit::{Change, Committed, Stamp, commit};
use crate::data_writer::{DataWriter, Written};
use crate::delete_writer::write_deletes;
use crate::fileset::{FileSet, LiveFile};
use crate::manifests::Removed;
use crate::{Kind, Result, Table};

use collate::{Difference, collate};
use find::find;
use wanted::Wanted;

/// What the rows of a table, or of a part of it, should become.
#[derive(Clone, Debug)]
pub struct Merge {
    /// Columns that tell one row from another.
    pub key: Vec<String>,
    /// Which rows of the table `rows` stand for.
    pub scope: Scope,
    /// Each key once; columns are matched by name.
    pub rows: Vec<RecordBatch>,
}

/// A part of a table.
#[derive(Clone, Debug)]
pub enum Scope {
    /// All rows.
    Whole,
    /// The rows whose `columns` have one of the values in `keys`, a column of `keys` for each. A key with a null names
    /// no row.
    Keys {
        columns: Vec<String>,
        keys: RecordBatch,
    },
    /// The same, of which the caller knows where the live rows lie: nobody looks for them elsewhere.
    KeysAt {
        columns: Vec<String>,
        keys: RecordBatch,
        place: Place,
    },
}

/// Where rows lie: what they hold in a column that the table is sorted by.
#[derive(Clone, Debug)]
pub struct Place {
    /// The column.
    pub column: String,
    /// Each of the rows has one of these in it, or nothing. No nulls.
    pub values: ArrayRef,
}

impl Table {
    /// Makes the live rows in scope exactly the given ones, as one snapshot. Rows outside the
    /// scope are not touched; if nothing differs, the snapshot holds the stamp alone.
    ///
    /// # Errors
    /// *invalid* for a key twice among the rows, a row outside the scope, or unknown columns;
    /// *data* for a null in a required column; *conflict* when somebody else changed the table
    /// since.
    pub async fn merge(&self, merge: Merge, stamp: Stamp) -> Result<Committed> {
        let wanted = Arc::new(Wanted::new(self, merge)?);
        let mut base = self.clone();
        loop {
            match base.merge_wanted(&wanted, &stamp).await {
                // Upkeep came in between: the same rows want the same, they only lie elsewhere.
                Err(error) if error.kind() == Kind::Conflict => match base.moved().await? {
                    Some(moved) => base = moved,
                    None => return Err(error),
                },
                merged => return merged,
            }
        }
    }

    async fn merge_wanted(&self, wanted: &Arc<Wanted>, stamp: &Stamp) -> Result<Committed> {
        let files = FileSet::load(self).await?;
        let found = find(self, wanted, &files).await?;
        let difference = collate(&files, &found, wanted.row_count());
        let written = write_rows(self, wanted, &difference.kept).await?;
        let (dropped, shrunk) = dropped_and_shrunk(&files, &difference);
        let deletes = write_deletes(self, &shrunk).await?;
        let change = Change {
            operation: operation(&written, &difference),
            added: written.files,
            added_deletes: deletes.iter().cloned().collect(),
            removed: Removed::data_files(dropped),
            live_rows: files.row_count() + written.rows - difference.gone_count(),
            bears_moves: false,
        };
        let (table, manifest_bytes) = commit(self, &change, &stamp.properties()).await?;
        let delete_bytes = deletes.as_ref().map_or(0, DataFile::file_size_in_bytes);
        Ok(Committed {
            table,
            inserted: difference.inserted,
            updated: difference.updated,
            deleted: difference.deleted,
            bytes_written: written.bytes + delete_bytes + manifest_bytes,
        })
    }
}

/// Writes the rows that are not `kept` in the table already, in the order given.
async fn write_rows(table: &Table, wanted: &Wanted, kept: &[bool]) -> Result<Written> {
    let mut writer = DataWriter::new(table)?;
    let mut kept = kept;
    for batch in wanted.rows() {
        let (here, rest) = kept.split_at(batch.num_rows());
        kept = rest;
        if here.iter().all(|kept| *kept) {
            continue;
        }
        let new: BooleanArray = here.iter().map(|kept| Some(!kept)).collect();
        writer.write(&filter_record_batch(batch, &new)?).await?;
    }
    writer.finish().await
}

/// The files that lose all of their rows, and the positions that the others lose.
fn dropped_and_shrunk<'a>(
    files: &'a FileSet,
    difference: &'a Difference,
) -> (HashSet<String>, Vec<(&'a LiveFile, &'a [u64])>) {
    let mut dropped = HashSet::new();
    let mut shrunk = Vec::new();
    for (file, gone) in files.files.iter().zip(&difference.gone) {
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

fn operation(written: &Written, difference: &Difference) -> Operation {
    match (written.rows, difference.gone_count()) {
        (_, 0) => Operation::Append,
        (0, _) => Operation::Delete,
        _ => Operation::Overwrite,
    }
}
