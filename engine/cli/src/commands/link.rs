//! `c360 link`: a steward's word that two records are the same person.

use c360_flow::RecordName;
use clap::Args;
use serde_json::json;

use crate::arguments::record;
use crate::context::Context;
use crate::failure::Failure;

/// Say that two records are the same person
///
/// The word is kept in identity.decisions and followed by the next run, whatever limits and guards
/// say; `c360 unlink` of the same records takes its place.
#[derive(Debug, Args)]
pub struct Link {
    /// A record, as source:key
    #[arg(value_parser = record)]
    a: RecordName,
    /// Another record, as source:key
    #[arg(value_parser = record)]
    b: RecordName,
}

impl Link {
    /// Writes the word down.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        decide(context, [&self.a, &self.b], true).await
    }
}

/// Writes down what a steward says of two records.
pub async fn decide(context: &Context, names: [&RecordName; 2], same: bool) -> Result<(), Failure> {
    let engine = context.engine().await?;
    let clock = context.clock(&engine.project().settings);
    engine.decide(names, same, &clock).await?;
    if context.console.json {
        return context
            .console
            .json(&json!({"a": names[0], "b": names[1], "same": same}));
    }
    context.console.text(match same {
        true => "noted: the same person; the next run follows it",
        false => "noted: not the same person; the next run follows it",
    })
}
