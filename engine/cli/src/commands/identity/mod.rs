//! `c360 identity`: the model behind who is who.

mod audit;
mod evaluate;
mod explain;
mod import;
mod lookup;
mod model_file;
mod page;
mod preview;
mod review;
mod train;
mod waterfall;
mod why_not;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::Failure;

/// Train, judge, explain and try out who is who
#[derive(Debug, Args)]
pub struct Identity {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(train::Train),
    Import(import::Import),
    Review(review::Review),
    Evaluate(evaluate::Evaluate),
    Explain(explain::Explain),
    Lookup(lookup::Lookup),
    WhyNot(why_not::WhyNotCommand),
    Audit(audit::AuditCommand),
    Preview(preview::PreviewCommand),
}

impl Identity {
    /// Runs the command.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.command {
            Command::Train(train) => train.run(context).await,
            Command::Import(import) => import.run(context).await,
            Command::Review(review) => review.run(context).await,
            Command::Explain(explain) => explain.run(context).await,
            Command::Lookup(lookup) => lookup.run(context).await,
            Command::WhyNot(why_not) => why_not.run(context).await,
            Command::Audit(audit) => audit.run(context).await,
            Command::Preview(preview) => preview.run(context).await,
            Command::Evaluate(evaluate) => evaluate.run(context).await,
        }
    }
}
