//! `c360 tables`: what is in the lake?

use c360_catalog::Table;
use c360_flow::{Engine, ReadAt};
use clap::Args;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;
use crate::numbers::thousands;

/// List the tables of the lake
#[derive(Debug, Args)]
pub struct Tables {}

impl Tables {
    /// Prints name, live rows and newest snapshot of each table.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let tables = all(&engine).await?;
        print(context, &tables, json_of, |wrap| {
            let rows = tables.iter().map(row).collect();
            let headers = ["table", "rows", "columns", "committed at", "snapshot"];
            grid(&headers, &["rows", "columns", "snapshot"], rows, wrap)
        })
    }
}

/// Every table of the lake, sorted by name.
pub async fn all(engine: &Engine) -> Result<Vec<Table>, Failure> {
    let mut tables = engine.tables_at(&ReadAt::Newest).await?;
    tables.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(tables)
}

/// Prints tables as JSON or as text, which is told whether to wrap; says so where there are none.
pub fn print(
    context: &Context,
    tables: &[Table],
    json_of: fn(&Table) -> Value,
    text: impl FnOnce(bool) -> String,
) -> Result<(), Failure> {
    let console = &context.console;
    if console.json {
        let list: Vec<Value> = tables.iter().map(json_of).collect();
        return console.json(&list);
    }
    if tables.is_empty() {
        console.note("the lake holds no table yet: run `c360 run`");
        return Ok(());
    }
    console.text(&text(console.stdout_is_terminal))
}

fn row(table: &Table) -> Vec<String> {
    vec![
        table.name().to_string(),
        thousands(table.row_count()),
        table.schema().fields().len().to_string(),
        table.committed_at().map_or_else(String::new, |at| {
            at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
        }),
        table
            .snapshot_id()
            .map_or_else(String::new, |id| id.to_string()),
    ]
}

fn json_of(table: &Table) -> Value {
    json!({
        "table": table.name().to_string(),
        "rows": table.row_count(),
        "columns": table.schema().fields().len(),
        "committed_at": table.committed_at().map(|at| at.to_string()),
        "snapshot_id": table.snapshot_id(),
        "metadata_location": table.metadata_location(),
    })
}
