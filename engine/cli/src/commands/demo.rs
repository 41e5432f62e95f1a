//! `c360 demo`: two days in the life of a made-up retailer.

use std::path::{Path, PathBuf};

use c360_flow::{Engine, EpochChanges, RunReport, Selection};
use clap::Args;
use serde::Serialize;

use crate::context::{self, Context};
use crate::demo::{self, People, RowCounts};
use crate::failure::Failure;
use crate::numbers::{count, seconds, thousands};
use crate::progress::progress;
use crate::summary;

/// Make a synthetic retailer, run everything, and run again with a second day's data
///
/// The data is made from a seed and has the traps of real data: typos, shared mailboxes and
/// devices, placeholders, second accounts, repeated and late events, returns, bad rows.
#[derive(Debug, Args)]
pub struct Demo {
    /// Persons to make; each has about 10 order lines and 8 web events
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(20..=40_000_000))]
    persons: u64,
    /// Another seed makes another retailer
    #[arg(long, value_name = "S", default_value_t = 42)]
    seed: u64,
    /// Folder of the project, which is kept [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Keep the temporary folder
    #[arg(long)]
    keep: bool,
}

/// What one day brought.
#[derive(Debug, Serialize)]
struct Day {
    files: RowCounts,
    run: RunReport,
}

/// The whole demo, for `--json`.
#[derive(Debug, Serialize)]
struct Story<'a> {
    project: Option<&'a Path>,
    first_day: Day,
    second_day: Day,
    changes: Option<EpochChanges>,
}

impl Demo {
    /// Makes the retailer and lives through its two days.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = Home::new(&self)?;
        let people = People {
            seed: self.seed,
            count: self.persons,
        };
        let console = &context.console;

        console.remark(&format!(
            "making {} in {}",
            count(people.count, "person"),
            home.path.display()
        ));
        let data = home.path.join("data");
        context.starter.write(&home.path, "./data")?;
        std::fs::create_dir_all(&data)
            .map_err(|error| Failure::file("make folder", &data, &error))?;

        let files = made(demo::write_first_day(&people, &data), &data)?;
        console.remark(&files_line("day one", &files));
        let engine = context
            .engine_of(context::parse(&home.path)?, &home.path)
            .await?;
        let first_day = Day {
            files,
            run: run(context, &engine, demo::FIRST_AS_OF).await?,
        };
        if !console.json {
            console.text(&summary::run(&first_day.run, console.stdout_is_terminal))?;
        }

        let files = made(demo::write_second_day(&people, &data), &data)?;
        console.remark(&files_line("day two", &files));
        let second_day = Day {
            files,
            run: run(context, &engine, demo::SECOND_AS_OF).await?,
        };
        let changes = changes(&engine, &first_day.run).await?;
        settle(&home.path)?;

        if console.json {
            let project = home.is_kept.then_some(home.path.as_path());
            return console.json(&Story {
                project,
                first_day,
                second_day,
                changes,
            });
        }
        console.text(&summary::run(&second_day.run, console.stdout_is_terminal))?;
        console.text(&what_changed(
            &first_day.run,
            &second_day.run,
            changes.as_ref(),
        ))?;
        console.remark(&home.next_commands());
        Ok(())
    }
}

/// The folder of the demo, removed at the end unless it is to be kept.
struct Home {
    path: PathBuf,
    is_kept: bool,
    _temporary: Option<tempfile::TempDir>,
}

impl Home {
    fn new(demo: &Demo) -> Result<Self, Failure> {
        if let Some(path) = &demo.dir {
            let path =
                c360_flow::absolute(path).map_err(|error| Failure::file("find", path, &error))?;
            return Ok(Self {
                path,
                is_kept: true,
                _temporary: None,
            });
        }
        let folder = std::env::temp_dir();
        let temporary = tempfile::Builder::new()
            .prefix("c360-demo-")
            .tempdir_in(&folder)
            .map_err(|error| Failure::file("make a folder in", &folder, &error))?;
        if demo.keep {
            return Ok(Self {
                path: temporary.keep(),
                is_kept: true,
                _temporary: None,
            });
        }
        let path = temporary.path().to_path_buf();
        Ok(Self {
            path,
            is_kept: false,
            _temporary: Some(temporary),
        })
    }

    fn next_commands(&self) -> String {
        if !self.is_kept {
            return "to look around, keep the project: c360 demo --dir c360-demo".to_owned();
        }
        format!(
            "next, in {}:\n  c360 sql -c 'SELECT * FROM publish.customer360 LIMIT 5'\n  \
             c360 show PERSON_ID\n  c360 changes --since 1\n  c360 run",
            self.path.display()
        )
    }
}

fn made(written: std::io::Result<RowCounts>, data: &Path) -> Result<RowCounts, Failure> {
    written.map_err(|error| Failure::file("write the demo's files into", data, &error))
}

async fn run(context: &Context, engine: &Engine, as_of: &str) -> Result<RunReport, Failure> {
    let mut clock = context.clock(&engine.project().settings);
    clock.as_of = c360_spec::settings::parse_instant(as_of).unwrap_or(clock.as_of);
    let bars = progress(&context.console);
    Ok(engine
        .run(&Selection(Vec::new()), &clock, bars.as_ref())
        .await?)
}

async fn changes(engine: &Engine, first: &RunReport) -> Result<Option<EpochChanges>, Failure> {
    match &first.epoch {
        Some(epoch) => Ok(Some(engine.changes(epoch.number).await?)),
        None => Ok(None),
    }
}

/// Lets later runs in the folder take the second day as their `as_of`.
fn settle(project: &Path) -> Result<(), Failure> {
    let path = project.join(crate::project_files::SETTINGS);
    let failed = |error: std::io::Error| Failure::file("write", &path, &error);
    let text = std::fs::read_to_string(&path).map_err(failed)?;
    let text = format!("{text}as_of: {}\n", demo::SECOND_AS_OF);
    std::fs::write(&path, text).map_err(failed)
}

fn files_line(day: &str, files: &RowCounts) -> String {
    format!(
        "{day}: {} of contacts, {}, {}, {}, {}, {}, {}",
        count(files.contacts, "row"),
        count(files.order_lines, "order line"),
        count(files.web_events, "web event"),
        count(files.consents, "consent"),
        count(files.products, "stock count"),
        count(files.offer_contacts, "offer contact"),
        count(files.scores, "score"),
    )
}

fn what_changed(first: &RunReport, second: &RunReport, changes: Option<&EpochChanges>) -> String {
    let persons = summary::persons(second);
    let mut text = format!(
        "from day one to day two: {} new, {} merged, {} split",
        count(persons.created, "person"),
        thousands(persons.merged),
        thousands(persons.split),
    );
    for table in changes
        .map(|changes| changes.tables.as_slice())
        .unwrap_or_default()
    {
        text += &format!(
            "\n  {}: {} inserted, {} updated, {} deleted",
            table.table,
            count(table.inserted, "row"),
            thousands(table.updated),
            thousands(table.deleted),
        );
    }
    if let (Some(before), Some(after)) = (&first.epoch, &second.epoch) {
        text += &format!("\nepoch {} -> {}", before.number, after.number);
    }
    let took = [first.seconds, second.seconds].map(seconds);
    format!("{text}\nday one took {}, day two {}", took[0], took[1])
}
