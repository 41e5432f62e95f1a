//! `c360 tables`: what is in the lake?

use c360_catalog::{Table, Warehouse};
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
        let tables = all(engine.warehouse()).await?;
        if context.console.json {
            let list: Vec<Value> = tables.iter().map(json_of).collect();
            return context.console.json(&list);
        }
        if tables.is_empty() {
            context
                .console
                .note("the lake holds no table yet: run `c360 run`");
            return Ok(());
        }
        let rows = tables.iter().map(row).collect();
        let headers = ["table", "rows", "columns", "committed at", "snapshot"];
        let wrap = context.console.stdout_is_terminal;
        context.console.text(&grid(
            &headers,
            &["rows", "columns", "snapshot"],
            rows,
            wrap,
        ))
    }
}

/// Every table of the lake, sorted by name.
pub async fn all(warehouse: &Warehouse) -> Result<Vec<Table>, Failure> {
    let mut names = warehouse.tables().await?;
    names.sort();
    let mut tables = Vec::new();
    for name in names {
        tables.extend(warehouse.table(&name).await?);
    }
    Ok(tables)
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
