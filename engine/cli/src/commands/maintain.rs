//! `c360 maintain`: keep the lake cheap to read and to keep.

use c360_flow::{TableUpkeep, UpkeepReport};
use c360_spec::TableName;
use clap::Args;

use crate::console::Console;
use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;
use crate::numbers::{bytes, count, thousands};

/// Compact tables, expire old snapshots and delete orphaned files
///
/// Small files and files with many deleted rows are written anew, in the table's order;
/// snapshots that have not been the newest for as long as `upkeep` in c360.yaml says, and that no
/// epoch, tag or plan needs, expire; files that nothing refers to are deleted when they are old enough. No row changes, no job
/// has more to do afterwards, and every epoch that is kept reads as before. May run beside other
/// commands: a table that a run is just writing is left for the next time.
#[derive(Debug, Args)]
pub struct Maintain {
    /// Tables [default: all]
    #[arg(value_name = "TABLE")]
    tables: Vec<TableName>,
    /// Only say what there is to do
    #[arg(long)]
    dry_run: bool,
}

impl Maintain {
    /// Does it, and prints what was done.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let report = engine.maintain(&self.tables, self.dry_run, &clock).await?;
        print(&report, &context.console)?;
        match failure(&report.tables) {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

/// Which tables upkeep failed for, and why for the first.
fn failure(tables: &[TableUpkeep]) -> Option<Failure> {
    let mut failed = tables.iter().filter(|table| table.error_kind.is_some());
    let first = failed.next()?;
    let why = first.error.as_deref().unwrap_or_default();
    let message = match failed.count() {
        0 => format!("upkeep of table {} failed: {why}", first.table),
        others => format!(
            "upkeep of table {} failed: {why}; so did that of {}, which --json tells",
            first.table,
            count(others as u64, "more table")
        ),
    };
    Some(Failure::new(first.error_kind?, message))
}

fn print(report: &UpkeepReport, console: &Console) -> Result<(), Failure> {
    if console.json {
        return console.json(report);
    }
    let busy: Vec<&TableUpkeep> = report.tables.iter().filter(|t| !t.is_empty()).collect();
    if busy.is_empty() && report.epochs_retired.is_empty() {
        console.note("nothing to do: no table is worn, and nothing is old enough to go");
        return Ok(());
    }
    let rows = busy.into_iter().map(row).collect();
    let headers = [
        "table",
        "files",
        "rewritten",
        "size",
        "deletes folded",
        "snapshots expired",
        "orphans",
        "freed",
    ];
    console.text(&grid(
        &headers,
        &headers[1..],
        rows,
        console.stdout_is_terminal,
    ))?;
    console.note(&closing(report));
    Ok(())
}

fn row(table: &TableUpkeep) -> Vec<String> {
    let number = |number: usize| thousands(number as u64);
    let rewritten = match table.gave_way {
        true => "left to a run".to_owned(),
        false => number(table.rewritten_files),
    };
    vec![
        table.table.clone(),
        number(table.files),
        rewritten,
        bytes(table.rewritten_bytes),
        number(table.dropped_deletes),
        number(table.expired_snapshots),
        number(table.deleted_files),
        bytes(table.deleted_bytes),
    ]
}

fn closing(report: &UpkeepReport) -> String {
    let freed: u64 = report.tables.iter().map(|table| table.deleted_bytes).sum();
    let epochs = count(report.epochs_retired.len() as u64, "epoch");
    match report.dry_run {
        true => format!("a dry run: would free {} and retire {epochs}", bytes(freed)),
        false => format!("freed {}, retired {epochs}", bytes(freed)),
    }
}
