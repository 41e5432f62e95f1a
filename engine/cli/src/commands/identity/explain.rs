//! `c360 identity explain`: what the model holds of two records.

use c360_flow::{Explanation, RecordName};
use clap::Args;

use crate::arguments::record;
use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;

/// Say why the model holds two records to be one person, or not
///
/// Records are named source:key, as in identity.records. Weights are logarithms (base 2) of odds:
/// +1 makes "one person" twice as likely as before, -1 half as likely.
#[derive(Debug, Args)]
pub struct Explain {
    /// A record, as source:key
    #[arg(value_parser = record)]
    a: RecordName,
    /// Another record, as source:key
    #[arg(value_parser = record)]
    b: RecordName,
}

impl Explain {
    /// Prints the weights, one under the other.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let told = engine.explain([&self.a, &self.b], &clock).await?;
        if context.console.json {
            return context.console.json(&told);
        }
        let wrap = context.console.stdout_is_terminal;
        context.console.text(&text_of(&told, wrap))
    }
}

fn text_of(told: &Explanation, wrap: bool) -> String {
    let signed = |weight: f64| format!("{weight:+.2}");
    let line =
        |name: &str, weight: f64, why: &str| vec![name.to_owned(), signed(weight), why.to_owned()];
    let mut rows = vec![line("any two records", told.prior, "")];
    for compare in &told.comparisons {
        rows.push(line(&compare.name, compare.weight, &compare.level));
    }
    rows.push(line(
        "household",
        told.household,
        "two of one household may agree like this",
    ));
    rows.push(line("sum", told.weight, verdict(told.weight)));
    rows.push(line(
        "inside a component",
        told.weight_inside,
        "once other records connect them",
    ));
    let mut lines = vec![grid(
        &["evidence", "weight", "agreement"],
        &["weight"],
        rows,
        wrap,
    )];
    if !told.meet {
        lines.push("no blocking rule brings the two together".to_owned());
    }
    lines.join("\n")
}

fn verdict(weight: f64) -> &'static str {
    if weight >= 0.0 {
        "more likely one person than not"
    } else {
        "more likely two persons than one"
    }
}
