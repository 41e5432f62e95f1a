//! Orphans: files under a table's folder that nothing refers to. Commits that lost a race, runs that
//! died, compactions and expiries leave them behind; this is the one place that deletes them.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::fileset::locations;
use crate::{Error, Result, Table};

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
    /// and none of the locations in `named` refers to.
    ///
    /// Whoever writes a file commits it within a run's time, so `before` has to be longer ago than any run takes.
    pub async fn orphans(
        &self,
        before: Timestamp,
        named: &[String],
        expired: &[i64],
    ) -> Result<Orphans> {
        let folder = self.metadata().location();
        let (store, path) = self.stores().resolve(folder)?;
        let listed: Vec<ObjectMeta> = store
            .list(Some(&path))
            .try_collect()
            .await
            .map_err(|error| Error::store(folder, error))?;
        // Asked after the listing: whatever was committed meanwhile is known to be needed.
        let needed = self.reload().await?.needed(named, expired).await?;
        let is_old =
            |file: &ObjectMeta| file.last_modified.timestamp_millis() < before.as_millisecond();
        let files = listed
            .into_iter()
            .filter(|file| is_old(file) && !needed.contains(&file.location))
            .map(|file| Orphan {
                path: file.location,
                size: file.size,
            });
        Ok(Orphans {
            files: files.collect(),
            store,
        })
    }

    /// Everything that is referred to.
    async fn needed(&self, named: &[String], expired: &[i64]) -> Result<HashSet<Path>> {
        let metadata = self.metadata();
        let mut needed: Vec<String> = named.to_vec();
        needed.push(self.metadata_location().to_owned());
        let log = metadata.metadata_log().iter();
        needed.extend(log.map(|entry| entry.metadata_file.clone()));
        let statistics = metadata.statistics_iter();
        needed.extend(statistics.map(|file| file.statistics_path.clone()));
        let snapshots = metadata.snapshots();
        let snapshots: Vec<Table> = snapshots
            .filter(|snapshot| !expired.contains(&snapshot.snapshot_id()))
            .map(|snapshot| self.at(snapshot))
            .collect::<Result<_>>()?;
        for snapshot in &snapshots {
            // Lists of ingested files lie beside the table, and its snapshots name them.
            let inputs = snapshot.summary("c360.inputs");
            needed.extend(inputs.into_iter().flat_map(texts));
        }
        let read: Vec<Vec<String>> = stream::iter(snapshots)
            .map(async |snapshot| locations(&snapshot).await)
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await?;
        needed.extend(read.into_iter().flatten());
        let mut paths = HashSet::new();
        for location in needed {
            // What is no location is no file of ours either.
            paths.extend(self.stores().resolve(&location).map(|(_, path)| path));
        }
        Ok(paths)
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

impl Orphans {
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
