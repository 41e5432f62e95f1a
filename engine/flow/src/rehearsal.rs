//! Whether the jobs of a project would run at all: each is run over no rows, in a lake of its own that is gone
//! afterwards. So columns, types and functions that are not there are found before any data is, and without the lake.
//!
//! What hangs on rows, such as a text that is no number, shows in a run only.

use std::collections::BTreeSet;

use c360_catalog::Kind;
use c360_spec::{
    Job, JobKind, Problem, Problems, Project, Settings, TableName, WarehouseSettings, spelling,
};
use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use tempfile::TempDir;

use crate::check::{own_file, problem};
use crate::clock::Clock;
use crate::engine::{Engine, EngineOptions, apply_job};
use crate::error::{Error, Result};
use crate::graph::{Graph, Selection, inputs};
use crate::progress::Silent;
use crate::session::temporary_folder;

/// Everything that would stop a run whatever the rows are, of every job that reads nothing of one that is stopped; empty
/// where a run may begin. Neither the sources nor the lake are touched.
pub async fn rehearse(
    project: &Project,
    options: EngineOptions,
    clock: &Clock,
) -> Result<Problems> {
    let stage = temporary_folder(options.spill_dir.as_deref())?;
    let engine = Engine::open(without_rows(project, &stage)?, stage.path(), options).await?;
    let graph = Graph::new(&engine.project)?;
    let mut problems = Vec::new();
    let mut missing: BTreeSet<&str> = BTreeSet::new();
    for job in graph.select(&Selection::default())? {
        if graph.upstream(&job.name).any(|name| missing.contains(name)) {
            missing.insert(&job.name);
            continue;
        }
        match apply_job(&engine.room(job, clock, &Silent)).await {
            Ok(_) => problems.extend(describes_too_much(&engine, job).await?),
            Err(error) => {
                if !are_there(&engine, &job.output_tables()[..1]).await? {
                    missing.insert(&job.name);
                }
                problems.extend(fault(&engine, job, error.of_job(&job.name)).await?);
            }
        }
    }
    Ok(problems.into_iter().collect())
}

/// The same jobs, over an empty folder and with a lake beside it.
fn without_rows(project: &Project, stage: &TempDir) -> Result<Project> {
    // goes with the stage
    let data = temporary_folder(Some(stage.path()))?.keep();
    let mut project = project.clone();
    project.settings = Settings {
        data: data.to_string_lossy().into_owned(),
        warehouse: WarehouseSettings {
            location: "./lake".to_owned(),
            catalog: None,
            s3: None,
        },
        ..project.settings
    };
    for job in project.jobs.values_mut() {
        if let JobKind::Source(source) = &mut job.kind {
            source.optional = true;
        }
    }
    Ok(project)
}

/// What an error says of the project, if it does. Without rows, little but the SQL itself can fail.
async fn fault(engine: &Engine, job: &Job, error: Error) -> Result<Option<Problem>> {
    let says_something = match (error.kind(), &error) {
        (Kind::Unavailable | Kind::Conflict, _) => return Err(error),
        // that there are no rows is what breaks the promise
        (Kind::Data, Error::Problem { .. }) => false,
        _ if divides_by_zero(&error) => false,
        // decisions, for one, are there once a steward has decided something
        _ => are_there(engine, &inputs(&engine.project, job)?).await?,
    };
    Ok(says_something.then(|| problem(&file(job, &error), &error)))
}

/// Whether all of these tables are in the rehearsal's lake.
async fn are_there(engine: &Engine, tables: &[TableName]) -> Result<bool> {
    for table in tables {
        if engine.warehouse.table(table).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// As shares of nothing do.
fn divides_by_zero(error: &Error) -> bool {
    let Error::Query { source, .. } = error else {
        return false;
    };
    matches!(
        source.find_root(),
        DataFusionError::ArrowError(cause, _) if matches!(**cause, ArrowError::DivideByZero)
    )
}

/// Columns that a feature describes and does not have.
async fn describes_too_much(engine: &Engine, job: &Job) -> Result<Vec<Problem>> {
    let JobKind::Feature(feature) = &job.kind else {
        return Ok(Vec::new());
    };
    let Some(made) = engine.warehouse.table(&feature.table).await? else {
        return Ok(Vec::new());
    };
    let schema = made.schema();
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let described = feature.columns.keys().map(String::as_str);
    let lacking = described.filter(|column| !names.contains(column));
    let problem = |column: &str| {
        let message = format!(
            "`columns` describes {column}, which {} does not select",
            feature.sql
        );
        let hint = spelling::hint(column, names.iter().copied());
        Problem::of_file(&own_file(job), message, hint)
    };
    Ok(lacking.map(problem).collect())
}

/// The file to mend: the SQL that the error speaks of, or that a query is made of, else the job's own.
fn file(job: &Job, error: &Error) -> String {
    let (said, files) = (error.to_string(), job.sql_files());
    let named = files.iter().copied().find(|file| said.contains(file));
    let queried = || match error {
        Error::Query { .. } => files.first().copied(),
        _ => None,
    };
    named
        .or_else(queried)
        .map_or_else(|| own_file(job), str::to_owned)
}
