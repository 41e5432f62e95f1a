//! `c360 runs`: what ran, and what came of it.

use c360_flow::{JobEntry, RunEntry};
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;
use crate::numbers::{bytes, seconds, thousands};
use crate::summary::ended;

/// List the runs that did something or failed, newest first, or what the jobs of one did
///
/// The same stands in the tables ops.runs and ops.jobs.
#[derive(Debug, Args)]
pub struct Runs {
    /// The run whose jobs to list
    #[arg(value_name = "RUN")]
    run_id: Option<String>,
    /// Runs to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
}

impl Runs {
    /// Prints the runs, or the jobs of one.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        match &self.run_id {
            Some(run_id) => jobs(context, run_id, &engine.jobs_of(run_id).await?),
            None => runs(context, &engine.runs(self.limit).await?),
        }
    }
}

fn runs(context: &Context, runs: &[RunEntry]) -> Result<(), Failure> {
    let console = &context.console;
    if console.json {
        return console.json(&runs);
    }
    if runs.is_empty() {
        console.note("no run has done anything yet: run `c360 run`");
        return Ok(());
    }
    let headers = [
        "run",
        "started at",
        "outcome",
        "epoch",
        "time",
        "peak memory",
    ];
    let rows = runs.iter().map(run_row).collect();
    let numbers = ["epoch", "time", "peak memory"];
    console.text(&grid(&headers, &numbers, rows, console.stdout_is_terminal))
}

fn run_row(run: &RunEntry) -> Vec<String> {
    vec![
        run.run_id.clone(),
        run.started_at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        ended(&run.outcome, run.error_kind.as_deref()),
        run.epoch.map(thousands).unwrap_or_default(),
        seconds(run.seconds),
        run.peak_memory_bytes.map(bytes).unwrap_or_default(),
    ]
}

fn jobs(context: &Context, run_id: &str, jobs: &[JobEntry]) -> Result<(), Failure> {
    let console = &context.console;
    if jobs.is_empty() {
        let message = format!("no run {run_id} has done anything");
        return Err(Failure::invalid(&message).hint("c360 runs lists them"));
    }
    if console.json {
        return console.json(&jobs);
    }
    let headers = [
        "job", "action", "rows in", "rejected", "inserted", "updated", "deleted", "written", "time",
    ];
    let rows = jobs.iter().map(job_row).collect();
    console.text(&grid(
        &headers,
        &headers[2..],
        rows,
        console.stdout_is_terminal,
    ))?;
    for job in jobs {
        if let Some(error) = &job.error {
            console.note(error);
        }
        if let Some(hint) = &job.hint {
            console.note(&format!("hint: {hint}"));
        }
    }
    Ok(())
}

fn job_row(job: &JobEntry) -> Vec<String> {
    let action = job.action.clone();
    let action = action.unwrap_or_else(|| ended(&job.outcome, job.error_kind.as_deref()));
    let numbers = [
        job.rows_in,
        job.rows_rejected,
        job.inserted,
        job.updated,
        job.deleted,
    ];
    let mut row = vec![job.job.clone(), action];
    row.extend(numbers.map(thousands));
    row.push(bytes(job.bytes_written));
    row.push(seconds(job.seconds));
    row
}
