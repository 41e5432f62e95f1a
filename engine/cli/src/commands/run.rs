//! `c360 run`: bring the tables up to date.

use c360_flow::{Ended, RunMode, RunReport, Selection, Stop};
use clap::Args;
use serde::Serialize;

use crate::console::Console;
use crate::context::Context;
use crate::failure::Failure;
use crate::progress::progress;
use crate::{interrupt, summary};

/// Bring the tables up to date and publish an epoch
///
/// Reads what is new, recomputes what that touches and publishes. Running again with nothing new
/// does nothing; a run that died is simply run again.
#[derive(Debug, Args)]
pub struct Run {
    /// Jobs: NAME, +NAME with all it needs, NAME+ with all that follows from it [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Let changes through that a breaker of c360.yaml would stop
    #[arg(long)]
    accept: bool,
    /// Compute everything that the jobs make, whatever they made before; only rows that turn out
    /// different are written. Sources read all of their files again, and forget rows that only
    /// earlier versions of these had
    #[arg(long)]
    full: bool,
}

impl Run {
    /// Runs the jobs and prints what happened.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let engine = interrupt::until(context.engine()).await?;
        let clock = context.clock(&engine.project().settings);
        let bars = progress(&context.console);
        let mode = RunMode {
            accept: self.accept,
            full: self.full,
        };
        let (stop, jobs) = (interrupt::asked_to_stop(), Selection(self.jobs));
        let ended = engine
            .run_until(stop, mode, &jobs, &clock, bars.as_ref())
            .await?;
        drop(bars);
        let told = tell(&ended, &context.console);
        match ended.stop {
            Some(Stop::Failed(error)) => Err(error.into()),
            Some(Stop::Interrupted) => Err(Failure::Interrupted),
            None => told,
        }
    }
}

/// What the run did; of one that did not come to its end, what of it stays.
fn tell(ended: &Ended, console: &Console) -> Result<(), Failure> {
    let (report, wrap) = (&ended.report, console.stdout_is_terminal);
    match &ended.stop {
        None if console.json => console.json(report),
        None => console.text(&summary::run(report, wrap)),
        Some(_) if report.nothing_happened() => Ok(()),
        Some(stop) if console.json => console.json(&Unfinished {
            report,
            stopped: stop.outcome(),
        }),
        Some(_) => console.text(&summary::unfinished(report, wrap)),
    }
}

/// The report of a run that did not come to its end.
#[derive(Serialize)]
struct Unfinished<'a> {
    #[serde(flatten)]
    report: &'a RunReport,
    /// `failed` or `interrupted`
    stopped: &'static str,
}
