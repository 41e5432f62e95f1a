//! `c360 identity train`: learn the model anew.

use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::thousands;

/// Train a new model on the records that there are
///
/// A run trains a model when there is none for what the job declares, and keeps to it from then on.
/// Train another when the data have changed their nature, or when stewards have answered what
/// `c360 identity review` asks: from 100 decisions on they correct what is learnt without them. The
/// next run matches all records by the new model.
#[derive(Debug, Args)]
pub struct Train {}

impl Train {
    /// Trains and says on what.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let model = engine.train(&clock).await?;
        if context.console.json {
            return context.console.json(&model);
        }
        let decisions = match model.labels {
            0 => String::new(),
            labels => format!(" and {} decisions", thousands(labels)),
        };
        context.console.text(&format!(
            "trained model {} on {} records{decisions}; the next run matches by it",
            model.number,
            thousands(model.records)
        ))
    }
}
