//! Analysts' SQL over the lake, newest or as it was. Reads only.

use c360_catalog::Table;
use c360_spec::{TableName, spelling};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as Sql;
use jiff::Timestamp;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::session::Session;
use crate::statement;

/// Which state of the lake a query sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadAt {
    /// Every table's newest snapshot.
    Newest,
    /// The tables that an epoch shows, as it shows them.
    Epoch(u64),
    /// Every table's newest snapshot at that time.
    Timestamp(Timestamp),
}

impl Engine {
    /// The rows of one SELECT (or EXPLAIN, SHOW, DESCRIBE).
    pub async fn query(
        &self,
        sql: &str,
        at: &ReadAt,
        clock: &Clock,
    ) -> Result<SendableRecordBatchStream> {
        let parsed = statement::parse("statement", sql)?;
        let session = match names(&parsed)? {
            Some(names) => self.session_with(&names, at).await?,
            None => {
                let tables = self.tables_at(at).await?;
                self.runtime.session().with_tables(&tables).await?
            }
        };
        let frame = session.select("statement", sql, clock.as_of).await?;
        Ok(frame.execute_stream().await?)
    }

    /// A session that sees `names` as they were at `at`.
    pub(crate) async fn session_with(&self, names: &[TableName], at: &ReadAt) -> Result<Session> {
        let tables = self.tables_named(names, at).await?;
        self.runtime.session().with_tables(&tables).await
    }

    /// The tables called `names` as they were at `at`.
    pub(crate) async fn tables_named(
        &self,
        names: &[TableName],
        at: &ReadAt,
    ) -> Result<Vec<Table>> {
        let mut tables = Vec::new();
        for name in names {
            match self.table_at(name, at).await? {
                Some(table) => tables.push(table),
                None => return Err(self.not_there(name, at).await?),
            }
        }
        Ok(tables)
    }

    /// Why a table cannot be read as it was.
    async fn not_there(&self, name: &TableName, at: &ReadAt) -> Result<Error> {
        if let ReadAt::Timestamp(instant) = at
            && let Some(table) = self.warehouse.table(name).await?
            && let Err(error) = table.at_timestamp(*instant)
        {
            return Ok(Error::invalid(error.to_string())
                .with_hint("`c360 epochs` lists the states that are kept for longer: --epoch N"));
        }
        self.unknown_table(name, at).await
    }

    async fn unknown_table(&self, name: &TableName, at: &ReadAt) -> Result<Error> {
        let known = self.tables_at(at).await?;
        let known: Vec<String> = known.iter().map(|table| table.name().to_string()).collect();
        let nearest = spelling::nearest(&name.to_string(), known.iter().map(String::as_str));
        let place = match at {
            ReadAt::Newest => String::new(),
            ReadAt::Epoch(number) => format!(" in epoch {number}"),
            ReadAt::Timestamp(instant) => format!(" at {instant}"),
        };
        let error = Error::invalid(format!("there is no table {name}{place}"));
        Ok(error.with_hint(match (nearest, at) {
            (Some(near), _) if near != name.to_string() => format!("did you mean {near}?"),
            (_, ReadAt::Epoch(_)) => format!("it shows {}", known.join(", ")),
            _ => "c360 tables lists them".into(),
        }))
    }

    /// Every table that there is at `at`.
    pub async fn tables_at(&self, at: &ReadAt) -> Result<Vec<Table>> {
        let names = match at {
            ReadAt::Epoch(number) => self.epoch(*number).await?.tables.into_keys().collect(),
            _ => self.warehouse.tables().await?,
        };
        let mut tables = Vec::with_capacity(names.len());
        for name in &names {
            tables.extend(self.table_at(name, at).await?);
        }
        Ok(tables)
    }

    async fn table_at(&self, name: &TableName, at: &ReadAt) -> Result<Option<Table>> {
        let Some(table) = self.warehouse.table(name).await? else {
            return Ok(None);
        };
        match at {
            ReadAt::Newest => Ok(Some(table)),
            ReadAt::Timestamp(instant) => Ok(table.at_timestamp(*instant).ok()),
            ReadAt::Epoch(number) => match self.epoch(*number).await?.tables.get(name) {
                Some(shown) => Ok(Some(table.at_snapshot(shown.snapshot_id)?)),
                None => Ok(None),
            },
        }
    }

    pub(crate) async fn epoch(&self, number: u64) -> Result<c360_catalog::Epoch> {
        self.warehouse.epochs().get(number).await?.ok_or_else(|| {
            Error::invalid(format!("epoch {number} does not exist"))
                .with_hint("c360 epochs lists them")
        })
    }
}

/// The tables that the statement reads; none when it may ask for any (SHOW, DESCRIBE).
fn names(parsed: &Statement) -> Result<Option<Vec<TableName>>> {
    let inner = match parsed {
        Statement::Explain(explain) => explain.statement.as_ref(),
        other => other,
    };
    match inner {
        Statement::Statement(sql) => match sql.as_ref() {
            Sql::Query(_) => Ok(Some(statement::tables_of("statement", inner)?)),
            Sql::ShowTables { .. }
            | Sql::ShowColumns { .. }
            | Sql::ShowVariable { .. }
            | Sql::ExplainTable { .. } => Ok(None),
            _ => Err(read_only()),
        },
        _ => Err(read_only()),
    }
}

fn read_only() -> Error {
    Error::invalid("c360 sql reads and never writes")
        .with_hint("tables are filled by jobs: describe the change as a job and c360 run it")
}
