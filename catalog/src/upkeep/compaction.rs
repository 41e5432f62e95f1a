//! Compaction: small files become large ones, rows that are gone leave the files, and the deletes
//! of the rest are gathered in one file. The commit is a *replace*: same rows, other files.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;
use iceberg::spec::{DataFile, Operation};

use crate::columns::Columns;
use crate::commit::{Change, commit};
use crate::data_writer::{DataWriter, FILE_BYTES};
use crate::delete_writer::write_deletes;
use crate::fileset::{FileSet, LiveFile};
use crate::manifests::Removed;
use crate::provider::FileTable;
use crate::selection::Unit;
use crate::table::{LIVE_ROWS, SAME_ROWS_AS};
use crate::{Error, Kind, Result, Table};

/// Files below a quarter of what is written at once are small.
const SMALL_BYTES: u64 = FILE_BYTES as u64 / 4;

/// How much wear a table may show before it is compacted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wear {
    /// So many small data files are made into large ones.
    pub small_files: usize,
    /// So many delete files are made into one.
    pub delete_files: usize,
    /// A data file that lost this share of its rows is written anew without them.
    pub deleted_share: f64,
}

impl Default for Wear {
    /// Reading a file that one need not open costs about as much as a few thousand rows, skipping a
    /// deleted row a good part of reading it.
    fn default() -> Self {
        Self {
            small_files: 8,
            delete_files: 8,
            deleted_share: 0.1,
        }
    }
}

/// Which files of a table are to be written anew.
#[derive(Debug)]
pub struct Compaction {
    table: Table,
    live_rows: u64,
    rewritten: Vec<LiveFile>,
    /// Files that stay although rows of theirs are gone, when their deletes are gathered.
    gathered: Vec<LiveFile>,
    /// Delete files that are needed no more.
    dropped: Vec<String>,
    /// All data and delete files there are.
    files: usize,
}

impl Table {
    /// What there is to compact.
    ///
    /// # Errors
    /// As [`FileSet::load`].
    pub async fn compaction(&self, wear: &Wear) -> Result<Compaction> {
        let all = FileSet::load(self).await?;
        let live_rows = all.row_count();
        let files = all.files.len() + all.delete_files.len();
        let small = all.files.iter().filter(|file| is_small(file)).count();
        let is_worn = |file: &LiveFile| worn(file, wear);
        // Where something is written anyway, the small files come along.
        let gather = small >= wear.small_files || all.files.iter().any(is_worn);
        let (rewritten, left): (Vec<_>, Vec<_>) = all
            .files
            .into_iter()
            .partition(|file| is_worn(file) || (gather && is_small(file)));
        let left_paths: HashSet<&str> = left.iter().map(LiveFile::path).collect();
        let is_needed = |names: &[String]| names.iter().any(|n| left_paths.contains(n.as_str()));
        let (needed, unneeded): (Vec<_>, Vec<_>) = all
            .delete_files
            .iter()
            .partition(|file| is_needed(&file.names));
        let scattered = needed.len() >= wear.delete_files;
        let dropped = unneeded.into_iter();
        let dropped = dropped.chain(needed.into_iter().filter(|_| scattered));
        let dropped = dropped.map(|file| file.entry.file_path().to_owned());
        let dropped = dropped.collect();
        let with_deletes = |file: &LiveFile| scattered && file.deleted.is_some();
        let gathered = left.iter().filter(|file| with_deletes(file));
        Ok(Compaction {
            table: self.clone(),
            live_rows,
            gathered: gathered.cloned().collect(),
            rewritten,
            dropped,
            files,
        })
    }
}

fn is_small(file: &LiveFile) -> bool {
    file.entry.file_size_in_bytes() < SMALL_BYTES
}

fn worn(file: &LiveFile, wear: &Wear) -> bool {
    let rows = file.entry.record_count();
    let deleted = rows - file.row_count();
    deleted > 0 && deleted as f64 >= rows as f64 * wear.deleted_share
}

impl Compaction {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.rewritten.is_empty() && self.dropped.is_empty()
    }

    /// Data and delete files of the table now.
    pub fn files(&self) -> usize {
        self.files
    }

    /// Data files that are written anew.
    pub fn data_files(&self) -> usize {
        self.rewritten.len()
    }

    /// Delete files that go.
    pub fn delete_files(&self) -> usize {
        self.dropped.len()
    }

    /// Bytes of the data files that are written anew.
    pub fn bytes(&self) -> u64 {
        let files = self.rewritten.iter();
        files.map(|file| file.entry.file_size_in_bytes()).sum()
    }

    /// The live rows of the files that are written anew; [`Compaction::commit`] wants them back, in
    /// any order.
    pub fn rows(&self) -> Arc<dyn TableProvider> {
        let units = self.rewritten.iter().filter_map(Unit::live).collect();
        let columns = Columns::new(self.table.schema());
        Arc::new(FileTable::new(&self.table, columns, units))
    }

    /// Puts the rows in place of the files that they come from. Nothing where somebody else changed
    /// the table meanwhile: it is left for the next time.
    ///
    /// # Errors
    /// *internal* when other rows come back than were handed out; nothing was changed then.
    pub async fn commit(self, mut rows: SendableRecordBatchStream) -> Result<Option<Table>> {
        let mut writer = DataWriter::new(&self.table)?;
        while let Some(batch) = rows.try_next().await? {
            writer.write(&batch).await?;
        }
        let written = writer.finish().await?;
        let expected: u64 = self.rewritten.iter().map(LiveFile::row_count).sum();
        if written.rows != expected {
            return Err(Error::internal(format!(
                "compaction of table `{}` read {} rows and wrote {}: nothing was changed",
                self.table.name(),
                expected,
                written.rows
            )));
        }
        let gathered: Vec<(&LiveFile, &[u64])> = self
            .gathered
            .iter()
            .map(|file| (file, file.deleted.as_deref().map_or(&[][..], Vec::as_slice)))
            .collect();
        let deletes = write_deletes(&self.table, &gathered).await?;
        self.replace(written.files, deletes).await
    }

    async fn replace(
        self,
        added: Vec<DataFile>,
        deletes: Option<DataFile>,
    ) -> Result<Option<Table>> {
        let rewritten = self.rewritten.iter();
        let change = Change {
            operation: Operation::Replace,
            added,
            added_deletes: deletes.into_iter().collect(),
            removed: Removed::Some {
                data: rewritten.map(|file| file.path().to_owned()).collect(),
                deletes: self.dropped.into_iter().collect(),
            },
            live_rows: self.live_rows,
            bears_moves: false,
        };
        match commit(&self.table, &change, &said_again(&self.table)).await {
            Ok((table, _)) => Ok(Some(table)),
            Err(error) if error.kind() == Kind::Conflict => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What c360 said of the rows when they were committed, which is as true of them in other files; and
/// which rows they are.
fn said_again(table: &Table) -> HashMap<String, String> {
    let said = table.said();
    let said = said.filter(|(name, _)| name.as_str() != LIVE_ROWS);
    let mut said: HashMap<String, String> = said
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let same = table.content_id().map(|id| id.to_string());
    said.extend(same.map(|id| (SAME_ROWS_AS.to_owned(), id)));
    said
}
