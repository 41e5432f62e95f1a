//! `c360 changes`: what is different since an epoch?

use c360_flow::EpochChanges;
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;
use crate::numbers::thousands;

/// Show what changed in the published tables since an epoch
///
/// The text shows counts and the first changed rows of each table; --json holds every row.
#[derive(Debug, Args)]
pub struct Changes {
    /// The epoch to compare the latest with, as in `c360 epochs`
    #[arg(long, value_name = "EPOCH")]
    since: u64,
    /// Changed rows to show of each table
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
}

impl Changes {
    /// Prints the changes.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let changes = engine.changes(self.since).await?;
        if context.console.json {
            return context.console.json(&changes);
        }
        context
            .console
            .text(&self.text(&changes, context.console.stdout_is_terminal))?;
        if changes.from == changes.to {
            context.console.note(&format!(
                "epoch {} is the latest: nothing has changed since",
                changes.to
            ));
        }
        Ok(())
    }

    fn text(&self, changes: &EpochChanges, wrap: bool) -> String {
        let mut text = format!("epoch {} to {}\n", changes.from, changes.to);
        let rows = changes.tables.iter().map(|table| {
            let numbers = [table.inserted, table.updated, table.deleted].map(thousands);
            [table.table.to_string()]
                .into_iter()
                .chain(numbers)
                .collect()
        });
        let numbers = ["inserted", "updated", "deleted"];
        let headers = ["table", "inserted", "updated", "deleted"];
        text += &grid(&headers, &numbers, rows.collect(), wrap);
        for table in changes.tables.iter().filter(|table| !table.rows.is_empty()) {
            text += &format!("\n\n{}", table.table);
            for row in table.rows.iter().take(self.limit) {
                text += &format!("\n  {row}");
            }
            let left_out = table.rows.len().saturating_sub(self.limit);
            if left_out > 0 {
                text += &format!(
                    "\n  … and {} more (--limit, --json)",
                    thousands(left_out as u64)
                );
            }
        }
        text
    }
}
