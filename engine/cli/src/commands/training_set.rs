//! `c360 training-set`: what was known of persons when something became known of them.

use std::path::PathBuf;

use c360_flow::{AskedTrainingSet, ReadAt};
use c360_spec::TableName;
use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::count;
use crate::rows::OutputArguments;

/// Print labels, or keep them as a table, each with the measures of its person at the label's own time
///
/// The labels are the rows of one SELECT with a column label_at, the column that the jobs measure by (person_id), and
/// whatever else is to be in the set. Measures count rows up to label_at, one of that very instant too, and none after
/// it: where a label is drawn from an event, set label_at before it. Labels without a row that counts have NULL. With
/// --epoch, which has to show the tables that are measured, the same set comes out again whatever happens to them.
///
/// With --table the set becomes an Iceberg table of the lake, made anew as a whole each time. It is one that no job
/// writes; its snapshots say which labels, measures and snapshots of other tables it was made of.
#[derive(Debug, Args)]
pub struct TrainingSet {
    /// File that holds the SELECT
    #[arg(value_name = "LABELS.sql")]
    labels: PathBuf,
    /// Jobs of kind `measures`
    #[arg(long, value_name = "JOB", value_delimiter = ',', required = true)]
    measures: Vec<String>,
    #[command(flatten)]
    output: OutputArguments,
    /// Keep the set as this table of the lake, as namespace.name, and print nothing
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["format", "output"])]
    table: Option<TableName>,
    /// Read the tables as this epoch published them
    #[arg(long, value_name = "N")]
    epoch: Option<u64>,
}

impl TrainingSet {
    /// Prints the set.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let output = self.output.output(context)?;
        let labels = std::fs::read_to_string(&self.labels)
            .map_err(|error| Failure::file("read", &self.labels, &error))?;
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let asked = AskedTrainingSet {
            labels: &labels,
            jobs: &self.measures,
            at: self.epoch.map_or(ReadAt::Newest, ReadAt::Epoch),
        };
        let Some(table) = &self.table else {
            let rows = engine.training_set(&asked, &clock).await?;
            return output.write(rows, &context.console).await;
        };
        let kept = engine.keep_training_set(&asked, table, &clock).await?;
        if context.console.json {
            return context.console.json(&json!({
                "table": table.to_string(),
                "rows": kept.inserted,
                "snapshot_id": kept.table.snapshot_id(),
            }));
        }
        let rows = count(kept.inserted, "row");
        context.console.remark(&format!("wrote {rows} to {table}"));
        Ok(())
    }
}
