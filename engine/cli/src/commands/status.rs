//! `c360 status`: where does the lake stand?

use c360_flow::{Kind, Status as Stands};
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::summary;

/// Show where the lake stands: last run, newest epoch, every job and how fresh the sources are
///
/// Writes nothing. Of runs, those count that did something or failed.
#[derive(Debug, Args)]
pub struct Status {
    /// End with code 6 where there is something to do; where a job would fail, or the last run did,
    /// with the code of that failure
    #[arg(long)]
    exit_code: bool,
}

impl Status {
    /// Prints the status.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let status = engine.status(&clock).await?;
        let console = &context.console;
        if console.json {
            console.json(&status)?;
        } else {
            console.text(&summary::status(&status, console.stdout_is_terminal))?;
        }
        match self.exit_code {
            true => told_by_code(&status),
            false => Ok(()),
        }
    }
}

/// Where everything is up to date, whatever failed before is over: a run that finds nothing to do leaves no trace.
fn told_by_code(status: &Stands) -> Result<(), Failure> {
    if status.is_up_to_date() {
        return Ok(());
    }
    let now = status.jobs.iter().find_map(|job| job.error_kind.as_deref());
    let run = status.standing.last_run.as_ref();
    let before = run.and_then(|run| run.error_kind.as_deref());
    match now.or(before).map(kind) {
        Some(kind) => Err(Failure::Told(kind)),
        None => Err(Failure::WorkToDo),
    }
}

/// The kind of a word of the ledger.
fn kind(word: &str) -> Kind {
    let kinds = [Kind::Invalid, Kind::Data, Kind::Conflict, Kind::Unavailable];
    let found = kinds.into_iter().find(|kind| kind.to_string() == word);
    found.unwrap_or(Kind::Internal)
}
