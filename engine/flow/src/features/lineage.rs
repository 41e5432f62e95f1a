//! Of which columns of the sources the tables of a project are made, job by job.

use std::collections::{BTreeMap, BTreeSet};

use c360_catalog::Table;
use c360_spec::{Job, JobKind, ProfileJob, TableName};
use datafusion::prelude::DataFrame;

use super::origins::{Origin, Origins, origins};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::Result;
use crate::graph::{Graph, Selection};
use crate::query::ReadAt;
use crate::session::Session;
use crate::type_name::type_name;
use crate::{expression, identity, measures};

/// The columns of tables by name, each with what it is made of.
pub struct Lineage<'a> {
    jobs: Vec<&'a Job>,
    tables: BTreeMap<TableName, Table>,
    /// By table and column, down to columns that no job makes of other tables.
    made_of: BTreeMap<(String, String), Origins>,
}

impl<'a> Lineage<'a> {
    /// Plans what the jobs ask for and runs none of it. A job that asks for tables that are not there yet is left out.
    pub async fn of(engine: &'a Engine, clock: &Clock) -> Result<Self> {
        let tables = engine.tables_at(&ReadAt::Newest).await?;
        let session = engine.runtime.session().with_tables(&tables).await?;
        let tables = tables
            .into_iter()
            .map(|table| (table.name().clone(), table));
        let mut lineage = Self {
            jobs: Graph::new(&engine.project)?.select(&Selection::default())?,
            tables: tables.collect(),
            made_of: BTreeMap::new(),
        };
        for job in lineage.jobs.clone() {
            let is_there = |table: &TableName| lineage.tables.contains_key(table);
            let outputs = job.output_tables();
            if outputs.iter().all(is_there) {
                let table = &lineage.tables[&outputs[0]];
                let made = made(engine, &session, job, table, clock).await?;
                for (column, of) in made {
                    let of = of.into_iter().flat_map(|origin| lineage.resolved(origin));
                    let of = of.collect();
                    lineage.made_of.insert((outputs[0].to_string(), column), of);
                }
            }
        }
        Ok(lineage)
    }

    /// The jobs in the order in which they run.
    pub fn order(&self) -> impl Iterator<Item = &'a Job> {
        self.jobs.iter().copied()
    }

    /// The columns of a table, each with its type; nothing where the table is not there.
    pub fn columns(&self, table: &TableName) -> Vec<(String, Option<String>)> {
        let Some(table) = self.tables.get(table) else {
            return Vec::new();
        };
        let schema = table.schema();
        let fields = schema.fields().iter();
        fields
            .map(|field| (field.name().clone(), Some(type_name(field.data_type()))))
            .collect()
    }

    /// What a column is made of in the end, sorted.
    pub fn roots(&self, table: &TableName, column: &str) -> Vec<Origin> {
        let found = self.made_of.get(&(table.to_string(), column.to_owned()));
        found.into_iter().flatten().cloned().collect()
    }

    fn resolved(&self, origin: Origin) -> Origins {
        let known = self
            .made_of
            .get(&(origin.table.clone(), origin.column.clone()));
        known.cloned().unwrap_or_else(|| Origins::from([origin]))
    }
}

/// The columns of a job's main table, which is handed in, each with the columns of other tables that it is made of
/// directly. Of what reads files, resolves persons or publishes, nothing is said.
async fn made(
    engine: &Engine,
    session: &Session,
    job: &Job,
    table: &Table,
    clock: &Clock,
) -> Result<Vec<(String, Origins)>> {
    let file = match &job.kind {
        JobKind::Facts(facts) => return Ok(of_facts(table, &facts.from)),
        JobKind::Profile(profile) => return of_profile(session, profile).await,
        JobKind::Measures(declared) => {
            return of_rows(&measures::rows(session, declared, clock.as_of).await?);
        }
        JobKind::Feature(feature) => &feature.sql,
        JobKind::Source(_) | JobKind::Identity(_) | JobKind::Publish(_) => {
            return Ok(Vec::new());
        }
    };
    of_file(engine, session, file, clock).await
}

/// The same of one job, over the tables that it reads; of what publishes too.
pub async fn made_of(
    engine: &Engine,
    job: &Job,
    read: &[Table],
    written: &Table,
    clock: &Clock,
) -> Result<Vec<(String, Origins)>> {
    let session = engine.runtime.session().with_tables(read).await?;
    match &job.kind {
        JobKind::Publish(publish) => of_file(engine, &session, &publish.sql, clock).await,
        _ => made(engine, &session, job, written, clock).await,
    }
}

async fn of_file(
    engine: &Engine,
    session: &Session,
    file: &str,
    clock: &Clock,
) -> Result<Vec<(String, Origins)>> {
    let sql = engine.project.sql.get(file).map_or("", String::as_str);
    of_rows(&session.select(file, sql, clock.as_of).await?)
}

fn of_rows(rows: &DataFrame) -> Result<Vec<(String, Origins)>> {
    let names = rows.schema().fields().iter();
    let names: Vec<String> = names.map(|field| field.name().clone()).collect();
    Ok(names
        .into_iter()
        .zip(origins(rows.logical_plan())?)
        .collect())
}

/// A row of facts is a row of the source and its person.
fn of_facts(table: &Table, from: &TableName) -> Vec<(String, Origins)> {
    let schema = table.schema();
    let columns = schema.fields().iter().map(|field| field.name());
    let made = columns.map(|column| {
        let from = match column.as_str() {
            "person_id" => identity::persons(),
            _ => from.clone(),
        };
        let origin = Origin {
            table: from.to_string(),
            column: column.clone(),
        };
        (column.clone(), Origins::from([origin]))
    });
    made.collect()
}

/// A field is chosen from what the sources offer for it.
async fn of_profile(session: &Session, job: &ProfileJob) -> Result<Vec<(String, Origins)>> {
    let mut made = Vec::new();
    for field in &job.fields {
        for (column, of) in field.columns().into_iter().zip(&field.of) {
            let offers = job.sources.iter();
            let offers = offers.filter_map(|source| Some((source, source.fields.get(of)?)));
            let mut origins = Origins::new();
            for (source, sql) in offers {
                let rows = session.table(&source.from).await?;
                let place = format!("{}, {of}", job.table);
                let value = expression::parse(session, &rows, sql, &place)?;
                let read: BTreeSet<_> = value.column_refs().into_iter().collect();
                origins.extend(read.into_iter().map(|read| Origin {
                    table: source.from.to_string(),
                    column: read.name.clone(),
                }));
            }
            made.push((column.to_owned(), origins));
        }
    }
    Ok(made)
}
