//! `c360 identity preview`: who a run would merge, and who it would split.

use std::path::PathBuf;

use c360_flow::{Example, ModelOf, Preview};
use clap::Args;

use super::model_file::ModelText;
use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::{count, thousands};

/// Show what a changed rule or model would merge and split, before it is run
///
/// Makes records, identifiers, matches and persons in memory, from the tables that the identity job reads, by the spec
/// as it is now, with stewards' decisions, and compares the persons with identity.persons. So it covers all of the
/// job: records, identifiers, guards, limits, matching, a model that was trained or imported since the last run, and
/// one that a run would train. Source files that no run has read yet are not covered, nor is what
/// follows from persons: facts, profiles, features, publication. Writes nothing.
#[derive(Debug, Args)]
pub struct PreviewCommand {
    /// Match by this Splink model, as if it were imported
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Merges and splits to show of each, the largest first
    #[arg(long, value_name = "N", default_value_t = 10)]
    examples: usize,
}

impl PreviewCommand {
    /// Prints what would change.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let text = self.model.as_deref().map(ModelText::read).transpose()?;
        let file = text.as_ref().map(ModelText::file);
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let found = engine.preview(file.as_ref(), self.examples, &clock).await?;
        for warning in &found.warnings {
            context.console.remark(&format!("warning: {warning}"));
        }
        if context.console.json {
            return context.console.json(&found);
        }
        context.console.text(&text_of(&found))
    }
}

fn text_of(found: &Preview) -> String {
    let mut lines = vec![
        format!(
            "persons   {} now, {} then: {} unchanged, {} merged, {} split",
            thousands(found.persons_before),
            thousands(found.persons_after),
            thousands(found.unchanged),
            thousands(found.merged),
            thousands(found.split)
        ),
        format!(
            "records   {} to another person, {} new, {} gone",
            thousands(found.records_moved),
            thousands(found.records_appeared),
            thousands(found.records_gone)
        ),
    ];
    lines.extend(found.model.map(|model| {
        let whose = match model {
            ModelOf::Newest => "the newest of identity.models",
            ModelOf::Trained => "trained for this, as a run would",
            ModelOf::File => "the file's",
        };
        format!("model     {whose}")
    }));
    let mut section = |title: &str, verb: &str, examples: &[Example], all: u64| {
        if all == 0 {
            return;
        }
        lines.push(String::new());
        lines.push(title.to_owned());
        lines.extend(examples.iter().map(|example| line(example, verb)));
        let more = all - examples.len() as u64;
        if more > 0 {
            lines.push(format!("and {} more", thousands(more)));
        }
    };
    section("merged", "of", &found.merges, found.merged);
    section("split", "into", &found.splits, found.split);
    lines.join("\n")
}

/// Parts that a line names.
const PARTS: usize = 5;

fn line(example: &Example, verb: &str) -> String {
    let names = example.parts.iter().take(PARTS);
    let mut names: Vec<String> = names
        .map(|name| format!("{}:{}", name.source, name.key))
        .collect();
    if example.parts.len() > PARTS {
        names.push("…".to_owned());
    }
    format!(
        "{} ({}) {verb} {}",
        example.person_id,
        count(example.records, "record"),
        names.join(", ")
    )
}
