//! `c360 validate`: is the project well written?

use clap::Args;
use serde_json::json;

use crate::context::{self, Context};
use crate::failure::Failure;
use crate::numbers::count;

/// Check every file of the project and report all problems at once
///
/// Reads c360.yaml, schemas/, jobs/ and sql/, and runs every job over no rows, in a temporary
/// folder: so columns, types and functions that are not there are found as well. Neither the
/// sources nor the lake are touched.
#[derive(Debug, Args)]
pub struct Validate {}

impl Validate {
    /// Ends with exit code 2 when there are problems.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context::check(&context.root()?)?;
        let settings = &project.settings;
        let (options, clock) = (context.options(settings), context.clock(settings));
        let problems = c360_flow::rehearse(&project, options, &clock).await?;
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let (contracts, jobs, sql) = (
            project.contracts.len(),
            project.jobs.len(),
            project.sql.len(),
        );
        let name = &project.settings.name;
        if context.console.json {
            return context.console.json(&json!({
                "valid": true,
                "project": name,
                "contracts": contracts,
                "jobs": jobs,
                "sql_files": sql,
            }));
        }
        context.console.text(&format!(
            "project {name} is valid: {}, {}, {}",
            count(contracts as u64, "contract"),
            count(jobs as u64, "job"),
            count(sql as u64, "SQL file"),
        ))
    }
}
