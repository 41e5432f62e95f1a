//! Orphans: files under a table's folder that nothing refers to. Commits that lost a race, runs that
//! died, compactions and expiries leave them behind; this is the one place that deletes them.

use std::collections::HashSet;
use std::sync::Arc;

use c360_spec::TableName;
use futures::{StreamExt, TryStreamExt, stream};
use iceberg::spec::TableMetadata;
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::fileset::locations;
use crate::{EpochTable, Error, Result, Table, Warehouse};

const DELETES_AT_ONCE: usize = 16;
const READS_AT_ONCE: usize = 4;

/// A file that nothing refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    path: Path,
    /// Bytes.
    pub size: u64,
}

/// The orphans of one table.
#[derive(Debug)]
pub struct Orphans {
    store: Arc<dyn ObjectStore>,
    pub files: Vec<Orphan>,
}

impl Table {
    /// Files that were written before `before` and that no snapshot but the `expired` ones, no metadata file on record
    /// and no epoch refers to; `shown` is what the epochs show of the table, also as it was before it was made anew.
    ///
    /// Whoever writes a file commits it within a run's time, so `before` has to be longer ago than any run takes.
    ///
    /// # Errors
    /// When anything that refers to files cannot be read: nothing is an orphan then.
    pub async fn orphans(
        &self,
        before: Timestamp,
        shown: &[EpochTable],
        expired: &[i64],
    ) -> Result<Orphans> {
        let folder = self.metadata().location();
        let (store, _) = self.stores().resolve(folder)?;
        let mut listed: Vec<ObjectMeta> = Vec::new();
        // Nothing else is ours: a table of somebody else's may lie below.
        for part in ["data", "metadata"] {
            let folder = format!("{folder}/{part}");
            let (store, path) = self.stores().resolve(&folder)?;
            let found = store.list(Some(&path)).try_collect::<Vec<_>>().await;
            listed.extend(found.map_err(|error| Error::store(&folder, error))?);
        }
        // Asked after the listing: whatever was committed meanwhile is known to be needed.
        let needed = self.reload().await?.needed(shown, expired).await?;
        listed.retain(|file| !needed.contains(&file.location));
        Ok(Orphans::of(store, listed, before))
    }

    /// Everything that is referred to.
    async fn needed(&self, shown: &[EpochTable], expired: &[i64]) -> Result<HashSet<Path>> {
        let metadata = self.metadata();
        let mut needed = vec![self.metadata_location().to_owned()];
        let log = metadata.metadata_log().iter();
        needed.extend(log.map(|entry| entry.metadata_file.clone()));
        let statistics = metadata.statistics_iter();
        needed.extend(statistics.map(|file| file.statistics_path.clone()));
        let statistics = metadata.partition_statistics_iter();
        needed.extend(statistics.map(|file| file.statistics_path.clone()));
        let snapshots = metadata.snapshots();
        let mut snapshots: Vec<Table> = snapshots
            .filter(|snapshot| !expired.contains(&snapshot.snapshot_id()))
            .map(|snapshot| self.at(snapshot))
            .collect::<Result<_>>()?;
        for shown in shown {
            needed.push(shown.metadata_location.clone());
            snapshots.push(self.shown(shown).await?);
        }
        let read: Vec<Vec<String>> = stream::iter(&snapshots)
            .map(locations)
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await?;
        needed.extend(read.into_iter().flatten());
        let mut paths = HashSet::new();
        for location in needed {
            let (_, path) = self.stores().resolve(&location)?;
            paths.insert(path);
        }
        for snapshot in &snapshots {
            // Lists of ingested files lie beside the table, and its snapshots name them among other texts.
            let texts = snapshot.summary("c360.inputs").map(texts);
            let texts = texts.iter().flatten();
            paths.extend(texts.filter_map(|text| Some(self.stores().resolve(text).ok()?.1)));
        }
        Ok(paths)
    }

    /// What an epoch shows of the table, of which it may have been made when the table was another.
    async fn shown(&self, shown: &EpochTable) -> Result<Table> {
        if let Some(snapshot) = self.metadata().snapshot_by_id(shown.snapshot_id) {
            return self.at(snapshot);
        }
        let location = shown.metadata_location.clone();
        let metadata = TableMetadata::read_from(self.file_io(), &location).await?;
        let (warehouse, name) = (self.warehouse().clone(), self.name().clone());
        let then = Table::newest(warehouse, name, metadata.into(), location)?;
        then.at_snapshot(shown.snapshot_id)
    }
}

/// The texts among the values of a JSON object.
fn texts(json: &str) -> Vec<String> {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(json) else {
        return Vec::new();
    };
    let texts = fields.values().filter_map(serde_json::Value::as_str);
    texts.map(str::to_owned).collect()
}

impl Warehouse {
    /// What is left of a table whose making ended before the lake had it: its first metadata files, if they were
    /// written before `before`. Nothing where the lake has the table by now, or where anything else lies in its folder.
    ///
    /// # Errors
    /// When the store or the catalog cannot be asked.
    pub async fn stillborn(&self, name: &TableName, before: Timestamp) -> Result<Orphans> {
        let folder = self.folder(name);
        let (store, path) = self.stores().resolve(&folder)?;
        let listed = store.list(Some(&path)).try_collect::<Vec<_>>().await;
        let mut listed = listed.map_err(|error| Error::store(&folder, error))?;
        let is_first = |file: &ObjectMeta| {
            let parts = file.location.prefix_match(&path);
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            matches!(&parts[..], [folder, name] if folder.as_ref() == "metadata"
                && name.as_ref().starts_with("00000-")
                && name.as_ref().ends_with(".metadata.json"))
        };
        // Asked after the listing, as above.
        if !listed.iter().all(is_first) || self.pointers().look_up(name).await?.is_some() {
            listed.clear();
        }
        Ok(Orphans::of(store, listed, before))
    }
}

impl Orphans {
    /// Those of the files that are old enough.
    fn of(store: Arc<dyn ObjectStore>, files: Vec<ObjectMeta>, before: Timestamp) -> Self {
        let is_old =
            |file: &ObjectMeta| file.last_modified.timestamp_millis() < before.as_millisecond();
        let files = files.into_iter().filter(is_old).map(|file| Orphan {
            path: file.location,
            size: file.size,
        });
        let files = files.collect();
        Self { store, files }
    }

    /// Bytes of all.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Deletes them. One that somebody else deleted is no matter.
    pub async fn delete(self) -> Result<()> {
        let Self { store, files } = self;
        stream::iter(files)
            .map(|file| {
                let store = Arc::clone(&store);
                async move {
                    match store.delete(&file.path).await {
                        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                        Err(error) => Err(Error::store(file.path.as_ref(), error)),
                    }
                }
            })
            .buffer_unordered(DELETES_AT_ONCE)
            .try_collect()
            .await
    }
}
