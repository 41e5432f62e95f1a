//! Plans, runs, verifications and persons as text: calm, complete, the same on every machine.

mod person;
mod plan;
mod status;
mod verification;

use c360_flow::{Action, PersonCounts, RunReport};

use crate::grid::grid;
use crate::numbers::{count, seconds, thousands};

pub use person::person;
pub use plan::{legend, plan};
pub use status::{ended, status};
pub use verification::verification;

/// What a run did: a line a job that did something, then the sum.
pub fn run(report: &RunReport, wrap: bool) -> String {
    let last = match report.nothing_happened() {
        true => format!("nothing to do: {}", why_nothing(report)),
        false => sum(report),
    };
    told(report, last, wrap)
}

/// What a run did before something stopped it.
pub fn unfinished(report: &RunReport, wrap: bool) -> String {
    let last = "this is done and stays; the next run goes on from here".to_owned();
    told(report, last, wrap)
}

fn told(report: &RunReport, last: String, wrap: bool) -> String {
    let mut lines = Vec::new();
    if !report.nothing_happened() {
        lines.extend([jobs(report, wrap), String::new()]);
    }
    for job in &report.jobs {
        let warnings = job.outcome.warnings.iter();
        lines.extend(warnings.map(|it| format!("warning: {}: {it}", job.job)));
    }
    lines.push(last);
    lines.join("\n")
}

/// What the run did to persons, over all its jobs.
pub fn persons(report: &RunReport) -> PersonCounts {
    let mut sum = PersonCounts::default();
    for persons in report.jobs.iter().filter_map(|job| job.outcome.persons) {
        sum.created += persons.created;
        sum.merged += persons.merged;
        sum.split += persons.split;
        sum.erased += persons.erased;
    }
    sum
}

fn jobs(report: &RunReport, wrap: bool) -> String {
    let worked = report
        .jobs
        .iter()
        .filter(|job| job.action != Action::Nothing);
    let row = |job: &c360_flow::JobReport| {
        let it = &job.outcome;
        let numbers = [
            it.rows_in,
            it.rows_rejected,
            it.inserted,
            it.updated,
            it.deleted,
        ];
        let mut row = vec![job.job.clone(), job.action.as_str().to_owned()];
        row.extend(numbers.map(blank_zero));
        row.push(seconds(job.seconds));
        row
    };
    let headers = [
        "job", "action", "rows in", "rejected", "inserted", "updated", "deleted", "time",
    ];
    grid(&headers, &headers[2..], worked.map(row).collect(), wrap)
}

fn sum(report: &RunReport) -> String {
    let total = |pick: fn(&c360_flow::Outcome) -> u64| -> u64 {
        report.jobs.iter().map(|job| pick(&job.outcome)).sum()
    };
    let persons = persons(report);
    let mut published = report.jobs.iter().filter(|job| job.kind == "publish");
    let snapshot = published
        .next_back()
        .and_then(|job| job.outcome.snapshot_id);
    format!(
        "run {} as of {}, {}\n\
         rows in      {}, {} rejected\n\
         {}\n\
         {}published    {}{}{}",
        report.run_id,
        report.as_of,
        seconds(report.seconds),
        thousands(total(|it| it.rows_in)),
        thousands(total(|it| it.rows_rejected)),
        entity_line("persons", persons),
        entities(report),
        count(total(|it| it.published), "row"),
        snapshot.map_or_else(String::new, |id| format!(", snapshot {id}")),
        report.epoch.as_ref().map_or_else(
            || ", no new epoch".to_owned(),
            |it| format!(", epoch {}", it.number)
        ),
    )
}

/// A line for each entity besides persons.
fn entities(report: &RunReport) -> String {
    let told = report
        .jobs
        .iter()
        .filter_map(|job| job.outcome.entities.as_ref());
    told.map(|it| format!("{}\n", entity_line(&it.entity, it.counts)))
        .collect()
}

fn entity_line(name: &str, counts: PersonCounts) -> String {
    format!(
        "{name:<12} {} new, {} merged, {} split, {} erased",
        thousands(counts.created),
        thousands(counts.merged),
        thousands(counts.split),
        thousands(counts.erased)
    )
}

fn why_nothing(report: &RunReport) -> String {
    let mut reasons: Vec<&str> = report.jobs.iter().map(|job| job.why.as_str()).collect();
    reasons.dedup();
    match reasons[..] {
        [] => "the project has no jobs".to_owned(),
        [reason] => reason.to_owned(),
        _ => "sources, spec and as-of are those of the last run".to_owned(),
    }
}

fn blank_zero(number: u64) -> String {
    if number == 0 {
        String::new()
    } else {
        thousands(number)
    }
}
