//! The live files of one snapshot: its manifests read, its position deletes resolved. What a scan,
//! a merge and a comparison of two snapshots start from. It opens no data file.
//!
//! Manifest lists, manifests and delete files never change once written, so they are cached by path.

use std::sync::{Arc, LazyLock};

use futures::{StreamExt, TryStreamExt, stream};
use iceberg::spec::{
    DataContentType, DataFileFormat, ManifestEntryRef, ManifestFile, ManifestList, PartitionSpecRef,
};

use crate::cache::Cache;
use crate::deletes::Deletes;
use crate::error::{Error, Result};
use crate::table::Table;

const CACHE_BYTES: usize = 64 << 20;
const READS_AT_ONCE: usize = 16;
/// About what a manifest takes in its list.
const LISTED_BYTES: usize = 512;
/// What a parsed manifest entry takes in memory beyond its per-column maps.
const ENTRY_BYTES: usize = 512;
const COLUMN_BYTES: usize = 160;

static LISTS: LazyLock<Cache<Vec<ManifestFile>>> = LazyLock::new(|| Cache::new(CACHE_BYTES / 8));
static MANIFESTS: LazyLock<Cache<LoadedManifest>> = LazyLock::new(|| Cache::new(CACHE_BYTES));

/// A data file of a snapshot and which of its rows are gone.
#[derive(Clone, Debug)]
pub struct LiveFile {
    pub entry: ManifestEntryRef,
    pub partition_spec: PartitionSpecRef,
    /// Positions of deleted rows: sorted, each once, all below the file's row count. Never empty.
    pub deleted: Option<Arc<Vec<u64>>>,
}

impl LiveFile {
    pub fn path(&self) -> &str {
        self.entry.file_path()
    }

    /// Rows that are not deleted.
    pub fn row_count(&self) -> u64 {
        let deleted = self.deleted.as_ref().map_or(0, |positions| positions.len());
        self.entry.record_count() - deleted as u64
    }
}

/// A file of position deletes, and the data files that it names.
#[derive(Clone, Debug)]
pub(crate) struct DeleteFile {
    pub(crate) entry: ManifestEntryRef,
    pub(crate) names: Vec<String>,
}

/// The live data files of one snapshot, in the order of its manifests.
#[derive(Clone, Debug, Default)]
pub struct FileSet {
    pub files: Vec<LiveFile>,
    pub(crate) delete_files: Vec<DeleteFile>,
}

impl FileSet {
    /// Reads the manifest list, manifests and delete files of the table's pinned snapshot. A table
    /// without a snapshot has no files.
    ///
    /// # Errors
    /// *data* for equality deletes, deletion vectors and data files other than Parquet, which c360
    /// does not read; *unavailable* when the store cannot give a file.
    pub async fn load(table: &Table) -> Result<FileSet> {
        let manifests = manifests(table)
            .await
            .map_err(|error| error.context(format!("files of table `{}`", table.name())))?;
        let mut data = Vec::new();
        let mut deletes = Vec::new();
        for manifest in &manifests {
            for entry in &manifest.entries {
                check_readable(table, entry)?;
                match entry.content_type() {
                    DataContentType::Data => data.push((entry, &manifest.partition_spec)),
                    _ => deletes.push(Arc::clone(entry)),
                }
            }
        }
        let (deletes, delete_files) = Deletes::load(table.stores(), &deletes).await?;
        let files = data.into_iter().map(|(entry, spec)| LiveFile {
            entry: Arc::clone(entry),
            partition_spec: Arc::clone(spec),
            deleted: deletes.of(entry),
        });
        Ok(FileSet {
            files: files.collect(),
            delete_files,
        })
    }

    /// Rows that are not deleted, over all files.
    pub fn row_count(&self) -> u64 {
        self.files.iter().map(LiveFile::row_count).sum()
    }
}

/// The live entries of a manifest, sequence numbers inherited from the manifest list.
struct LoadedManifest {
    entries: Vec<ManifestEntryRef>,
    partition_spec: PartitionSpecRef,
}

