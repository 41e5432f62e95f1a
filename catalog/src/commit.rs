//! Commits: what a snapshot changes, the rules for committing on top of somebody else's commit,
//! and the swap of the pointer. A commit names the snapshot that it was computed from. When that
//! is no longer the newest, it is repeated on top of the newer one only if that cannot change its
//! meaning: the rows are the same and, if some were moved to other files, it names none of those.
//!
//! The iceberg crate commits appends only, and re-applies them to whatever is newest; so manifests,
//! snapshot and metadata file are put together here from its public parts.

use std::collections::{BTreeMap, HashMap};

use iceberg::MetadataLocation;
use iceberg::spec::{
    DataFile, FormatVersion, MAIN_BRANCH, Operation, Snapshot, SnapshotReference,
    SnapshotRetention, Summary, TableMetadata, TableMetadataBuilder,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::manifests::{ManifestBuilder, Manifests, Removed};
use crate::table::LIVE_ROWS;
use crate::{Error, Result, Table, schema, totals};

/// A race that is lost so often is not about luck.
const ATTEMPTS: usize = 50;
/// More small manifests of a kind than this are merged by the commit that finds them …
const MANIFESTS_MAX: usize = 100;
/// … and by upkeep, which has the time, more than this.
const MANIFESTS_KEPT: usize = 1;

/// What a snapshot says about where it came from; kept in its summary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// `c360.run-id`
    pub run_id: String,
    /// `c360.job`
    pub job: String,
    /// `c360.spec-hash`
    pub spec_hash: String,
    /// `c360.inputs`: JSON
    pub inputs: String,
    /// `c360.<name>`
    pub extra: BTreeMap<String, String>,
}

impl Stamp {
    pub(crate) fn properties(&self) -> HashMap<String, String> {
        let fixed = [
            ("c360.run-id", &self.run_id),
            ("c360.job", &self.job),
            ("c360.spec-hash", &self.spec_hash),
            ("c360.inputs", &self.inputs),
        ];
        let fixed = fixed
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone()));
        let extra = self
            .extra
            .iter()
            .map(|(name, value)| (format!("c360.{name}"), value.clone()));
        fixed.chain(extra).collect()
    }
}

/// What a commit did.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The table at the new snapshot.
    pub table: Table,
    pub inserted: u64,
    pub updated: u64,
    pub deleted: u64,
    /// Bytes of the new data, delete and manifest files.
    pub bytes_written: u64,
}

/// The difference between a new snapshot and the one before it.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) operation: Operation,
    pub(crate) added: Vec<DataFile>,
    pub(crate) added_deletes: Vec<DataFile>,
    pub(crate) removed: Removed,
    /// Live rows afterwards.
    pub(crate) live_rows: u64,
    /// Whether it still means the same after the rows before it moved to other files.
    pub(crate) bears_moves: bool,
}

impl Change {
    /// No row changes.
    pub(crate) fn nothing(table: &Table) -> Self {
        Self {
            operation: Operation::Append,
            added: Vec::new(),
            added_deletes: Vec::new(),
            removed: Removed::nothing(),
            live_rows: table.row_count(),
            bears_moves: true,
        }
    }
}

impl Table {
    /// Commits a snapshot without any change of rows: only the stamp is new.
    ///
    /// Fails with *conflict* when somebody else changed the table since.
    pub async fn stamp(&self, stamp: Stamp) -> Result<Committed> {
        let nothing = Change::nothing(self);
        let (table, bytes_written) = commit(self, &nothing, &stamp.properties()).await?;
        Ok(Committed {
            table,
            inserted: 0,
            updated: 0,
            deleted: 0,
            bytes_written,
        })
    }

    /// Gives a snapshot a name, or moves the name to it. Tagged snapshots do not expire.
    ///
    /// Fails with *invalid* when the table has no such snapshot.
    pub async fn tag(&self, name: &str, snapshot_id: i64) -> Result<Table> {
        self.rebuilt(|table, builder| {
            table.at_snapshot(snapshot_id)?;
            let retention = SnapshotRetention::Tag {
                max_ref_age_ms: None,
            };
            let reference = SnapshotReference::new(snapshot_id, retention);
            Ok(builder.set_ref(name, reference)?)
        })
        .await
    }

    /// Commits what `change` makes of the newest metadata, none of whose rows it touches.
    pub(crate) async fn rebuilt(
        &self,
        change: impl Fn(&Table, TableMetadataBuilder) -> Result<TableMetadataBuilder>,
    ) -> Result<Table> {
        let mut base = self.clone();
        for _ in 0..ATTEMPTS {
            let metadata = base.metadata().as_ref().clone();
            let builder = metadata.into_builder(Some(base.metadata_location().to_owned()));
            let built = change(&base, builder)?.build()?;
            if built.changes.is_empty() {
                return Ok(base);
            }
            if let Some(table) = replace_metadata(&base, built.metadata).await? {
                return Ok(table);
            }
            base = base.reload().await?;
        }
        Err(too_many_races(self))
    }
}

