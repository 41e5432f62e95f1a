//! `c360 identity import`: take a model that Splink trained.

use std::path::PathBuf;

use clap::Args;

use super::model_file::ModelText;
use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::count;

/// Match by a model that was trained with Splink
///
/// FILE is what Splink's `save_model_to_json` wrote. The model brings its own blocking rules, comparisons and
/// weights; two records weigh what they do in Splink. Its columns are attributes of the identity job, and identifiers
/// that the job's `matching` names as well. How rare a value is, it learns from the records that there are. Runs use
/// the model until `matching` changes or somebody trains. The SQL in the file is read, never executed: a form that
/// Splink's library does not write is an error.
#[derive(Debug, Args)]
pub struct Import {
    /// Splink model, as JSON
    file: PathBuf,
}

impl Import {
    /// Imports and says what.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let text = ModelText::read(&self.file)?;
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let model = engine.import_model(&text.file(), &clock).await?;
        if context.console.json {
            return context.console.json(&model);
        }
        context.console.text(&format!(
            "imported model {}: {}, {}; the next run matches by it",
            model.number,
            count(model.blocking_rules as u64, "blocking rule"),
            count(model.comparisons.len() as u64, "comparison"),
        ))
    }
}
