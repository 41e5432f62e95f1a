//! A warehouse: the folder or bucket prefix that tables live under, and the SQL catalog that says
//! which metadata file of each table is the newest.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use c360_spec::TableName;
use futures::StreamExt;
use iceberg::io::FileIO;
use iceberg::spec::{FormatVersion, TableMetadata, TableMetadataBuilder};
use iceberg::{MetadataLocation, TableCreation};
use object_store::{ObjectStore, ObjectStoreExt};

use crate::commit::replace_metadata;
use crate::pointers::{Pointers, create_folder};
use crate::{
    Epochs, Error, Evolution, Result, S3Options, Stores, Table, TableDefinition, order, schema,
    storage,
};

const ATTEMPTS: usize = 20;

/// What Iceberg calls the sort order that was added last.
const LAST_ADDED: i64 = -1;

/// Whether `location` is below the folder, also by way of links.
fn is_below(location: &str, folder: &str) -> bool {
    let below = |location: &str, folder: &str| {
        let rest = location.strip_prefix(folder);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let real = |location: &str| {
        let path = location.strip_prefix("file://")?;
        Some(
            std::fs::canonicalize(path)
                .ok()?
                .to_string_lossy()
                .into_owned(),
        )
    };
    below(location, folder)
        || matches!((real(location), real(folder)), (Some(location), Some(folder)) if below(&location, &folder))
}

/// Where a warehouse is.
#[derive(Clone)]
pub struct WarehouseConfig {
    /// `s3://bucket/prefix` or an absolute path.
    pub location: String,
    /// `sqlite:/absolute/path.db` or `postgres://…`; may hold a password, so it is never shown.
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
    /// `s3://bucket/prefix` or `file:///path`, without a slash at the end.
    location: String,
    stores: Stores,
    file_io: FileIO,
    pointers: Pointers,
}

impl Warehouse {
    /// Opens a warehouse. A local folder and a catalog that is a file are made with the first table, so that who only
    /// reads writes nothing; in a database of a server the catalog's two tables are created where absent.
    ///
    /// # Errors
    /// *invalid* for an address that cannot be or a bucket that does not exist; *unavailable* when
    /// the folder, bucket or database cannot be reached or may not be written.
    pub async fn open(config: WarehouseConfig) -> Result<Self> {
        let stores = Stores::new(config.s3.clone());
        Self::with_stores(config, stores).await
    }

    /// The same, with every store going through `wrap`: for fault injection and tests.
    pub async fn open_with_store(
        config: WarehouseConfig,
        wrap: impl Fn(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> + Send + Sync + 'static,
    ) -> Result<Self> {
        let stores = Stores::wrapped(config.s3.clone(), wrap);
        Self::with_stores(config, stores).await
    }

    /// A warehouse in a local folder, reached through the same stores as this one.
    pub async fn beside(&self, folder: &Path) -> Result<Self> {
        let location = folder.display().to_string();
        let config = WarehouseConfig {
            catalog_uri: format!("sqlite:{location}/catalog.db"),
            location,
            s3: None,
        };
        Self::with_stores(config, self.stores().clone()).await
    }

    async fn with_stores(config: WarehouseConfig, stores: Stores) -> Result<Self> {
        let location = config.location.trim_end_matches('/');
        let location = match location.strip_prefix('/') {
            Some(path) => format!("file:///{path}"),
            None => location.to_owned(),
        };
        check_place(&stores, &location).await?;
        let pointers = Pointers::open(&config.catalog_uri).await?;
        let inner = Inner {
            file_io: storage::file_io(&stores),
            location,
            stores,
            pointers,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The stores that this warehouse's tables, epochs and source files are read through.
    pub fn stores(&self) -> &Stores {
        &self.inner.stores
    }

    /// Names of all tables, in order.
    pub async fn tables(&self) -> Result<Vec<TableName>> {
        self.pointers().list().await
    }

    /// The newest state of a table; `None` when there is no such table.
    pub async fn table(&self, name: &TableName) -> Result<Option<Table>> {
        let Some(location) = self.pointers().look_up(name).await? else {
            return Ok(None);
        };
        self.check_holds(name, &location)?;
        let metadata = TableMetadata::read_from(self.file_io(), &location).await;
        let metadata = metadata
            .map_err(|e| Error::from(e).context(format!("table `{name}` cannot be opened")))?;
        Table::newest(self.clone(), name.clone(), metadata.into(), location).map(Some)
    }

    /// The table as defined: created, widened or left as it is; or about to be recast, where the definition allows it,
    /// which nobody sees before the commit that replaces its rows.
    ///
    /// Fails with *invalid*, naming column and reason, when the table cannot become what the
    /// definition says without losing or reinterpreting data.
    pub async fn create_or_evolve(&self, definition: &TableDefinition) -> Result<Table> {
        for _ in 0..ATTEMPTS {
            let outcome = match self.table(&definition.name).await? {
                None => self.create(definition).await?,
                Some(table) => self.evolve(table, definition).await?,
            };
            if let Some(table) = outcome {
                return Ok(table);
            }
        }
        Err(Error::conflict(format!(
            "table `{}` is being changed by others all the time: run again later",
            definition.name
        )))
    }

    /// Refuses a table that lies elsewhere: its files belong to the lake that this one was copied from, or are gone
    /// with the folder that this one was moved from.
    fn check_holds(&self, name: &TableName, metadata: &str) -> Result<()> {
        let own = &self.inner.location;
        if is_below(metadata, own) {
            return Ok(());
        }
        let (elsewhere, _) = metadata.rsplit_once("/metadata/").unwrap_or((metadata, ""));
        Err(Error::invalid(format!(
            "table `{name}` lies at {elsewhere}, outside the lake {own}; Iceberg tables hold absolute locations, so a \
             lake can be neither moved nor copied: name its first place in warehouse.location, or give this project an \
             empty one and run it anew"
        )))
    }

    /// What is published: epochs of this warehouse.
    pub fn epochs(&self) -> Epochs {
        Epochs::new(self.stores().clone(), &self.inner.location)
    }

    /// Fails with *invalid* where the lake has epochs and its catalog no table: then this is not the catalog that knows
    /// what lies here, and to go on would be to make everything anew beside it.
    pub async fn check_catalog(&self) -> Result<()> {
        if !self.tables().await?.is_empty() {
            return Ok(());
        }
        match self.epochs().latest().await? {
            None => Ok(()),
            Some(epoch) => Err(Error::invalid(format!(
                "the lake {} shows tables in its epoch {}, and its catalog knows none: name the catalog that it was made \
                 with in warehouse.catalog, or bring that back; to begin anew, give an empty place in warehouse.location",
                self.inner.location, epoch.number
            ))),
        }
    }

    /// Makes a local folder, and a catalog that is a file, where absent.
    async fn prepare(&self) -> Result<()> {
        self.check_catalog().await?;
        if let Some(folder) = self.inner.location.strip_prefix("file://") {
            create_folder(folder).await?;
        }
        self.pointers().prepare().await
    }

    /// `None` when somebody else created the table first.
    async fn create(&self, definition: &TableDefinition) -> Result<Option<Table>> {
        self.prepare().await?;
        let name = &definition.name;
        let location = self.folder(name);
        let mut properties = HashMap::from([(
            "write.parquet.compression-codec".to_owned(),
            "zstd".to_owned(),
        )]);
        properties.extend(comment(definition));
        let schema = schema::create(definition)?;
        let creation = TableCreation::builder()
            .name(name.name().to_owned())
            .location(location.clone())
            .sort_order_opt(order::sort_order(definition, &schema)?)
            .schema(schema)
            .format_version(FormatVersion::V2)
            .properties(properties)
            .build();
        let metadata = TableMetadataBuilder::from_table_creation(creation)?
            .build()?
            .metadata;
        let at = MetadataLocation::new_with_metadata(location, &metadata);
        metadata.write_to(self.file_io(), &at).await?;
        let at = at.to_string();
        if !self.pointers().create(name, &at).await? {
            self.file_io().delete(&at).await?;
            return Ok(None);
        }
        Table::newest(self.clone(), name.clone(), metadata.into(), at).map(Some)
    }

    /// `None` when somebody else changed the table first.
    async fn evolve(&self, table: Table, definition: &TableDefinition) -> Result<Option<Table>> {
        let metadata = table.metadata();
        let last_id = metadata.last_column_id();
        // What a run left that failed before its first commit holds nobody to the columns of then.
        let never_filled = metadata.snapshots().next().is_none();
        let anew = never_filled.then(|| TableDefinition {
            evolution: Evolution::Recast,
            ..definition.clone()
        });
        let definition = anew.as_ref().unwrap_or(definition);
        let evolved = schema::evolve(definition, metadata.current_schema(), last_id)?;
        let comment: HashMap<_, _> = comment(definition)
            .filter(|(name, text)| metadata.properties().get(name) != Some(text))
            .into_iter()
            .collect();
        let schema = evolved.as_ref().unwrap_or(metadata.current_schema());
        let order = order::sort_order(definition, schema)?
            .filter(|order| order.fields != metadata.default_sort_order().fields);
        if evolved.is_none() && comment.is_empty() && order.is_none() {
            return Ok(Some(table));
        }
        let is_recast = schema::is_recast(metadata.current_schema(), schema);
        let from = table.metadata_location().to_owned();
        let mut builder = metadata.as_ref().clone().into_builder(Some(from));
        if let Some(schema) = evolved {
            builder = builder.add_current_schema(schema)?;
        }
        if let Some(order) = order {
            builder = builder.add_sort_order(order)?;
            builder = builder.set_default_sort_order(LAST_ADDED)?;
        }
        if !comment.is_empty() {
            builder = builder.set_properties(comment)?;
        }
        let metadata = builder.build()?.metadata;
        match definition.evolution == Evolution::Recast && is_recast && !never_filled {
            true => table.recast(metadata).map(Some),
            false => replace_metadata(&table, metadata).await,
        }
    }

    /// Where a table is made.
    pub(crate) fn folder(&self, name: &TableName) -> String {
        let lake = &self.inner.location;
        format!("{lake}/{}/{}", name.namespace(), name.name())
    }

    pub(crate) fn file_io(&self) -> &FileIO {
        &self.inner.file_io
    }

    pub(crate) fn pointers(&self) -> &Pointers {
        &self.inner.pointers
    }
}

fn comment(definition: &TableDefinition) -> Option<(String, String)> {
    let text = definition.comment.clone()?;
    Some(("comment".to_owned(), text))
}

/// Creates a local folder; asks a bucket for one listing, so that a missing bucket or missing
/// rights are told here rather than in the middle of a run.
async fn check_place(stores: &Stores, location: &str) -> Result<()> {
    let (store, path) = stores.resolve(location)?;
    if location.starts_with("file://") {
        return Ok(());
    }
    // Where epochs are published already, one small read answers.
    let hint = path.clone().join("epochs").join("latest.json");
    match store.get(&hint).await {
        Ok(_) => return Ok(()),
        Err(object_store::Error::NotFound { .. }) => {}
        Err(error) => return Err(Error::store(location, error)),
    }
    match store.list(Some(&path)).next().await {
        Some(Err(error)) => Err(missing_bucket_or(location, error)),
        _ => Ok(()),
    }
}

/// A listing finds nothing missing but the bucket itself.
fn missing_bucket_or(location: &str, error: object_store::Error) -> Error {
    if matches!(error, object_store::Error::NotFound { .. }) {
        return Error::missing_bucket(location, error);
    }
    Error::store(location, error)
}
