//! `c360 plan`: what would a run do?

use c360_flow::{Plan as Planned, Selection};
use clap::Args;

use crate::console::Console;
use crate::context::Context;
use crate::failure::Failure;
use crate::summary;

/// Show what a run would do, why, and how much that is; writes nothing
///
/// Rows and bytes to read are those of waiting files; of a change, the rows that were added to a
/// job's inputs and that are gone from them; else all rows of its inputs. Rows that a change touches
/// are read besides. They come from the lists of files that the tables keep, so that no row is read.
/// What a job will write is estimated by what it wrote when it last did the like, and what a job will
/// read that waits for others by what these will write.
#[derive(Debug, Args)]
pub struct Plan {
    /// Jobs: NAME, +NAME with all it needs, NAME+ with all that follows from it [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// End with code 6 where there is something to do
    #[arg(long)]
    exit_code: bool,
}

impl Plan {
    /// Prints the plan.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let plan = engine.plan(&Selection(self.jobs), &clock).await?;
        print(&plan, &context.console)?;
        match self.exit_code && !plan.is_empty() {
            true => Err(Failure::WorkToDo),
            false => Ok(()),
        }
    }
}

fn print(plan: &Planned, console: &Console) -> Result<(), Failure> {
    if console.json {
        return console.json(plan);
    }
    console.text(&summary::plan(plan, console.stdout_is_terminal))?;
    if let Some(legend) = summary::legend(plan) {
        console.note(legend);
    }
    if plan.is_empty() {
        console.note("nothing to do: every table is up to date");
    }
    Ok(())
}
