//! `c360 identity explain`: what the model holds of two records.

use std::path::PathBuf;

use c360_flow::RecordName;
use clap::Args;

use super::page::page;
use super::waterfall::waterfall;
use crate::arguments::record;
use crate::context::Context;
use crate::failure::Failure;
use crate::rows::Destination;

/// Say why the model holds two records to be one person, or not
///
/// Of identifiers and stewards' decisions `c360 identity why-not` tells. Records are named source:key, as in
/// identity.records. Weights are logarithms (base 2) of odds:
/// +1 makes "one person" twice as likely as before, -1 half as likely. Each bar begins where the one above it
/// ended; the line is 0, where one person is as likely as two.
#[derive(Debug, Args)]
pub struct Explain {
    /// A record, as source:key
    #[arg(value_parser = record)]
    a: RecordName,
    /// Another record, as source:key
    #[arg(value_parser = record)]
    b: RecordName,
    /// Write the picture into FILE, a page of HTML that loads nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Explain {
    /// Prints the weights, one under the other.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let told = engine.explain([&self.a, &self.b], &clock).await?;
        if let Some(file) = &self.html {
            Destination::put(file, &page([&self.a, &self.b], &told)?)?;
        }
        match context.console.json {
            true => context.console.json(&told),
            false => context.console.text(&waterfall(&told)),
        }
    }
}
