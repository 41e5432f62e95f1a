//! The SQL catalog: one row a table, saying which metadata file is the newest. The layout is the
//! one of PyIceberg's `SqlCatalog` and Iceberg's JDBC catalog, so those open the same warehouse.
//! SQLite for one machine, PostgreSQL for many.
//!
//! SQLite stays in its default rollback journal: every statement here is a short transaction of
//! its own, and a write-ahead log would bar readers on read-only mounts. Whoever finds the
//! database locked waits, up to a minute.

use std::sync::Once;
use std::time::{Duration, Instant};

use c360_spec::TableName;
use sqlx::any::{AnyArguments, AnyPoolOptions, AnyRow, install_default_drivers};
use sqlx::query::Query;
use sqlx::{Any, AnyPool, Executor, Row};
use url::Url;

use crate::{Error, Result};

/// The name under which other clients find the warehouse's tables.
pub const CATALOG_NAME: &str = "c360";

const PATIENCE: Duration = Duration::from_secs(60);
/// How long a server may take to answer a new connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

const CREATE_TABLES: &str = "CREATE TABLE IF NOT EXISTS iceberg_tables (
    catalog_name VARCHAR(255) NOT NULL,
    table_namespace VARCHAR(255) NOT NULL,
    table_name VARCHAR(255) NOT NULL,
    metadata_location VARCHAR(1000),
    previous_metadata_location VARCHAR(1000),
    iceberg_type VARCHAR(5),
    PRIMARY KEY (catalog_name, table_namespace, table_name))";

const CREATE_NAMESPACES: &str = "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
    catalog_name VARCHAR(255) NOT NULL,
    namespace VARCHAR(255) NOT NULL,
    property_key VARCHAR(255) NOT NULL,
    property_value VARCHAR(1000) NOT NULL,
    PRIMARY KEY (catalog_name, namespace, property_key))";

const PROBE: &str = "SELECT COUNT(*) FROM iceberg_tables, iceberg_namespace_properties WHERE 1 = 0";

const LIST: &str = "SELECT table_namespace, table_name FROM iceberg_tables
    WHERE catalog_name = $1 ORDER BY table_namespace, table_name";

const LOOK_UP: &str = "SELECT metadata_location FROM iceberg_tables
    WHERE catalog_name = $1 AND table_namespace = $2 AND table_name = $3";

const CREATE_NAMESPACE: &str = "INSERT INTO iceberg_namespace_properties
    (catalog_name, namespace, property_key, property_value) VALUES ($1, $2, 'exists', 'true')
    ON CONFLICT DO NOTHING";

const CREATE: &str = "INSERT INTO iceberg_tables
    (catalog_name, table_namespace, table_name, metadata_location) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING";

const SWAP: &str = "UPDATE iceberg_tables
    SET metadata_location = $1, previous_metadata_location = $2
    WHERE catalog_name = $3 AND table_namespace = $4 AND table_name = $5 AND metadata_location = $6";

/// The rows that say which metadata file of each table is the newest.
#[derive(Clone, Debug)]
pub(crate) struct Pointers {
    pool: AnyPool,
    /// The database without user, password and options: what errors may show.
    label: String,
    /// Where the database is a file, which is made with the first table: the file.
    file: Option<String>,
}

