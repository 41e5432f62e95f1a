//! A table as it was at one moment: metadata of one location, pinned to one snapshot. Everything
//! that is read through it stays the same however often others commit; everything that is written
//! through it states that snapshot as its precondition.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use c360_spec::TableName;
use iceberg::io::FileIO;
use iceberg::spec::{
    Operation, SchemaRef as IcebergSchemaRef, SnapshotRef, SnapshotReference, TableMetadata,
    TableMetadataRef,
};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{Error, Result, Stores, Warehouse, schema};

/// Property of our snapshots: how many rows are live. Readers that apply deletes count the same.
pub(crate) const LIVE_ROWS: &str = "c360.live-rows";
/// Property of a snapshot that only moved rows to other files: the content id of those rows.
pub(crate) const SAME_ROWS_AS: &str = "c360.same-rows-as";

/// An immutable view of a table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Table {
    inner: Arc<Inner>,
    is_recast: bool,
}

#[derive(Debug)]
struct Inner {
    warehouse: Warehouse,
    name: TableName,
    metadata: TableMetadataRef,
    metadata_location: String,
    snapshot: Option<SnapshotRef>,
    schema: IcebergSchemaRef,
    arrow_schema: SchemaRef,
}

/// One entry of a table's history.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotInfo {
    pub id: i64,
    /// As [`Table::content_id`]
    pub content_id: i64,
    pub committed_at: Timestamp,
    /// `append`, `overwrite`, `delete` or `replace` (same rows, other files)
    pub operation: String,
    pub summary: BTreeMap<String, String>,
}

impl Table {
    /// The table at its newest snapshot and schema.
    pub(crate) fn newest(
        warehouse: Warehouse,
        name: TableName,
        metadata: TableMetadataRef,
        metadata_location: String,
    ) -> Result<Self> {
        let snapshot = metadata.current_snapshot().cloned();
        let schema = metadata.current_schema().clone();
        Self::pinned(
            warehouse,
            name,
            metadata,
            metadata_location,
            snapshot,
            schema,
        )
    }

    fn pinned(
        warehouse: Warehouse,
        name: TableName,
        metadata: TableMetadataRef,
        metadata_location: String,
        snapshot: Option<SnapshotRef>,
        schema: IcebergSchemaRef,
    ) -> Result<Self> {
        let arrow_schema = Arc::new(iceberg::arrow::schema_to_arrow_schema(&schema)?);
        let inner = Inner {
            warehouse,
            name,
            metadata,
            metadata_location,
            snapshot,
            schema,
            arrow_schema,
        };
        Ok(Self {
            inner: Arc::new(inner),
            is_recast: false,
        })
    }

    /// The same table about to get the columns that `metadata` has, which is not committed yet.
    pub(crate) fn recast(&self, metadata: TableMetadata) -> Result<Self> {
        let table = Self::newest(
            self.inner.warehouse.clone(),
            self.inner.name.clone(),
            metadata.into(),
            self.inner.metadata_location.clone(),
        )?;
        Ok(Self {
            is_recast: true,
            ..table
        })
    }

    /// Whether its columns are about to change such that no row can stay. Only what replaces all rows can be committed.
    pub fn is_recast(&self) -> bool {
        self.is_recast
    }

    /// Whether it had the columns of its key at another snapshot.
    ///
    /// Fails with *invalid* when the snapshot is unknown or has been expired.
    pub fn has_key_of(&self, snapshot_id: i64) -> Result<bool> {
        let then = self.at_snapshot(snapshot_id)?;
        let then = then.iceberg_schema().as_struct();
        let mut key = self.iceberg_schema().identifier_field_ids();
        Ok(key.all(|id| then.field_by_id(id).is_some()))
    }

    /// Names of the columns that it had at another snapshot and has no longer. One that began anew with another type is
    /// among them.
    ///
    /// Fails with *invalid* when the snapshot is unknown or has been expired.
    pub fn columns_lost_since(&self, snapshot_id: i64) -> Result<Vec<String>> {
        let then = self.at_snapshot(snapshot_id)?;
        let lost = schema::lost(then.iceberg_schema(), self.iceberg_schema());
        Ok(lost.map(|column| column.name.clone()).collect())
    }

