//! What changed in a table between two snapshots, row by row, from the lists of files and deleted
//! positions alone: rows live now and not then were added, rows live then and not now removed. A
//! row that was rewritten, changed or not, is in both. Data is read only when a query asks for it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;

use crate::columns::{Columns, field_id};
use crate::deletes::Positions;
use crate::error::Result;
use crate::fileset::{FileSet, LiveFile};
use crate::provider::FileTable;
use crate::selection::{Rows, Unit};
use crate::table::{Table, is_replacement, parent};

/// The rows that one snapshot has and another has not, under the pinned table's columns.
pub struct Changes {
    pub added: Arc<dyn TableProvider>,
    pub removed: Arc<dyn TableProvider>,
    /// Whether there is neither an added nor a removed row; known without reading data.
    pub is_empty: bool,
    /// Whether no row was removed; known without reading data.
    pub only_adds: bool,
    /// Added rows; known without reading data.
    pub rows_added: u64,
    /// Removed rows; known without reading data.
    pub rows_removed: u64,
    /// What these rows take in their files: of a file the share that its changed rows are of all.
    pub size_bytes: u64,
}

impl Table {
    /// The changes from snapshot `since` (None: from the empty table) to the pinned one. `since`
    /// may be older or newer than the pinned snapshot.
    ///
    /// # Errors
    /// *invalid* when the table has no snapshot `since` (any more); else as [`FileSet::load`].
    pub async fn changes(&self, since: Option<i64>) -> Result<Changes> {
        let Some(since) = since else {
            let now = FileSet::load(self).await?;
            let added = now.files.iter().filter_map(Unit::live).collect();
            return Ok(self.changes_of(self.schema(), added, Vec::new()));
        };
        let before = self.snapshot_of(since).await?;
        let schema = readable_by_both(&self.schema(), &before.schema());
        let (added, removed) = match self.stretch(&before)? {
            Some((then, now)) => {
                difference(&FileSet::load(&then).await?, &FileSet::load(&now).await?)
            }
            None => (Vec::new(), Vec::new()),
        };
        Ok(self.changes_of(schema, added, removed))
    }

    /// The part of the history since `before` in which rows changed, if any did: what only moved
    /// rows to other files, at its beginning or end, would else look as if it had changed them all.
    ///
    /// Where rows changed before and after such a move, it is the whole, moves included.
    fn stretch(&self, before: &Table) -> Result<Option<(Table, Table)>> {
        let mut changed = Vec::new();
        let mut end = self.snapshot();
        let mut next = self.snapshot();
        while let Some(snapshot) = next {
            let is_first = Some(snapshot.snapshot_id()) == before.snapshot_id();
            let earlier = parent(self.metadata(), snapshot);
            if is_first || is_replacement(snapshot) {
                changed.extend(
                    end.filter(|end| *end != snapshot)
                        .map(|end| (snapshot, end)),
                );
                end = earlier;
            }
            if is_first {
                return match changed[..] {
                    [] => Ok(None),
                    [(then, now)] => Ok(Some((self.at(then)?, self.at(now)?))),
                    _ => Ok(Some((before.clone(), self.clone()))),
                };
            }
            next = earlier;
        }
        Ok(Some((before.clone(), self.clone())))
    }

    /// The table at `snapshot_id`, which may have been committed after this view was taken.
    async fn snapshot_of(&self, snapshot_id: i64) -> Result<Table> {
        match self.at_snapshot(snapshot_id) {
            Ok(table) => Ok(table),
            Err(_) => self.reload().await?.at_snapshot(snapshot_id),
        }
    }

    fn changes_of(&self, schema: SchemaRef, added: Vec<Unit>, removed: Vec<Unit>) -> Changes {
        let columns = Columns::new(schema);
        let rows = |units: &[Unit]| units.iter().map(Unit::row_count).sum();
        Changes {
            rows_added: rows(&added),
            rows_removed: rows(&removed),
            size_bytes: added.iter().chain(&removed).map(Unit::size_bytes).sum(),
            is_empty: added.is_empty() && removed.is_empty(),
            only_adds: removed.is_empty(),
            added: Arc::new(FileTable::new(self, columns.clone(), added)),
            removed: Arc::new(FileTable::new(self, columns, removed)),
        }
    }
}

/// The rows of `now` that `then` has not, and the other way round.
fn difference(then: &FileSet, now: &FileSet) -> (Vec<Unit>, Vec<Unit>) {
    let mut gone: HashMap<&str, &LiveFile> =
        then.files.iter().map(|file| (file.path(), file)).collect();
    let mut added = Vec::new();
    let mut removed = Vec::new();
    for file in &now.files {
        match gone.remove(file.path()) {
            None => added.extend(Unit::live(file)),
            Some(before) => {
                added.extend(only(file, &before.deleted, &file.deleted));
                removed.extend(only(file, &file.deleted, &before.deleted));
            }
        }
    }
    let still_gone = then
        .files
        .iter()
        .filter(|file| gone.contains_key(file.path()));
    removed.extend(still_gone.filter_map(Unit::live));
    (added, removed)
}

/// The rows of `file` at the positions in `listed` that are not in `except`.
fn only(file: &LiveFile, listed: &Option<Positions>, except: &Option<Positions>) -> Option<Unit> {
    let listed = listed.as_ref()?;
    let Some(except) = except else {
        return Unit::new(file, Rows::Only(Arc::clone(listed)));
    };
    if Arc::ptr_eq(listed, except) {
        return None;
    }
    let mut rest = except.iter().copied().peekable();
    let mut positions = Vec::new();
    for position in listed.iter().copied() {
        while rest.next_if(|other| *other < position).is_some() {}
        if rest.peek() != Some(&position) {
            positions.push(position);
        }
    }
    Unit::new(file, Rows::Only(Arc::new(positions)))
}

/// The columns of `now`, nullable and as wide as the rows of both need: a column may have been
/// made optional or its type promoted between the two, in either direction of time.
fn readable_by_both(now: &SchemaRef, then: &SchemaRef) -> SchemaRef {
    let fields = now.fields().iter().map(|field| {
        let Some(before) = then.fields().iter().find(|f| same_column(f, field)) else {
            return field.as_ref().clone().with_nullable(true);
        };
        let nullable = field.is_nullable() || before.is_nullable();
        let data_type = wider(field.data_type(), before.data_type());
        let field = field.as_ref().clone().with_nullable(nullable);
        field.with_data_type(data_type.clone())
    });
    let fields: Vec<Field> = fields.collect();
    Arc::new(Schema::new_with_metadata(fields, now.metadata().clone()))
}

fn same_column(a: &Field, b: &Field) -> bool {
    field_id(a).is_some() && field_id(a) == field_id(b)
}

/// The one of two types of a column that the other can be promoted to.
fn wider<'a>(now: &'a DataType, then: &'a DataType) -> &'a DataType {
    match (now, then) {
        (DataType::Int32, DataType::Int64) | (DataType::Float32, DataType::Float64) => then,
        (DataType::Decimal128(precision, _), DataType::Decimal128(before, _))
            if before > precision =>
        {
            then
        }
        _ => now,
    }
}
