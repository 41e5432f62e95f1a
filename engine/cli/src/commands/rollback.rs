//! `c360 rollback`: publish again what was published before.

use clap::Args;

use super::epochs::json_of;
use crate::context::Context;
use crate::failure::Failure;

/// Publish a new epoch that shows the tables of an earlier one
///
/// Nothing is deleted: readers who follow the epochs see the earlier state from now on, until a
/// run has news of the tables that were rolled back. Tables first published after that epoch stay
/// as they are.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The epoch to go back to, as in `c360 epochs`
    epoch: u64,
}

impl Rollback {
    /// Publishes the epoch.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let epoch = engine.rollback(self.epoch, &clock).await?;
        if context.console.json {
            return context.console.json(&json_of(&epoch));
        }
        context.console.text(&format!(
            "published epoch {} with the tables of epoch {}",
            epoch.number, self.epoch
        ))
    }
}
