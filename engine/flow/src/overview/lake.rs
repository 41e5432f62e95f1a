//! The lake as one report sees it: every table and the last epochs, read once, so that all sections tell of the same
//! state. Knows nothing of what the sections ask.

use std::collections::BTreeMap;

use c360_catalog::{Epoch, Table};
use c360_spec::{JobKind, PublishJob, TableName};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::EPOCHS;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::query::ReadAt;
use crate::session::{Runtime, Session};
use crate::{json, publish};

/// Tables by name, and the newest epochs.
pub struct Lake<'a> {
    runtime: &'a Runtime,
    pub as_of: Timestamp,
    /// Each at its newest snapshot.
    pub tables: BTreeMap<TableName, Table>,
    /// At most [`EPOCHS`], oldest first.
    pub epochs: Vec<Epoch>,
}

impl<'a> Lake<'a> {
    /// Reads which tables and epochs there are.
    pub async fn open(engine: &'a Engine, clock: &Clock) -> Result<Self> {
        let tables = engine.tables_at(&ReadAt::Newest).await?;
        Ok(Self {
            runtime: &engine.runtime,
            as_of: clock.as_of,
            tables: tables
                .into_iter()
                .map(|table| (table.name().clone(), table))
                .collect(),
            epochs: newest_epochs(engine).await?,
        })
    }

    /// The table, if there is one that has all these columns.
    pub fn table(&self, name: &TableName, columns: &[&str]) -> Option<&Table> {
        let table = self.tables.get(name)?;
        let schema = table.schema();
        let has = |column: &&str| schema.column_with_name(column).is_some();
        columns.iter().all(has).then_some(table)
    }

    /// The table as an epoch shows it; none where it shows none, or the snapshot is gone.
    pub fn shown(&self, epoch: &Epoch, name: &TableName) -> Option<Table> {
        publish::shown(Some(epoch), self.tables.get(name)?)
    }

    /// The table as readers see it: as the newest epoch shows it.
    pub fn published(&self, name: &TableName) -> Option<Table> {
        self.shown(self.epochs.last()?, name)
    }

    /// A session that sees each table under the name beside it.
    pub async fn session(&self, seen: &[(&TableName, &Table)]) -> Result<Session> {
        let session = self.runtime.session();
        for (name, table) in seen {
            session.register(name, table.provider().await?)?;
        }
        Ok(session)
    }

    /// The rows of a statement over one table, which it sees as `name`.
    pub async fn rows_of<T: DeserializeOwned>(
        &self,
        (name, table): (&TableName, &Table),
        file: &str,
        sql: &str,
    ) -> Result<Vec<T>> {
        let session = self.session(&[(name, table)]).await?;
        self.rows(&session, file, sql).await
    }

    /// The rows of a statement; `file` names it for errors.
    pub async fn rows<T: DeserializeOwned>(
        &self,
        session: &Session,
        file: &str,
        sql: &str,
    ) -> Result<Vec<T>> {
        let found = json::collect(session.select(file, sql, self.as_of).await?).await?;
        typed(&found, file)
    }
}

/// Rows as the values that they stand for.
pub fn typed<T: DeserializeOwned>(rows: &[json::Row], file: &str) -> Result<Vec<T>> {
    let one = |row: &json::Row| serde_json::from_str(&row.to_string());
    let all: std::result::Result<Vec<T>, _> = rows.iter().map(one).collect();
    all.map_err(|error| Error::internal(format!("{file} answers what it should not: {error}")))
}

/// A name under which a statement sees a table that has another name in each project.
pub fn seen_as(name: &str) -> TableName {
    TableName::new("overview", name).expect("a plain name")
}

/// A table of the shipped project, which others may have too.
pub fn customer(name: &str) -> TableName {
    TableName::new("customer", name).expect("a plain name")
}

/// The publish jobs of the project.
pub fn publish_jobs(engine: &Engine) -> impl Iterator<Item = &PublishJob> {
    let jobs = engine.project.jobs.values();
    jobs.filter_map(|job| match &job.kind {
        JobKind::Publish(job) => Some(job),
        _ => None,
    })
}

async fn newest_epochs(engine: &Engine) -> Result<Vec<Epoch>> {
    let epochs = engine.warehouse.epochs();
    let Some(latest) = epochs.latest().await? else {
        return Ok(Vec::new());
    };
    let mut newest = Vec::new();
    // Upkeep may have removed some in between.
    for number in latest.number.saturating_sub(EPOCHS - 1).max(1)..latest.number {
        newest.extend(epochs.get(number).await?);
    }
    newest.push(latest);
    Ok(newest)
}
