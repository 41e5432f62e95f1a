//! What every room is handed: the lake, the spec of its job, the clock. A room keeps nothing between runs.

use c360_catalog::{Stamp, Table, Warehouse};
use c360_spec::{Job, Project, TableName};

use crate::clock::Clock;
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::inputs::Inputs;
use crate::output::Output;
use crate::progress::Progress;
use crate::sample::Sample;
use crate::session::Runtime;

/// One job's place in a run.
#[derive(Clone, Copy)]
pub struct Room<'a> {
    /// The lake that the job's outputs are in.
    pub warehouse: &'a Warehouse,
    /// The tables that the job reads.
    pub inputs: Inputs<'a>,
    /// Whether everything is computed, whatever the outputs record.
    pub in_full: bool,
    /// Of which keys rows are made; none: of all. Nothing but a verification asks for less.
    pub sample: Option<Sample>,
    /// Memory, threads and stores for queries.
    pub runtime: &'a Runtime,
    /// The whole spec.
    pub project: &'a Project,
    /// The job at hand.
    pub job: &'a Job,
    /// The run's time and name.
    pub clock: &'a Clock,
    /// Whether changes beyond the project's breakers are let through.
    pub accepts: bool,
    /// Who wants to know how far the job is.
    pub progress: &'a dyn Progress,
}

impl<'a> Room<'a> {
    /// A table that the job writes, as it is now, if there is one.
    pub async fn output_table(&self, name: &TableName) -> Result<Option<Table>> {
        Ok(self.warehouse.table(name).await?)
    }

    /// A table that the job reads, as it is now.
    ///
    /// Outputs are loaded first, inputs after them: so inputs are never older than what an output recorded.
    pub async fn input_table(&self, name: &TableName) -> Result<Table> {
        self.inputs.table(name).await?.ok_or_else(|| {
            Error::invalid(format!(
                "job {} reads {name}, which does not exist yet",
                self.job.name
            ))
            .with_hint(match producer(self.project, name) {
                Some(job) => format!("run job {job} first: c360 run {job}"),
                None => format!("no job of the project writes {name}"),
            })
        })
    }

    /// A table that the job reads where there is one.
    pub async fn input_table_if_any(&self, name: &TableName) -> Result<Option<Table>> {
        self.inputs.table_if_any(name).await
    }

    /// Several tables that the job reads.
    pub async fn input_tables(&self, names: &[TableName]) -> Result<Vec<Table>> {
        let mut tables = Vec::with_capacity(names.len());
        for name in names {
            tables.push(self.input_table(name).await?);
        }
        Ok(tables)
    }

    /// What a commit of this job records.
    pub fn stamp(&self, cursor: &Cursor) -> Stamp {
        cursor.stamp(self.clock, &self.job.name, &self.job.fingerprint)
    }

    /// A table that the job writes.
    pub fn output(&self, name: &'a TableName, key: &'a [String], comment: &'a str) -> Output<'a> {
        Output {
            warehouse: self.warehouse,
            name,
            key,
            order: &[],
            distinct: false,
            sorted: false,
            comment,
        }
    }
}

/// The job that writes `table`.
pub fn producer<'a>(project: &'a Project, table: &TableName) -> Option<&'a str> {
    project
        .jobs
        .values()
        .find(|job| job.output_tables().contains(table))
        .map(|job| job.name.as_str())
}