    /// Names of columns that the snapshot had, and that the pinned one lacks or has in another type: what was computed of
    /// the one may come out otherwise of the other, though no row changed.
    ///
    /// Fails with *invalid* when the snapshot is unknown or has been expired.
    pub fn columns_changed_since(&self, snapshot_id: i64) -> Result<Vec<String>> {
        let then = self.at_snapshot(snapshot_id)?;
        let changed = schema::changed(then.iceberg_schema(), self.iceberg_schema());
        Ok(changed.map(|column| column.name.clone()).collect())
    }

    pub fn name(&self) -> &TableName {
        &self.inner.name
    }

    /// Columns as Arrow types, with Iceberg's field ids in the fields' metadata
    /// (`PARQUET:field_id`).
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.inner.arrow_schema)
    }

    /// Columns that tell one row from another, in the order of the schema; empty without a key.
    pub fn key(&self) -> Vec<String> {
        let ids: Vec<i32> = self.inner.schema.identifier_field_ids().collect();
        let fields = self.inner.schema.as_struct().fields().iter();
        fields
            .filter(|field| ids.contains(&field.id))
            .map(|field| field.name.clone())
            .collect()
    }

    /// The key, if the rows of the pinned snapshot were written under it: a new key is declared before they are written
    /// anew.
    pub(crate) fn key_of_rows(&self) -> Result<Vec<String>> {
        let Some(snapshot) = self.snapshot() else {
            return Ok(self.key());
        };
        let key = |schema: &IcebergSchemaRef| -> BTreeSet<i32> {
            schema.identifier_field_ids().collect()
        };
        let written_under = key(&snapshot.schema(self.metadata())?);
        Ok(match written_under == key(&self.inner.schema) {
            true => self.key(),
            false => Vec::new(),
        })
    }

    /// The pinned snapshot; `None` for a table that nothing was committed to yet.
    pub fn snapshot_id(&self) -> Option<i64> {
        self.snapshot().map(|snapshot| snapshot.snapshot_id())
    }

    /// Names the rows of the pinned snapshot: the id of the snapshot that committed them, however
    /// often they were moved to other files since. What was read is remembered by this.
    pub fn content_id(&self) -> Option<i64> {
        self.snapshot()
            .map(|snapshot| content_id(self.metadata(), snapshot))
    }

    pub fn committed_at(&self) -> Option<Timestamp> {
        self.snapshot().map(time_of)
    }

    /// When the pinned rows were committed, however often they were moved to other files since. Once upkeep has expired
    /// the snapshot that committed them: when they were last moved.
    pub fn changed_at(&self) -> Option<Timestamp> {
        let metadata = self.metadata();
        let committed = metadata.snapshot_by_id(self.content_id()?);
        committed.map(time_of).or_else(|| self.committed_at())
    }

    pub fn metadata_location(&self) -> &str {
        &self.inner.metadata_location
    }

    /// A property of the pinned snapshot's summary, for example `c360.inputs`.
    ///
    /// A snapshot that only moved rows between files (`replace`) says nothing new about where
    /// they came from, so our own properties are looked up in the snapshot before it.
    pub fn summary(&self, property: &str) -> Option<&str> {
        let mut snapshot = self.snapshot()?;
        loop {
            if let Some(value) = snapshot.summary().additional_properties.get(property) {
                return Some(value);
            }
            if !is_replacement(snapshot) || !property.starts_with("c360.") {
                return None;
            }
            snapshot = parent(self.metadata(), snapshot)?;
        }
    }

    /// All that c360 said of the pinned rows when they were committed.
    pub(crate) fn said(&self) -> impl Iterator<Item = (&String, &String)> {
        let snapshot = self.snapshot();
        let origin = snapshot.map(|snapshot| origin(self.metadata(), snapshot));
        let said = origin.map(|origin| &origin.summary().additional_properties);
        let said = said.into_iter().flatten();
        said.filter(|(name, _)| name.starts_with("c360."))
    }

    /// Branches and tags, with the snapshots that they name.
    pub(crate) fn references(&self) -> Result<BTreeMap<String, i64>> {
        #[derive(Deserialize)]
        struct Named {
            refs: BTreeMap<String, SnapshotReference>,
        }
        // The iceberg crate keeps them private; they are in what it writes.
        let unreadable = |error| {
            Error::internal(format!("metadata of `{}` cannot be read back", self.name()))
                .caused_by(error)
        };
        let metadata = serde_json::to_value(self.metadata().as_ref()).map_err(unreadable)?;
        let named: Named = serde_json::from_value(metadata).map_err(unreadable)?;
        let named = named.refs.into_iter();
        Ok(named.map(|(name, to)| (name, to.snapshot_id)).collect())
    }

    /// The history up to the pinned snapshot, oldest first.
    pub fn snapshots(&self) -> Vec<SnapshotInfo> {
        let mut history = Vec::new();
        let mut next = self.snapshot();
        while let Some(snapshot) = next {
            history.push(SnapshotInfo {
                id: snapshot.snapshot_id(),
                content_id: content_id(self.metadata(), snapshot),
                committed_at: time_of(snapshot),
                operation: snapshot.summary().operation.as_str().to_owned(),
                summary: snapshot
                    .summary()
                    .additional_properties
                    .clone()
                    .into_iter()
                    .collect(),
            });
            next = parent(self.metadata(), snapshot);
        }
        history.reverse();
        history
    }

    /// Number of live rows in the pinned snapshot.
    ///
    /// Of a snapshot that others wrote it is a guess: their totals need not be there, and say
    /// nothing of positions that were deleted twice.
    pub fn row_count(&self) -> u64 {
        self.number(LIVE_ROWS).unwrap_or_else(|| {
            let total = self.number("total-records").unwrap_or(0);
            total.saturating_sub(self.number("total-position-deletes").unwrap_or(0))
        })
    }

    /// Whether there is surely no live row: nothing was ever committed, or c360 itself counted none.
    pub fn is_known_empty(&self) -> bool {
        self.snapshot().is_none() || self.number(LIVE_ROWS) == Some(0)
    }

    fn number(&self, property: &str) -> Option<u64> {
        self.summary(property)?.parse().ok()
    }

    /// Whether the table still has a snapshot or one with the same rows, so that the changes since
    /// can be told.
    pub fn has_snapshot(&self, snapshot_id: i64) -> bool {
        self.find(snapshot_id).is_some()
    }

    fn find(&self, snapshot_id: i64) -> Option<&SnapshotRef> {
        let metadata = self.metadata();
        let same_rows = |other: &&SnapshotRef| content_id(metadata, other) == snapshot_id;
        metadata
            .snapshot_by_id(snapshot_id)
            .or_else(|| metadata.snapshots().find(same_rows))
    }

    /// The same table at another snapshot, with the schema of that time. Where that one has been
    /// expired, but not all that have its rows, it is one of those.
    ///
    /// Fails with *invalid* when the snapshot is unknown or has been expired.
    pub fn at_snapshot(&self, snapshot_id: i64) -> Result<Table> {
        let snapshot = self.find(snapshot_id).ok_or_else(|| {
            Error::invalid(format!(
                "table `{}` has no snapshot {snapshot_id}; it may have been expired",
                self.name()
            ))
        })?;
        self.at(snapshot)
    }

    /// The same table at one of its snapshots.
    pub(crate) fn at(&self, snapshot: &SnapshotRef) -> Result<Table> {
        let schema = snapshot.schema(self.metadata())?;
        self.repinned(Some(snapshot.clone()), schema)
    }

    /// The same table as it was at a time: at the last snapshot committed not after it.
    ///
    /// Fails with *invalid* when the table's history does not go back so far.
    pub fn at_timestamp(&self, at: Timestamp) -> Result<Table> {
        let log = self.inner.metadata.history().iter();
        let entry = log
            .filter(|entry| entry.timestamp_ms() <= at.as_millisecond())
            .max_by_key(|entry| entry.timestamp_ms());
        match entry {
            Some(entry) => self.at_snapshot(entry.snapshot_id),
            None => Err(self.not_so_old(at)),
        }
    }

    fn not_so_old(&self, at: Timestamp) -> Error {
        let log = self.inner.metadata.history().iter();
        let oldest = log.map(|entry| entry.timestamp_ms()).min();
        let oldest = oldest.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let oldest = match oldest {
            Some(oldest) => format!("the oldest that it keeps is of {oldest}"),
            None => "it has none so far".to_owned(),
        };
        Error::invalid(format!(
            "table `{}` has no snapshot as old as {at}: {oldest}",
            self.name()
        ))
    }

    /// The table as it is now.
    pub async fn reload(&self) -> Result<Table> {
        let now = self.inner.warehouse.table(self.name()).await?;
        now.ok_or_else(|| {
            Error::unavailable(format!(
                "table `{}` is no longer in the catalog",
                self.name()
            ))
        })
    }

    fn repinned(&self, snapshot: Option<SnapshotRef>, schema: IcebergSchemaRef) -> Result<Table> {
        Self::pinned(
            self.inner.warehouse.clone(),
            self.inner.name.clone(),
            self.inner.metadata.clone(),
            self.inner.metadata_location.clone(),
            snapshot,
            schema,
        )
    }

    pub(crate) fn warehouse(&self) -> &Warehouse {
        &self.inner.warehouse
    }

    pub(crate) fn metadata(&self) -> &TableMetadataRef {
        &self.inner.metadata
    }

    pub(crate) fn snapshot(&self) -> Option<&SnapshotRef> {
        self.inner.snapshot.as_ref()
    }

    pub(crate) fn iceberg_schema(&self) -> &IcebergSchemaRef {
        &self.inner.schema
    }

    pub(crate) fn file_io(&self) -> &FileIO {
        self.inner.warehouse.file_io()
    }

    /// The stores that the table's files are read through.
    pub fn stores(&self) -> &Stores {
        self.inner.warehouse.stores()
    }
}

