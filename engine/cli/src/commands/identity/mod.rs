//! `c360 identity`: the model behind who is who.

mod evaluate;
mod explain;
mod import;
mod train;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::Failure;

/// Train, judge and explain how records are matched
#[derive(Debug, Args)]
pub struct Identity {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(train::Train),
    Import(import::Import),
    Evaluate(evaluate::Evaluate),
    Explain(explain::Explain),
}

impl Identity {
    /// Runs the command.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.command {
            Command::Train(train) => train.run(context).await,
            Command::Import(import) => import.run(context).await,
            Command::Explain(explain) => explain.run(context).await,
            Command::Evaluate(evaluate) => evaluate.run(context).await,
        }
    }
}
