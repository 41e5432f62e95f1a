//! Lakes to test on. Each test has its own: a folder or bucket of its own, and a namespace of its
//! own where the database is shared.

use std::path::{Path, PathBuf};

use c360_catalog::{S3Options, TableDefinition, Warehouse, WarehouseConfig};
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
        }
    }
}

/// Files on the local disk that the snapshots of a metadata file refer to and that are not there. Readers open all
/// manifests, also those that list no live file.
pub fn missing_files(metadata_location: &str) -> Vec<String> {
    let local = |location: &str| location.trim_start_matches("file://").to_owned();
    let read = |location: &str| std::fs::read(local(location)).ok();
    let metadata = read(metadata_location).expect("a metadata file");
    let metadata: serde_json::Value = serde_json::from_slice(&metadata).expect("JSON");
    let mut missing = Vec::new();
    for snapshot in metadata["snapshots"].as_array().into_iter().flatten() {
        let list = snapshot["manifest-list"].as_str().expect("a location");
        let Some(bytes) = read(list) else {
            missing.push(list.to_owned());
            continue;
        };
        let list = ManifestList::parse_with_version(&bytes, FormatVersion::V2).expect("a list");
        for manifest in list.entries() {
            let Some(bytes) = read(&manifest.manifest_path) else {
                missing.push(manifest.manifest_path.clone());
                continue;
            };
            let manifest = Manifest::parse_avro(&bytes).expect("a manifest");
            let live = manifest.entries().iter().filter(|entry| entry.is_alive());
            let paths = live.map(|entry| entry.file_path().to_owned());
            missing.extend(paths.filter(|path| !Path::new(&local(path)).exists()));
        }
    }
    missing
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
