//! Working objects, built from the arguments when a command asks for them: the project, the engine,
//! the clock.

use std::path::{Path, PathBuf};

use c360_flow::{Clock, Engine, EngineOptions, Functions};
use c360_spec::{Connection, Project, Settings};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::arguments::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::starter::Starter;
use crate::{allocator, memory, project_files};

/// What every command gets.
#[derive(Debug)]
pub struct Context {
    pub console: Console,
    pub starter: Starter,
    /// What SQL may call beside the functions of c360 and DataFusion.
    pub functions: Functions,
    pub global: Global,
}

impl Context {
    /// The project's folder.
    pub fn root(&self) -> Result<PathBuf, Failure> {
        let here = std::env::current_dir()
            .map_err(|error| Failure::file("find the current folder", Path::new("."), &error))?;
        let root = project_files::find(self.global.project.as_deref(), &here)?;
        // relative places in the project are relative to its folder, wherever the process stands
        Ok(c360_flow::absolute(&root).unwrap_or(root))
    }

    /// Opens the project and its lake.
    pub async fn engine(&self) -> Result<Engine, Failure> {
        let root = self.root()?;
        self.engine_of(parse(&root)?, &root).await
    }

    /// Opens the lake of a project that was read before.
    pub async fn engine_of(&self, project: Project, root: &Path) -> Result<Engine, Failure> {
        let options = self.options(&project.settings);
        if let Some(bytes) = options.memory_limit {
            allocator::keep_below(bytes);
        }
        Ok(Engine::open(project, root, options).await?)
    }

    /// What an engine may use: the arguments', else the project's.
    pub fn options(&self, settings: &Settings) -> EngineOptions {
        let memory_limit = self.global.memory_limit.or(settings.memory_limit);
        EngineOptions {
            memory_limit: memory::limit_bytes(memory_limit),
            threads: self.global.threads,
            spill_dir: self.global.spill_dir.clone(),
            peak_memory: Some(memory::peak_bytes),
            slice_rows: None,
            functions: self.functions.clone(),
            lineage_key: environment(LINEAGE_KEY).map(Connection::new),
        }
    }

    /// The time and a new run's name; `as_of` is the argument's, else the project's, else today's
    /// midnight in UTC.
    pub fn clock(&self, settings: &Settings) -> Clock {
        let now = Timestamp::now();
        let as_of = self
            .global
            .as_of
            .or(settings.as_of)
            .unwrap_or_else(|| midnight(now));
        Clock {
            run_id: uuid::Uuid::now_v7().to_string(),
            now,
            as_of,
        }
    }
}

/// Reads and checks the files of the project in this folder.
pub fn parse(root: &Path) -> Result<Project, Failure> {
    Ok(Project::parse(project_files::read(root)?, &environment)?)
}

/// As [`parse`], and checks the SQL too, as far as that goes without the lake.
pub fn check(root: &Path) -> Result<Project, Failure> {
    Ok(c360_flow::check(project_files::read(root)?, &environment)?)
}

/// The variable that clients of OpenLineage know.
const LINEAGE_KEY: &str = "OPENLINEAGE_API_KEY";

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn midnight(now: Timestamp) -> Timestamp {
    now.to_zoned(TimeZone::UTC)
        .start_of_day()
        .map_or(now, |day| day.timestamp())
}
