//! Whether the jobs of a project would run at all: each is run over no rows, in a lake of its own that is gone
//! afterwards. So columns, types and functions that are not there are found before any data is, and without the lake.
//!
//! What hangs on rows, such as a text that is no number, shows in a run only.

use std::collections::BTreeSet;

use c360_catalog::Kind;
use c360_spec::{Job, JobKind, Problems, Project, Settings, WarehouseSettings};
use tempfile::TempDir;

use crate::check::problem;
use crate::clock::Clock;
use crate::engine::{Engine, EngineOptions, apply_job};
use crate::error::{Error, Result};
use crate::graph::{Graph, Selection};
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
        let done = apply_job(&engine.room(job, clock, &Silent)).await;
        let Err(error) = done.map_err(|error| error.of_job(&job.name)) else {
            continue;
        };
        missing.insert(&job.name);
        match error.kind() {
            Kind::Invalid | Kind::Internal => problems.push(problem(&file(job, &error), &error)),
            // that there are no rows is what breaks the promise
            Kind::Data => {}
            Kind::Unavailable | Kind::Conflict => return Err(error),
        }
    }
    Ok(problems.into_iter().collect())
}

/// The same jobs, over an empty folder and with a lake beside it.
fn without_rows(project: &Project, stage: &TempDir) -> Result<Project> {
    let data = stage.path().join("data");
    std::fs::create_dir(&data).map_err(|error| {
        c360_catalog::Error::unavailable("the folder for temporary files cannot be used")
            .caused_by(error)
    })?;
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

/// The file to mend: the SQL that the error speaks of, else the job's own.
fn file(job: &Job, error: &Error) -> String {
    let said = error.to_string();
    let mut files = job.sql_files().into_iter();
    files
        .find(|file| said.contains(*file))
        .map_or_else(|| format!("jobs/{}.yaml", job.name), str::to_owned)
}
