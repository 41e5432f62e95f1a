//! A warehouse: the folder or bucket prefix that tables live under, and the SQL catalog that says
//! which metadata file of each table is the newest.

use std::sync::Arc;

use c360_spec::TableName;
use iceberg::io::FileIO;
use iceberg::spec::TableMetadata;
use object_store::ObjectStore;

use crate::{Error, Result, S3Options, Stores, Table, storage};

/// Where a warehouse is.
#[derive(Clone, Debug)]
pub struct WarehouseConfig {
    /// `s3://bucket/prefix` or an absolute path.
    pub location: String,
    /// `sqlite:/absolute/path.db` or `postgres://…`.
    pub catalog_uri: String,
    pub s3: Option<S3Options>,
}

/// An open warehouse. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Warehouse {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    location: String,
    stores: Stores,
    file_io: FileIO,
}

impl Warehouse {
    pub fn stores(&self) -> &Stores {
        &self.inner.stores
    }

    pub(crate) fn file_io(&self) -> &FileIO {
        &self.inner.file_io
    }

    /// The newest state of a table; `None` when there is no such table.
    pub async fn table(&self, name: &TableName) -> Result<Option<Table>> {
        let _ = name;
        Err(Error::internal("not built yet"))
    }
}
