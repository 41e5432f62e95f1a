//! `c360 plan`: what would a run do?

use c360_flow::{Plan as Planned, Selection};
use clap::Args;

use crate::console::Console;
use crate::context::Context;
use crate::failure::Failure;
use crate::summary;

/// Show what a run would do, and why; writes nothing
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
    if plan.is_empty() {
        console.note("nothing to do: every table is up to date");
    }
    Ok(())
}
