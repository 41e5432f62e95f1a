//! A plan as text: a line a job, with what it would read and write.

use c360_flow::{Action, Plan, PlannedJob, RecordNews};

use crate::grid::grid;
use crate::numbers::{bytes, thousands};

const FIGURES: [&str; 3] = ["rows to read", "bytes to read", "rows to write"];

/// The jobs of a plan, with what they would do and why, and what is known of persons before it is done.
pub fn plan(plan: &Plan, wrap: bool) -> String {
    let headers: Vec<&str> = ["job", "kind", "output", "action"]
        .into_iter()
        .chain(FIGURES)
        .chain(["why"])
        .collect();
    let rows = plan.jobs.iter().map(line).collect();
    let mut text = grid(&headers, &FIGURES, rows, wrap);
    if let Some(news) = plan.jobs.iter().find_map(|job| job.records.as_ref()) {
        text += &format!("\n\n{}", persons(news));
    }
    text
}

/// What the signs among the figures mean; none where there are none.
pub fn legend(plan: &Plan) -> Option<&'static str> {
    let mut jobs = plan.jobs.iter().filter(|job| job.action != Action::Nothing);
    let has_sign = |job: &PlannedJob| {
        let it = &job.effort;
        let figures = [it.rows_to_read, it.bytes_to_read, it.rows_to_write];
        !it.estimated.is_empty() || figures.contains(&None)
    };
    jobs.any(has_sign).then_some(
        "~ is an estimate, by what such runs did before; ? cannot be told before the run",
    )
}

fn line(job: &PlannedJob) -> Vec<String> {
    let it = &job.effort;
    let is_idle = job.action == Action::Nothing;
    let shown = |name: &str, figure: Option<u64>, write: fn(u64) -> String| match figure {
        _ if is_idle => String::new(),
        None => "?".to_owned(),
        Some(figure) => sign(it.estimated.contains(&name)) + &write(figure),
    };
    vec![
        job.job.clone(),
        job.kind.clone(),
        job.output.clone(),
        job.action.as_str().to_owned(),
        shown("rows_to_read", it.rows_to_read, thousands),
        shown("bytes_to_read", it.bytes_to_read, bytes),
        shown("rows_to_write", it.rows_to_write, thousands),
        job.why.clone(),
    ]
}

fn sign(is_estimated: bool) -> String {
    let sign = if is_estimated { "~" } else { "" };
    sign.to_owned()
}

fn persons(news: &RecordNews) -> String {
    let rows = |rows: Option<u64>| match rows {
        None => "?".to_owned(),
        Some(rows) => sign(news.is_estimated) + &thousands(rows),
    };
    format!(
        "persons hang on {} rows of records that are new or changed, {} that are gone or were changed",
        rows(news.rows_added),
        rows(news.rows_removed)
    )
}