impl Pointers {
    /// Connects, creating the two tables when they are absent. A database that is a file and absent is left so: whoever
    /// only reads finds no table in it.
    pub(crate) async fn open(uri: &str) -> Result<Self> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(install_default_drivers);
        let database = Database::parse(uri)?;
        let is_sqlite = database.file.is_some();
        let pool = AnyPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(CONNECT_PATIENCE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if is_sqlite {
                        connection.execute("PRAGMA busy_timeout = 60000").await?;
                    }
                    Ok(())
                })
            })
            .connect_lazy(&database.url)
            .map_err(|_| {
                Error::invalid(format!("catalog `{}` is no usable address", database.label))
            })?;
        let pointers = Self {
            pool,
            label: database.label,
            file: database.file,
        };
        if !pointers.is_absent().await {
            pointers.create_tables().await?;
        }
        Ok(pointers)
    }

    /// Makes the database's file with its folder and tables, as far as they are absent.
    pub(crate) async fn prepare(&self) -> Result<()> {
        let folder = self.file.as_ref().and_then(|file| file.rsplit_once('/'));
        if let Some((folder, _)) = folder.filter(|(folder, _)| !folder.is_empty()) {
            create_folder(folder).await?;
        }
        self.create_tables().await
    }

    /// Whether the database is still to be made. While another process makes it, its file is empty.
    async fn is_absent(&self) -> bool {
        let Some(file) = &self.file else { return false };
        let found = tokio::fs::metadata(file).await;
        found.map_or_else(|error| is_nowhere(&error), |file| file.len() == 0)
    }

    async fn create_tables(&self) -> Result<()> {
        match query(PROBE, &[]).fetch_all(&self.pool).await {
            Ok(_) => return Ok(()),
            // The database answers; most likely the tables are not there yet.
            Err(sqlx::Error::Database(_)) => {}
            Err(error) => return Err(self.failed(error)),
        }
        let mut outcome = Ok(());
        for statement in [CREATE_TABLES, CREATE_NAMESPACES] {
            outcome = outcome.and(self.execute(statement, &[]).await.map(|_| ()));
        }
        // PostgreSQL lets one of two processes that create at once fail: then they are there.
        match outcome {
            Ok(()) => Ok(()),
            Err(error) => self.fetch(PROBE, &[]).await.map(|_| ()).map_err(|_| error),
        }
    }

    /// All tables whose names follow our rules; others belong to somebody else.
    pub(crate) async fn list(&self) -> Result<Vec<TableName>> {
        let rows = self.fetch(LIST, &[CATALOG_NAME]).await?;
        let names = rows.iter().filter_map(|row| {
            let namespace: String = row.try_get(0).ok()?;
            let name: String = row.try_get(1).ok()?;
            TableName::new(&namespace, &name).ok()
        });
        Ok(names.collect())
    }

    /// Location of a table's newest metadata; `None` when there is no such table.
    pub(crate) async fn look_up(&self, table: &TableName) -> Result<Option<String>> {
        let rows = self
            .fetch(LOOK_UP, &[CATALOG_NAME, table.namespace(), table.name()])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let location = row.try_get(0).map_err(|e| self.failed(e))?;
        Ok(Some(location))
    }

    /// Enters a new table; false when somebody else has.
    pub(crate) async fn create(&self, table: &TableName, location: &str) -> Result<bool> {
        let (namespace, name) = (table.namespace(), table.name());
        self.execute(CREATE_NAMESPACE, &[CATALOG_NAME, namespace])
            .await?;
        let created = self
            .execute(CREATE, &[CATALOG_NAME, namespace, name, location])
            .await;
        self.took_effect(created, table, location).await
    }

    /// Moves a table from one metadata file to the next; false when it was no longer at `from`.
    pub(crate) async fn swap(&self, table: &TableName, from: &str, to: &str) -> Result<bool> {
        let (namespace, name) = (table.namespace(), table.name());
        let swapped = self
            .execute(SWAP, &[to, from, CATALOG_NAME, namespace, name, from])
            .await;
        self.took_effect(swapped, table, to).await
    }

    /// Whether a statement changed its row. Where the connection broke before the answer came,
    /// the row itself tells.
    async fn took_effect(
        &self,
        outcome: Result<u64>,
        table: &TableName,
        location: &str,
    ) -> Result<bool> {
        match outcome {
            Ok(rows) => Ok(rows == 1),
            Err(error) => match self.look_up(table).await {
                Ok(Some(now)) if now == location => Ok(true),
                _ => Err(error),
            },
        }
    }

    /// Runs a statement and returns how many rows it changed. Tries again while the database is
    /// locked.
    async fn execute(&self, statement: &str, values: &[&str]) -> Result<u64> {
        let patience = Patience::new();
        loop {
            match query(statement, values).execute(&self.pool).await {
                Err(error) if patience.lasts(&error) => tokio::time::sleep(PAUSE).await,
                done => return done.map(|d| d.rows_affected()).map_err(|e| self.failed(e)),
            }
        }
    }

    /// Runs a query. Tries again while the database is locked.
    async fn fetch(&self, statement: &str, values: &[&str]) -> Result<Vec<AnyRow>> {
        if self.is_absent().await {
            return Ok(Vec::new());
        }
        let patience = Patience::new();
        loop {
            match query(statement, values).fetch_all(&self.pool).await {
                Err(error) if patience.lasts(&error) => tokio::time::sleep(PAUSE).await,
                rows => return rows.map_err(|e| self.failed(e)),
            }
        }
    }

    fn failed(&self, error: sqlx::Error) -> Error {
        let remedy = if is_locked(&error) {
            "is held by another process: retry later"
        } else if is_denied(&error) {
            "cannot be opened or written: check the permissions of its folder, or the user's rights"
        } else {
            "does not answer"
        };
        Error::unavailable(format!("catalog `{}` {remedy}", self.label)).caused_by(error)
    }
}

