//! Iceberg's file access over our object stores, so that the iceberg crate's metadata reads and
//! writes go the same way as everything else.
//!
//! Iceberg wants its storage to be serialisable. A live store is not, so what is serialised is a
//! number, and a table of this process leads from the number back to the stores.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, RwLock};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use iceberg::io::{
    FileIO, FileIOBuilder, FileMetadata, FileRead, FileWrite, InputFile, OutputFile, Storage,
    StorageConfig, StorageFactory,
};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize};

use crate::{Error, Stores};

static KNOWN: LazyLock<RwLock<HashMap<u64, Stores>>> = LazyLock::new(RwLock::default);
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Iceberg's handle on `stores`.
pub(crate) fn file_io(stores: &Stores) -> FileIO {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut known = KNOWN.write().unwrap_or_else(|e| e.into_inner());
    known.insert(number, stores.clone());
    FileIOBuilder::new(Arc::new(LakeStorage { number })).build()
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct LakeStorage {
    number: u64,
}

#[typetag::serde(name = "c360")]
impl StorageFactory for LakeStorage {
    fn build(&self, _: &StorageConfig) -> iceberg::Result<Arc<dyn Storage>> {
        Ok(Arc::new(*self))
    }
}

impl LakeStorage {
    fn resolve(&self, location: &str) -> iceberg::Result<(Arc<dyn ObjectStore>, Path)> {
        let known = KNOWN.read().unwrap_or_else(|e| e.into_inner());
        let stores = known.get(&self.number).ok_or_else(|| {
            wrap(Error::internal(
                "the stores of a table belong to another process",
            ))
        })?;
        stores.resolve(location).map_err(wrap)
    }
}

/// Our error inside iceberg's; [`Error`] finds the kind again when it comes back.
fn wrap(error: Error) -> iceberg::Error {
    iceberg::Error::new(iceberg::ErrorKind::Unexpected, error.to_string()).with_source(error)
}

fn failed(location: &str, error: object_store::Error) -> iceberg::Error {
    wrap(Error::store(location, error))
}

#[async_trait]
#[typetag::serde(name = "c360")]
impl Storage for LakeStorage {
    async fn exists(&self, location: &str) -> iceberg::Result<bool> {
        let (store, path) = self.resolve(location)?;
        match store.head(&path).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed(location, error)),
        }
    }

    async fn metadata(&self, location: &str) -> iceberg::Result<FileMetadata> {
        let (store, path) = self.resolve(location)?;
        let meta = store.head(&path).await.map_err(|e| failed(location, e))?;
        Ok(FileMetadata { size: meta.size })
    }

    async fn read(&self, location: &str) -> iceberg::Result<Bytes> {
        let (store, path) = self.resolve(location)?;
        let found = store.get(&path).await.map_err(|e| failed(location, e))?;
        found.bytes().await.map_err(|e| failed(location, e))
    }

    async fn reader(&self, location: &str) -> iceberg::Result<Box<dyn FileRead>> {
        let (store, path) = self.resolve(location)?;
        Ok(Box::new(Reader {
            store,
            path,
            location: location.to_owned(),
        }))
    }

    async fn write(&self, location: &str, bytes: Bytes) -> iceberg::Result<()> {
        let (store, path) = self.resolve(location)?;
        let put = store.put(&path, bytes.into()).await;
        put.map(|_| ()).map_err(|e| failed(location, e))
    }

    async fn writer(&self, location: &str) -> iceberg::Result<Box<dyn FileWrite>> {
        Ok(Box::new(Writer {
            storage: *self,
            location: location.to_owned(),
            pending: BytesMut::new(),
        }))
    }

    async fn delete(&self, location: &str) -> iceberg::Result<()> {
        let (store, path) = self.resolve(location)?;
        match store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(location, error)),
        }
    }

    async fn delete_prefix(&self, location: &str) -> iceberg::Result<()> {
        let (store, path) = self.resolve(location)?;
        let paths = store.list(Some(&path)).map_ok(|meta| meta.location).boxed();
        let deleted = store.delete_stream(paths).try_collect::<Vec<_>>().await;
        deleted.map(|_| ()).map_err(|e| failed(location, e))
    }

    async fn delete_stream(&self, mut paths: BoxStream<'static, String>) -> iceberg::Result<()> {
        while let Some(location) = paths.next().await {
            self.delete(&location).await?;
        }
        Ok(())
    }

    fn new_input(&self, location: &str) -> iceberg::Result<InputFile> {
        Ok(InputFile::new(Arc::new(*self), location.to_owned()))
    }

    fn new_output(&self, location: &str) -> iceberg::Result<OutputFile> {
        Ok(OutputFile::new(Arc::new(*self), location.to_owned()))
    }
}

struct Reader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    location: String,
}

#[async_trait]
impl FileRead for Reader {
    async fn read(&self, range: Range<u64>) -> iceberg::Result<Bytes> {
        let read = self.store.get_range(&self.path, range).await;
        read.map_err(|e| failed(&self.location, e))
    }
}

/// Holds what is written until it closes: only metadata comes this way, and it is small.
struct Writer {
    storage: LakeStorage,
    location: String,
    pending: BytesMut,
}

#[async_trait]
impl FileWrite for Writer {
    async fn write(&mut self, bytes: Bytes) -> iceberg::Result<()> {
        self.pending.extend_from_slice(&bytes);
        Ok(())
    }

    async fn close(&mut self) -> iceberg::Result<()> {
        let bytes = std::mem::take(&mut self.pending).freeze();
        self.storage.write(&self.location, bytes).await
    }
}
