//! Where a lake stands, as text: the last run and the newest epoch, then a line a job and a line a source.

use c360_flow::{Action, EpochShown, Freshness, JobStatus, LastOutcome, RunEntry, Status};
use jiff::Timestamp;

use crate::grid::grid;
use crate::numbers::{count, hours, seconds, thousands};

/// The whole status.
pub fn status(status: &Status, wrap: bool) -> String {
    let now = status.looked_at;
    let mut lines = vec![format!(
        "project      {}, as of {}",
        status.project, status.as_of
    )];
    lines.extend(run(status.standing.last_run.as_ref(), now));
    lines.push(epoch(status.standing.epoch.as_ref(), now));
    lines.push(format!("to do        {}", to_do(status)));
    if !status.jobs.is_empty() {
        lines.extend([String::new(), jobs(status, wrap)]);
    }
    if status.jobs.iter().any(|job| job.source.is_some()) {
        lines.extend([String::new(), sources(status, wrap)]);
    }
    for (job, hint) in hints(status) {
        lines.push(format!("hint: {job}: {hint}"));
    }
    lines.join("\n")
}

fn run(run: Option<&RunEntry>, now: Timestamp) -> Vec<String> {
    let Some(run) = run else {
        return vec!["last run     none that did anything".to_owned()];
    };
    let mut lines = vec![format!(
        "last run     {}, {}, {}",
        at(run.started_at, now),
        ended(&run.outcome, run.error_kind.as_deref()),
        seconds(run.seconds)
    )];
    lines.extend(
        run.error
            .as_ref()
            .map(|error| format!("             {error}")),
    );
    lines.extend(
        run.hint
            .as_ref()
            .map(|hint| format!("             hint: {hint}")),
    );
    lines
}

fn epoch(epoch: Option<&EpochShown>, now: Timestamp) -> String {
    let Some(epoch) = epoch else {
        return "epoch        none is published".to_owned();
    };
    let shows = match epoch.rollback_to {
        Some(number) => format!(", rolled back to {}", thousands(number)),
        None => String::new(),
    };
    format!(
        "epoch        {}, {}, {}{shows}",
        thousands(epoch.number),
        at(epoch.published_at, now),
        count(epoch.tables as u64, "table")
    )
}

fn to_do(status: &Status) -> String {
    if status.is_up_to_date() {
        return "nothing: every table is up to date".to_owned();
    }
    let behind = |job: &&JobStatus| job.action != Some(Action::Nothing);
    let behind = status.jobs.iter().filter(behind).count();
    format!("{behind} of {}", count(status.jobs.len() as u64, "job"))
}

fn jobs(status: &Status, wrap: bool) -> String {
    let headers = ["job", "output", "rows", "last", "run at", "now", "why"];
    let rows = status.jobs.iter().map(job_row).collect();
    grid(&headers, &["rows"], rows, wrap)
}

fn job_row(job: &JobStatus) -> Vec<String> {
    let last = job.last.as_ref();
    vec![
        job.job.clone(),
        job.output.clone(),
        job.rows.map(thousands).unwrap_or_default(),
        last.map(came_of_it).unwrap_or_default(),
        last.map(|last| instant(last.started_at))
            .unwrap_or_default(),
        match (job.action, &job.error_kind) {
            (Some(action), _) => action.as_str().to_owned(),
            (None, kind) => ended("fails", kind.as_deref()),
        },
        job.why.clone(),
    ]
}

/// `incremental`, or `failed: data`.
fn came_of_it(last: &LastOutcome) -> String {
    let done = last.action.clone();
    done.unwrap_or_else(|| ended(&last.outcome, last.error_kind.as_deref()))
}

fn sources(status: &Status, wrap: bool) -> String {
    let headers = [
        "source",
        "newest file",
        "rows changed",
        "waiting files",
        "rejected last",
        "quarantine",
    ];
    let rows = status.jobs.iter();
    let rows = rows.filter_map(|job| source_row(job, status.looked_at));
    grid(&headers, &headers[3..], rows.collect(), wrap)
}

fn source_row(job: &JobStatus, now: Timestamp) -> Option<Vec<String>> {
    let source = job.source.as_ref()?;
    let files = source.files.as_ref();
    let waiting = |files: &Freshness| thousands(files.waiting_files as u64);
    Some(vec![
        job.job.clone(),
        age(files.and_then(|files| files.newest_file_at), now),
        age(job.changed_at, now),
        files.map(waiting).unwrap_or_default(),
        job.last
            .as_ref()
            .map(|last| thousands(last.rows_rejected))
            .unwrap_or_default(),
        thousands(source.quarantined),
    ])
}

/// What to do about the jobs that would fail.
fn hints(status: &Status) -> impl Iterator<Item = (&String, &String)> {
    let jobs = status.jobs.iter();
    jobs.filter_map(|job| Some((&job.job, job.hint.as_ref()?)))
}

/// `failed: conflict`, or the outcome alone.
pub fn ended(outcome: &str, error_kind: Option<&str>) -> String {
    match error_kind {
        Some(kind) => format!("{outcome}: {kind}"),
        None => outcome.to_owned(),
    }
}

/// An instant and how long ago that was.
fn at(instant_: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", instant(instant_), age(Some(instant_), now))
}

fn age(since: Option<Timestamp>, now: Timestamp) -> String {
    const HOUR: f64 = 3600.0;
    let age = |since| {
        format!(
            "{} ago",
            hours(now.duration_since(since).as_secs_f64() / HOUR)
        )
    };
    since.map(age).unwrap_or_default()
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