/// Commits `change`, computed from `table`, as one snapshot whose summary says `said`. Returns the
/// table at that snapshot and the bytes of the manifests.
///
/// Fails with *conflict* when the table changed since in a way that `change` does not allow for.
pub(crate) async fn commit(
    table: &Table,
    change: &Change,
    said: &HashMap<String, String>,
) -> Result<(Table, u64)> {
    if table.metadata().format_version() != FormatVersion::V2 {
        return Err(Error::invalid(format!(
            "table `{}` has format version {}, and c360 writes version 2",
            table.name(),
            table.metadata().format_version()
        )));
    }
    let snapshot_id = new_snapshot_id();
    // The view may be pinned to an older snapshot than the newest that it knows of.
    let mut base = match table.metadata().current_snapshot() {
        Some(newest) => table.at(newest)?,
        None => table.clone(),
    };
    let mut bytes = 0;
    for _ in 0..ATTEMPTS {
        check_precondition(table, &base, change)?;
        let builder = ManifestBuilder {
            base: &base,
            snapshot_id,
            manifests_max: match change.operation {
                Operation::Replace => MANIFESTS_KEPT,
                _ => MANIFESTS_MAX,
            },
        };
        let manifests = builder
            .build(&change.added, &change.added_deletes, &change.removed)
            .await?;
        bytes += manifests.bytes;
        let sequence_number = base.metadata().next_sequence_number();
        let list = builder
            .write_list(&manifests.files, sequence_number)
            .await?;
        let snapshot = Snapshot::builder()
            .with_snapshot_id(snapshot_id)
            .with_parent_snapshot_id(base.snapshot_id())
            .with_sequence_number(sequence_number)
            .with_timestamp_ms(commit_time_ms(base.metadata()))
            .with_manifest_list(list.clone())
            .with_summary(summary(&base, change, said, &manifests))
            .with_schema_id(base.metadata().current_schema_id())
            .build();
        let metadata = base.metadata().as_ref().clone();
        let builder = metadata.into_builder(Some(base.metadata_location().to_owned()));
        let built = builder
            .set_branch_snapshot(snapshot, MAIN_BRANCH)?
            .build()?;
        if let Some(table) = replace_metadata(&base, built.metadata).await? {
            return Ok((table, bytes));
        }
        discard(&base, &list).await;
        base = base.reload().await?;
    }
    Err(too_many_races(table))
}

impl Table {
    /// The newest state, if it has the same rows in other files.
    pub(crate) async fn moved(&self) -> Result<Option<Table>> {
        let newest = self.reload().await?;
        let is_moved = newest.snapshot_id() != self.snapshot_id();
        let is_same = newest.content_id() == self.content_id();
        Ok(Some(newest).filter(|_| is_moved && is_same))
    }
}

/// Whether `change`, computed from `from`, may be committed on top of `base`.
fn check_precondition(from: &Table, base: &Table, change: &Change) -> Result<()> {
    if from.is_recast() && !matches!(change.removed, Removed::All) {
        return Err(Error::internal(format!(
            "rows of `{}` would stay under columns that they lack",
            from.name()
        )));
    }
    let is_same = base.snapshot_id() == from.snapshot_id();
    let is_moved = change.bears_moves && base.content_id() == from.content_id();
    if (is_same || is_moved) && knows_columns_of(base, from) {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "table `{}` was changed by somebody else meanwhile: run again",
        from.name()
    )))
}

/// Whether the columns that rows were written in are among those that `base` ever had, and has still: those that a table is
/// about to get are lost with the race, and a table that nothing was committed to may have got others meanwhile.
fn knows_columns_of(base: &Table, from: &Table) -> bool {
    let columns = from.metadata().current_schema();
    let known = base.metadata().schema_by_id(columns.schema_id());
    let is_known = known.is_some_and(|known| known.as_struct() == columns.as_struct());
    is_known && !schema::is_recast(columns, base.metadata().current_schema())
}

fn too_many_races(table: &Table) -> Error {
    Error::conflict(format!(
        "table `{}` is being changed by others all the time: run again later",
        table.name()
    ))
}

/// Writes the metadata file and moves the pointer to it; `None` when the pointer had moved.
pub(crate) async fn replace_metadata(
    base: &Table,
    metadata: TableMetadata,
) -> Result<Option<Table>> {
    let from: MetadataLocation = base.metadata_location().parse()?;
    let to = from.with_next_version().with_new_metadata(&metadata);
    metadata.write_to(base.file_io(), &to).await?;
    let to = to.to_string();
    let warehouse = base.warehouse();
    let swapped = warehouse
        .pointers()
        .swap(base.name(), base.metadata_location(), &to)
        .await?;
    if !swapped {
        discard(base, &to).await;
        return Ok(None);
    }
    Table::newest(warehouse.clone(), base.name().clone(), metadata.into(), to).map(Some)
}

/// Deletes a file of a commit that lost its race. Should that fail, it stays behind as an orphan
/// that nothing refers to.
async fn discard(table: &Table, location: &str) {
    if let Err(error) = table.file_io().delete(location).await {
        tracing::debug!(location, %error, "left behind");
    }
}

/// Now, but later than everything in the table's history, so that time travel is unambiguous.
fn commit_time_ms(metadata: &TableMetadata) -> i64 {
    let now = Timestamp::now().as_millisecond();
    now.max(metadata.last_updated_ms() + 1)
}

fn new_snapshot_id() -> i64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    ((high ^ low) >> 1) as i64
}

fn summary(
    base: &Table,
    change: &Change,
    said: &HashMap<String, String>,
    manifests: &Manifests,
) -> Summary {
    let before = base
        .snapshot()
        .map(|snapshot| &snapshot.summary().additional_properties);
    let mut properties = totals::properties(before, change, &manifests.removed);
    properties.extend(said.clone());
    properties.insert(LIVE_ROWS.to_owned(), change.live_rows.to_string());
    Summary {
        operation: change.operation.clone(),
        additional_properties: properties,
    }
}