/// Whether a snapshot has the rows of the one before it, in other files.
pub(crate) fn is_replacement(snapshot: &SnapshotRef) -> bool {
    snapshot.summary().operation == Operation::Replace
}

/// The snapshot before, unless it was the first or has been expired.
pub(crate) fn parent<'a>(
    metadata: &'a TableMetadataRef,
    snapshot: &SnapshotRef,
) -> Option<&'a SnapshotRef> {
    metadata.snapshot_by_id(snapshot.parent_snapshot_id()?)
}

/// The snapshot that says of these rows what was said when they were committed: the one that
/// committed them, or upkeep's, which repeats it. Others' replacements say nothing, so their
/// history is asked as far as it goes.
pub(crate) fn origin<'a>(
    metadata: &'a TableMetadataRef,
    snapshot: &'a SnapshotRef,
) -> &'a SnapshotRef {
    let mut origin = snapshot;
    while is_replacement(origin) && same_rows_as(origin).is_none() {
        match parent(metadata, origin) {
            Some(before) => origin = before,
            None => break,
        }
    }
    origin
}

fn same_rows_as(snapshot: &SnapshotRef) -> Option<i64> {
    let said = &snapshot.summary().additional_properties;
    said.get(SAME_ROWS_AS)?.parse().ok()
}

/// The id that the rows of a snapshot were committed under.
pub(crate) fn content_id(metadata: &TableMetadataRef, snapshot: &SnapshotRef) -> i64 {
    let origin = origin(metadata, snapshot);
    let moved = same_rows_as(origin).filter(|_| is_replacement(origin));
    moved.unwrap_or(origin.snapshot_id())
}

pub(crate) fn time_of(snapshot: &SnapshotRef) -> Timestamp {
    Timestamp::from_millisecond(snapshot.timestamp_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
}