fn query<'a>(statement: &'a str, values: &[&'a str]) -> Query<'a, Any, AnyArguments<'a>> {
    let mut query = sqlx::query(statement);
    for value in values {
        query = query.bind(*value);
    }
    query
}

/// How long to wait for whoever holds the database.
struct Patience {
    until: Instant,
}

impl Patience {
    fn new() -> Self {
        Self {
            until: Instant::now() + PATIENCE,
        }
    }

    fn lasts(&self, error: &sqlx::Error) -> bool {
        is_locked(error) && Instant::now() < self.until
    }
}

fn is_locked(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    let message = error.message();
    message.contains("database is locked") || message.contains("database table is locked")
}

fn is_denied(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    let message = error.message();
    [
        "unable to open database file",
        "readonly database",
        "permission denied",
        "authentication failed",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

/// An address of a database in the form that the drivers want.
struct Database {
    url: String,
    label: String,
    file: Option<String>,
}

impl Database {
    fn parse(uri: &str) -> Result<Self> {
        if let Some(path) = uri.strip_prefix("sqlite:") {
            return Self::sqlite(path);
        }
        // The address may hold a password, so neither it nor the parser's words are shown.
        let no_address =
            || Error::invalid("the catalog's address is neither sqlite:… nor postgres://…");
        let url = Url::parse(uri).map_err(|_| no_address())?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(no_address());
        }
        let host = url.host_str().unwrap_or("localhost");
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        Ok(Self {
            url: uri.to_owned(),
            label: format!("{}://{host}{port}{}", url.scheme(), url.path()),
            file: None,
        })
    }

    /// `sqlite:path`, `sqlite://path` and SQLAlchemy's `sqlite:////path` alike.
    fn sqlite(path: &str) -> Result<Self> {
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split('?').next().unwrap_or(path);
        let path = match path.strip_prefix("//") {
            Some(rest) => format!("/{rest}"),
            None => path.to_owned(),
        };
        if path.is_empty() || path.contains(":memory:") {
            return Err(Error::invalid(
                "the catalog's sqlite: address names no file",
            ));
        }
        let escaped = path
            .replace('%', "%25")
            .replace('?', "%3f")
            .replace('#', "%23");
        Ok(Self {
            url: format!("sqlite://{escaped}?mode=rwc"),
            label: path.clone(),
            file: Some(path),
        })
    }
}

fn is_nowhere(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

/// Creates a local folder and those above it where absent.
pub(crate) async fn create_folder(folder: &str) -> Result<()> {
    let created = tokio::fs::create_dir_all(folder).await;
    created.map_err(|e| {
        Error::unavailable(format!(
            "folder `{folder}` cannot be created: check its permissions"
        ))
        .caused_by(e)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, label_expected: &str) {
        assert_eq!(
            Database::parse(uri).expect("an address").label,
            label_expected
        );
    }

    #[test]
    fn addresses_are_shown_without_secrets() {
        check("sqlite:/lake/catalog.db", "/lake/catalog.db");
        check("sqlite:///lake/catalog.db", "/lake/catalog.db");
        check("sqlite:////lake/catalog.db", "/lake/catalog.db");
        check(
            "postgres://me:secret@db:5433/c360?password=secret",
            "postgres://db:5433/c360",
        );
    }

    #[test]
    fn other_addresses_are_refused_without_being_shown() {
        let Err(error) = Database::parse("mysql://me:secret@db/c360") else {
            panic!("accepted");
        };
        assert!(!error.to_string().contains("secret"));
    }
}