/// The locations of all that a snapshot is read from: its manifest list, manifests, data and delete
/// files.
pub(crate) async fn locations(table: &Table) -> Result<Vec<String>> {
    let lists = table.snapshot().map(|snapshot| snapshot.manifest_list());
    let mut locations: Vec<String> = lists.into_iter().map(str::to_owned).collect();
    let listed = listed_manifests(table).await?;
    locations.extend(listed.iter().map(|manifest| manifest.manifest_path.clone()));
    for manifest in manifests(table).await? {
        let files = manifest.entries.iter();
        locations.extend(files.map(|entry| entry.file_path().to_owned()));
    }
    Ok(locations)
}

/// The manifests that list live files.
pub(crate) async fn live_manifests(table: &Table) -> Result<Vec<ManifestFile>> {
    let listed = listed_manifests(table).await?;
    let live = listed.iter();
    let live = live.filter(|manifest| manifest.has_added_files() || manifest.has_existing_files());
    Ok(live.cloned().collect())
}

/// All manifests of the pinned snapshot: other readers also open those that only say what was removed.
async fn listed_manifests(table: &Table) -> Result<Arc<Vec<ManifestFile>>> {
    let Some(snapshot) = table.snapshot() else {
        return Ok(Arc::default());
    };
    let path = snapshot.manifest_list();
    if let Some(known) = LISTS.get(path) {
        return Ok(known);
    }
    let bytes = table.file_io().new_input(path)?.read().await?;
    let list = ManifestList::parse_with_version(&bytes, table.metadata().format_version())?;
    let listed: Arc<Vec<ManifestFile>> = Arc::new(list.consume_entries().into_iter().collect());
    LISTS.put(path, Arc::clone(&listed), listed.len() * LISTED_BYTES);
    Ok(listed)
}

async fn manifests(table: &Table) -> Result<Vec<Arc<LoadedManifest>>> {
    stream::iter(live_manifests(table).await?)
        .map(async |manifest| load_manifest(table, &manifest).await)
        .buffered(READS_AT_ONCE)
        .try_collect()
        .await
}

async fn load_manifest(table: &Table, manifest: &ManifestFile) -> Result<Arc<LoadedManifest>> {
    let path = &manifest.manifest_path;
    if let Some(known) = MANIFESTS.get(path) {
        return Ok(known);
    }
    let (entries, metadata) = manifest
        .load_manifest(table.file_io())
        .await
        .map_err(|error| Error::from(error).context(format!("manifest `{path}` cannot be read")))?
        .into_parts();
    let loaded = Arc::new(LoadedManifest {
        entries: entries.into_iter().filter(|e| e.is_alive()).collect(),
        partition_spec: Arc::new(metadata.partition_spec().clone()),
    });
    MANIFESTS.put(path, Arc::clone(&loaded), size_bytes(&loaded.entries));
    Ok(loaded)
}

fn size_bytes(entries: &[ManifestEntryRef]) -> usize {
    let columns: usize = entries
        .iter()
        .map(|entry| entry.data_file().value_counts().len())
        .sum();
    entries.len() * ENTRY_BYTES + columns * COLUMN_BYTES
}

fn check_readable(table: &Table, entry: &ManifestEntryRef) -> Result<()> {
    let (what, remedy) = match (entry.content_type(), entry.file_format()) {
        (DataContentType::EqualityDeletes, _) => (
            "equality deletes".to_owned(),
            "compact it with the engine that wrote them",
        ),
        (DataContentType::PositionDeletes, DataFileFormat::Puffin) => (
            "deletion vectors".to_owned(),
            "compact it with the engine that wrote them",
        ),
        (_, DataFileFormat::Parquet) => return Ok(()),
        (_, format) => (format!("{format} files"), "rewrite it as Parquet"),
    };
    let name = table.name();
    Err(Error::data(format!(
        "table `{name}` holds {what}, which c360 does not read: {remedy}"
    )))
}
