//! A table as it was at one moment: metadata of one location, pinned to one snapshot. Everything
//! that is read through it stays the same however often others commit; everything that is written
//! through it states that snapshot as its precondition.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use c360_spec::TableName;
use iceberg::io::FileIO;
use iceberg::spec::{Operation, SchemaRef as IcebergSchemaRef, SnapshotRef, TableMetadataRef};
use jiff::Timestamp;

use crate::{Error, Result, Stores, Warehouse};

/// Property of our snapshots: how many rows are live. Readers that apply deletes count the same.
pub(crate) const LIVE_ROWS: &str = "c360.live-rows";

/// An immutable view of a table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Table {
    inner: Arc<Inner>,
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
        })
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

    /// The pinned snapshot; `None` for a table that nothing was committed to yet.
    pub fn snapshot_id(&self) -> Option<i64> {
        self.snapshot().map(|snapshot| snapshot.snapshot_id())
    }

    pub fn committed_at(&self) -> Option<Timestamp> {
        self.snapshot().map(time_of)
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
            let summary = snapshot.summary();
            if let Some(value) = summary.additional_properties.get(property) {
                return Some(value);
            }
            if summary.operation != Operation::Replace || !property.starts_with("c360.") {
                return None;
            }
            let parent = snapshot.parent_snapshot_id()?;
            snapshot = self.inner.metadata.snapshot_by_id(parent)?;
        }
    }

    /// The history up to the pinned snapshot, oldest first.
    pub fn snapshots(&self) -> Vec<SnapshotInfo> {
        let mut history = Vec::new();
        let mut next = self.snapshot();
        while let Some(snapshot) = next {
            history.push(SnapshotInfo {
                id: snapshot.snapshot_id(),
                committed_at: time_of(snapshot),
                operation: snapshot.summary().operation.as_str().to_owned(),
                summary: snapshot
                    .summary()
                    .additional_properties
                    .clone()
                    .into_iter()
                    .collect(),
            });
            let parent = snapshot.parent_snapshot_id();
            next = parent.and_then(|id| self.inner.metadata.snapshot_by_id(id));
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

    /// Whether the table still has a snapshot, and its changes can be told.
    pub fn has_snapshot(&self, snapshot_id: i64) -> bool {
        self.inner.metadata.snapshot_by_id(snapshot_id).is_some()
    }

    /// The same table at another snapshot, with the schema of that time.
    ///
    /// Fails with *invalid* when the snapshot is unknown or has been expired.
    pub fn at_snapshot(&self, snapshot_id: i64) -> Result<Table> {
        let metadata = &self.inner.metadata;
        let snapshot = metadata.snapshot_by_id(snapshot_id).ok_or_else(|| {
            Error::invalid(format!(
                "table `{}` has no snapshot {snapshot_id}; it may have been expired",
                self.name()
            ))
        })?;
        let schema = snapshot.schema(metadata)?;
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
        let entry = entry.ok_or_else(|| {
            Error::invalid(format!(
                "table `{}` has no snapshot as old as {at}",
                self.name()
            ))
        })?;
        self.at_snapshot(entry.snapshot_id)
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

fn time_of(snapshot: &SnapshotRef) -> Timestamp {
    Timestamp::from_millisecond(snapshot.timestamp_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
}
