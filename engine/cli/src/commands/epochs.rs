//! `c360 epochs`: what has been published, and when.

use clap::Args;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;
use crate::numbers::thousands;

/// List the published epochs
#[derive(Debug, Args)]
pub struct Epochs {}

impl Epochs {
    /// Prints the epochs, oldest first.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let mut epochs = engine.warehouse().epochs().list().await?;
        epochs.sort_by_key(|epoch| epoch.number);
        if context.console.json {
            let list: Vec<Value> = epochs.iter().map(json_of).collect();
            return context.console.json(&list);
        }
        if epochs.is_empty() {
            context
                .console
                .note("no epoch has been published yet: run `c360 run`");
            return Ok(());
        }
        let rows = epochs.iter().map(row).collect();
        let headers = ["epoch", "published at", "tables", "run", "rollback to"];
        let wrap = context.console.stdout_is_terminal;
        context
            .console
            .text(&grid(&headers, &["epoch", "tables"], rows, wrap))
    }
}

fn row(epoch: &c360_catalog::Epoch) -> Vec<String> {
    vec![
        thousands(epoch.number),
        epoch
            .published_at
            .strftime("%Y-%m-%d %H:%M:%SZ")
            .to_string(),
        thousands(epoch.tables.len() as u64),
        epoch.run_id.clone(),
        epoch
            .rollback_to
            .map_or_else(String::new, |number| number.to_string()),
    ]
}

/// An epoch as `epochs` and `rollback` print it.
pub fn json_of(epoch: &c360_catalog::Epoch) -> Value {
    let tables: serde_json::Map<String, Value> = epoch
        .tables
        .iter()
        .map(|(name, table)| {
            let place = json!({
                "metadata_location": table.metadata_location,
                "snapshot_id": table.snapshot_id,
            });
            (name.to_string(), place)
        })
        .collect();
    json!({
        "number": epoch.number,
        "published_at": epoch.published_at.to_string(),
        "run_id": epoch.run_id,
        "rollback_to": epoch.rollback_to,
        "tables": tables,
    })
}
