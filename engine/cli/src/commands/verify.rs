//! `c360 verify`: are the tables what their inputs make of them?

use c360_flow::{Kind, Sample, Selection, Verification};
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::{count, thousands};
use crate::progress::progress;
use crate::summary;

/// Make the tables again beside the lake and compare them cell for cell; writes nothing
///
/// Each table is made again, in full, from the snapshots and files that it was made from, in a
/// temporary folder (--spill-dir says where), so that news that no run has taken in yet is no
/// mismatch. Tables whose inputs are gone or whose spec has changed since are listed as not
/// verified. Models of matching and decisions are taken as given; logs, such as identity.events
/// and the change tables, tell how the lake got here and are not compared.
///
/// With --sample, rows are made and compared for a share of the keys, another one each time: of
/// sources, records, facts, profiles and whatever is computed by a column. That costs less, though
/// not by as much: files are read whole, and keys are looked for in all rows. Who is who and what is
/// computed of all rows at once are not verified, and are listed.
///
/// A table that differs is named with the keys, columns and values that do, and the command ends
/// with exit code 3; `c360 run --full JOB` makes it right.
#[derive(Debug, Args)]
pub struct Verify {
    /// Jobs: NAME, +NAME with all it needs, NAME+ with all that follows from it [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Mismatches to show of each table
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Make and compare this share of the rows only, such as 5%
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    sample: Option<f64>,
    /// Takes the sample that an earlier verification named [default: another one each time]
    #[arg(long, value_name = "N", requires = "sample")]
    seed: Option<u32>,
}

/// A share in percent, with its sign or without.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let number = number.parse().ok().filter(|percent: &f64| *percent > 0.0);
    let number = number.filter(|percent| *percent <= 100.0);
    number.ok_or_else(|| "say more than 0% and at most 100%".to_owned())
}

impl Verify {
    /// Prints what differs and what could not be verified.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let bars = progress(&context.console);
        let (jobs, limit, bars_seen) = (Selection(self.jobs), self.limit, bars.as_ref());
        let report = match self.sample {
            None => engine.verify(&jobs, limit, &clock, bars_seen).await?,
            Some(percent) => {
                let sample = Sample::new(percent, self.seed.unwrap_or_else(any_seed))?;
                engine
                    .verify_sample(sample, &jobs, limit, &clock, bars_seen)
                    .await?
            }
        };
        drop(bars);
        let console = &context.console;
        if console.json {
            console.json(&report)?;
        } else {
            let text = summary::verification(&report, console.stdout_is_terminal);
            if !text.is_empty() {
                console.text(&text)?;
            }
        }
        console.remark(&sum(&report));
        judge(&report)
    }
}

/// The random end of an id.
fn any_seed() -> u32 {
    let [.., a, b, c, d] = uuid::Uuid::now_v7().into_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// What there is to say where nothing differs.
fn sum(report: &Verification) -> String {
    let (tables, rows) = report.same();
    let wrong = report.wrong().count() as u64;
    let of = match report.sample {
        Some(sample) => format!(" in {}% of the keys", sample.percent()),
        None => String::new(),
    };
    let unverified = report.tables.len() as u64 - tables - wrong;
    let mut text = format!(
        "{} verified, {}{of}",
        count(tables, "table"),
        count(rows, "row")
    );
    if wrong == 0 {
        text += ": nothing differs";
    }
    if unverified > 0 {
        text += &format!("; {} not verified", thousands(unverified));
    }
    if let Some(sample) = report.sample {
        text += &format!("; --seed {} takes the same keys again", sample.seed());
    }
    text
}

/// Tables that are wrong end the command as bad data do.
fn judge(report: &Verification) -> Result<(), Failure> {
    let wrong = report.wrong().count() as u64;
    if wrong == 0 {
        return Ok(());
    }
    let what = match wrong {
        1 => "1 table is not what its inputs make".to_owned(),
        _ => format!("{} are not what their inputs make", count(wrong, "table")),
    };
    let jobs = report.jobs_to_repair().join(" ");
    Err(Failure::new(Kind::Data, what).hint(format!(
        "c360 run --full {jobs} makes them anew; c360 run then brings what follows up to date"
    )))
}
