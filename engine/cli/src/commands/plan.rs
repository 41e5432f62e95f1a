//! `c360 plan`: what would a run do?

use c360_flow::Selection;
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::summary;

/// Show what a run would do, and why; writes nothing
#[derive(Debug, Args)]
pub struct Plan {
    /// Jobs: NAME, +NAME with all it needs, NAME+ with all that follows from it [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
}

impl Plan {
    /// Prints the plan.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let plan = engine.plan(&Selection(self.jobs), &clock).await?;
        if context.console.json {
            return context.console.json(&plan);
        }
        context
            .console
            .text(&summary::plan(&plan, context.console.stdout_is_terminal))?;
        if plan.is_empty() {
            context
                .console
                .note("nothing to do: every table is up to date");
        }
        Ok(())
    }
}
