//! Lakes to test on. Each test has its own: a folder or bucket of its own, and a namespace of its
//! own where the database is shared.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use c360_catalog::{Evolution, S3Options, TableDefinition, Warehouse, WarehouseConfig};
use c360_spec::TableName;
use iceberg::spec::{FormatVersion, Manifest, ManifestList};
use tempfile::TempDir;
use uuid::Uuid;

use super::rows::schema;
use super::s3_server;

pub struct Lake {
    config: WarehouseConfig,
    bucket: Option<(String, String)>,
    namespace: String,
    folder: TempDir,
}

impl Lake {
    pub fn local() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            config: WarehouseConfig {
                location: format!("{}/the lake", folder.path().display()),
                catalog_uri: format!("sqlite:{}/the lake/catalog.db", folder.path().display()),
                s3: None,
            },
            bucket: None,
            namespace: "raw".to_owned(),
            folder,
        }
    }

    pub async fn s3() -> Self {
        Self::s3_bucket("lake").await
    }

    /// The server has one bucket, `lake`.
    pub async fn s3_bucket(bucket: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("buckets/lake")).expect("a bucket");
        let endpoint = s3_server::serve(&folder.path().join("buckets")).await;
        Self {
            config: WarehouseConfig {
                location: format!("s3://{bucket}/warehouse"),
                catalog_uri: format!("sqlite:{}/catalog.db", folder.path().display()),
                s3: Some(S3Options {
                    endpoint: Some(endpoint.clone()),
                    region: Some("us-east-1".to_owned()),
                    path_style: true,
                    allow_http: true,
                }),
            },
            bucket: Some((endpoint, bucket.to_owned())),
            namespace: "raw".to_owned(),
            folder,
        }
    }

    /// `None` without a database: `C360_TEST_POSTGRES=postgres://user:password@host/database`.
    pub fn postgres() -> Option<Self> {
        let uri = std::env::var("C360_TEST_POSTGRES").ok()?;
        let mut lake = Self::local();
        lake.config.catalog_uri = uri;
        lake.namespace = format!("t{}", Uuid::new_v4().simple());
        Some(lake)
    }

    pub async fn open(&self) -> Warehouse {
        self.try_open().await.expect("a lake")
    }

    pub async fn try_open(&self) -> c360_catalog::Result<Warehouse> {
        let config = self.config.clone();
        match self.bucket.clone() {
            None => Warehouse::open(config).await,
            Some((endpoint, bucket)) => {
                Warehouse::open_with_store(config, move |_| s3_server::store(&endpoint, &bucket))
                    .await
            }
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The bytes of the youngest file whose name starts so.
    pub fn newest_file(&self, prefix: &str) -> Vec<u8> {
        let files = files_below(self.folder());
        let named = files.into_iter().filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(prefix))
        });
        let written_at = |path: &PathBuf| path.metadata().and_then(|file| file.modified()).ok();
        let newest = named.max_by_key(written_at).expect("such a file");
        std::fs::read(newest).expect("readable")
    }

    pub fn name(&self, table: &str) -> TableName {
        TableName::new(&self.namespace, table).expect("a table name")
    }

    /// A table definition from texts like `id long, name string`; the first column is the key.
    pub fn definition(&self, table: &str, columns: &str) -> TableDefinition {
        let schema = schema(columns);
        TableDefinition {
            name: self.name(table),
            key: vec![schema.field(0).name().clone()],
            schema,
            comment: None,
            order: vec![],
            evolution: Evolution::Widen,
        }
    }
}

/// Files that the snapshots of a metadata file refer to and that are not there. Readers open all manifests, also those
/// that list no live file.
pub fn missing_files(metadata_location: &str) -> Vec<PathBuf> {
    let files = files_of(metadata_location);
    files.into_iter().filter(|path| !path.exists()).collect()
}

/// All files on the local disk that a table needs, by its metadata file: that one and those before it, what its
/// snapshots refer to, and their lists of ingested files.
pub fn files_of(metadata_location: &str) -> BTreeSet<PathBuf> {
    let local = |location: &str| PathBuf::from(location.trim_start_matches("file://"));
    let metadata = std::fs::read(local(metadata_location)).expect("a metadata file");
    let metadata: serde_json::Value = serde_json::from_slice(&metadata).expect("JSON");
    let locations = |list: &str, name: &str| -> Vec<PathBuf> {
        let entries = metadata[list].as_array().into_iter().flatten();
        let locations = entries.map(|entry| local(entry[name].as_str().expect("a location")));
        locations.collect()
    };
    let mut files = BTreeSet::from([local(metadata_location)]);
    files.extend(locations("metadata-log", "metadata-file"));
    let snapshots = metadata["snapshots"].as_array().into_iter().flatten();
    for inputs in snapshots.filter_map(|snapshot| snapshot["summary"]["c360.inputs"].as_str()) {
        // Upkeep has none.
        let inputs: serde_json::Value = serde_json::from_str(inputs).unwrap_or_default();
        let texts = inputs
            .as_object()
            .into_iter()
            .flat_map(|inputs| inputs.values());
        files.extend(texts.filter_map(|text| text.as_str()).map(local));
    }
    for list in locations("snapshots", "manifest-list") {
        let bytes = std::fs::read(&list);
        files.insert(list);
        let Ok(bytes) = bytes else { continue };
        let list = ManifestList::parse_with_version(&bytes, FormatVersion::V2).expect("a list");
        for manifest in list.entries() {
            let path = local(&manifest.manifest_path);
            let bytes = std::fs::read(&path);
            files.insert(path);
            let Ok(bytes) = bytes else { continue };
            let manifest = Manifest::parse_avro(&bytes).expect("a manifest");
            let live = manifest.entries().iter().filter(|entry| entry.is_alive());
            files.extend(live.map(|entry| local(entry.file_path())));
        }
    }
    files
}

/// All files in a folder and in those below it.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files
}
