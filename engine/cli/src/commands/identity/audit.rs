//! `c360 identity audit`: how healthy the evidence graph is.

use c360_flow::{Audit, Bridge, SkippedBlocks};
use clap::Args;

use super::waterfall::signed;
use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;
use crate::numbers::{count, thousands};
use crate::row_table::row_grid;

/// Report the health of the evidence graph: sizes, bridges, busy identifiers, rules
///
/// A bridge is evidence that alone holds parts of two records or more to their person. Identifiers' values are
/// not shown; find one by its digest: SELECT * FROM identity.identifiers WHERE
/// substr(encode(sha256(value), 'hex'), 1, 12) = 'DIGEST'. Look at a person with `c360 show`. Records of
/// decisions are named as the steward named them. Writes nothing.
#[derive(Debug, Args)]
pub struct AuditCommand {
    /// Persons, bridges, identifiers and decisions to show of each sort
    #[arg(long, value_name = "N", default_value_t = 10)]
    examples: usize,
}

impl AuditCommand {
    /// Prints the report.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let audit = engine.audit(self.examples, &clock).await?;
        if context.console.json {
            return context.console.json(&audit);
        }
        let wrap = context.console.stdout_is_terminal;
        context.console.text(&text_of(&audit, wrap))
    }
}

fn text_of(audit: &Audit, wrap: bool) -> String {
    let head = format!(
        "{} in {}",
        count(audit.records, "record"),
        count(audit.persons, "person")
    );
    let mut sections = vec![head];
    let mut section = |title: &str, body: String, none: &str| {
        let body = if body.is_empty() {
            none.to_owned()
        } else {
            body
        };
        sections.push(format!("{title}\n{body}"));
    };
    let rows = |rows| row_grid(rows, wrap);
    section("sizes of persons", rows(&audit.sizes), "there is no person");
    section(
        "largest persons",
        rows(&audit.largest),
        "there is no person",
    );
    let none = "no person of four records or more hangs on one piece of evidence";
    section("weakest bridges", bridges(&audit.bridges, wrap), none);
    let none = "the model joined nobody";
    section("weakest matches", rows(&audit.weakest_matches), none);
    section(
        "identifiers",
        rows(&audit.kinds),
        "no record has an identifier",
    );
    let none = "no value is shared";
    section(
        "busiest identifiers",
        rows(&audit.busiest_identifiers),
        none,
    );
    section(
        "links by rule and refusal",
        rows(&audit.rules),
        "there is no link",
    );
    let none = "no block is over records_max";
    section("skipped blocks", skipped(&audit.skipped_blocks, wrap), none);
    let none = "every decision has an effect, or there is none";
    section("idle decisions", rows(&audit.idle_decisions), none);
    sections.join("\n\n")
}

fn bridges(bridges: &[Bridge], wrap: bool) -> String {
    if bridges.is_empty() {
        return String::new();
    }
    let rows = bridges.iter().map(|bridge| {
        let weight = bridge.weight.map_or_else(String::new, signed);
        let records = thousands(u64::from(bridge.records));
        vec![
            bridge.person_id.clone(),
            bridge.rule.clone(),
            weight,
            records,
        ]
    });
    let headers = ["person_id", "rule", "weight", "records cut off"];
    grid(
        &headers,
        &["weight", "records cut off"],
        rows.collect(),
        wrap,
    )
}

fn skipped(blocks: &[SkippedBlocks], wrap: bool) -> String {
    if blocks.is_empty() {
        return String::new();
    }
    let rows = blocks.iter().map(|of| {
        let numbers = [
            u64::from(of.records_max),
            of.blocks,
            of.records,
            u64::from(of.largest),
        ];
        let numbers = numbers.map(thousands);
        [vec![of.rule.clone()], numbers.to_vec()].concat()
    });
    let headers = ["rule", "records_max", "blocks", "records", "largest"];
    grid(&headers, &headers[1..], rows.collect(), wrap)
}
