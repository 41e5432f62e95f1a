//! `c360 identity why-not`: why two records are not one person.

use c360_flow::{ModelView, RecordName, WhyNot};
use clap::Args;

use super::waterfall::{signed, waterfall};
use crate::arguments::record;
use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;
use crate::numbers::{count, thousands};

/// Say why two records are not one person, or by what they are
///
/// Looks at what both persons share and whether it links, at links that were refused and by what, at
/// stewards' decisions, at what one person may not have, and at the model: which blocking rules bring the
/// two together, what it weighs, and how far the clusters around them agree. Ends with what would join them.
/// Identifiers' values are not shown.
#[derive(Debug, Args)]
pub struct WhyNotCommand {
    /// A record, as source:key
    #[arg(value_parser = record)]
    a: RecordName,
    /// Another record, as source:key
    #[arg(value_parser = record)]
    b: RecordName,
}

impl WhyNotCommand {
    /// Prints the report.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let told = engine.why_not([&self.a, &self.b], &clock).await?;
        if context.console.json {
            return context.console.json(&told);
        }
        let wrap = context.console.stdout_is_terminal;
        context.console.text(&text_of(&told, wrap))
    }
}

fn text_of(told: &WhyNot, wrap: bool) -> String {
    let mut sections = vec![heading(told)];
    let mut section = |title: &str, body: String| {
        if !body.is_empty() {
            sections.push(format!("{title}\n{body}"));
        }
    };
    section("joined by", path(told, wrap));
    section("shared values", shared(told, wrap));
    section("refused links between the two persons", refused(told, wrap));
    section("stewards' decisions", decisions(told));
    section("as one person they would have too many of", limits(told));
    if let Some(model) = &told.model {
        section("blocking", blocking(model, wrap));
        section("what the model weighs", waterfall(&model.explanation));
        section("clusters of the model", clusters(model));
    }
    let remedies: Vec<String> = told
        .remedies
        .iter()
        .map(|line| format!("- {line}"))
        .collect();
    section("what would join them", remedies.join("\n"));
    sections.join("\n\n")
}

fn heading(told: &WhyNot) -> String {
    let [a, b] = &told.person_ids;
    let records = told
        .person_records
        .map(|records| count(records as u64, "record"));
    if told.same_person {
        return format!("one person: {a} ({})", records[0]);
    }
    let connected = match told.same_component {
        true => "evidence connects them, and keeps them apart",
        false => "no evidence connects them",
    };
    format!(
        "two persons: {a} ({}) and {b} ({}); {connected}",
        records[0], records[1]
    )
}

fn name(record: &RecordName) -> String {
    format!("{}:{}", record.source, record.key)
}

fn path(told: &WhyNot, wrap: bool) -> String {
    if told.path.is_empty() {
        return String::new();
    }
    let rows = told.path.iter().map(|step| {
        let weight = step
            .weight
            .as_deref()
            .and_then(|weight| weight.parse::<f64>().ok());
        let weight = weight.map_or_else(String::new, signed);
        vec![name(&step.from), name(&step.to), step.rule.clone(), weight]
    });
    grid(
        &["record", "record", "rule", "weight"],
        &["weight"],
        rows.collect(),
        wrap,
    )
}

fn shared(told: &WhyNot, wrap: bool) -> String {
    if told.shared.is_empty() {
        return String::new();
    }
    let rows = told.shared.iter().map(|of| {
        let effect = match (of.over_limit, of.links) {
            (true, _) => "over its limit: it is nobody's",
            (false, true) => "links, unless refused",
            (false, false) => "of a kind that links nobody",
        };
        vec![of.kind.clone(), thousands(of.records), effect.to_owned()]
    });
    grid(
        &["kind", "records", "effect"],
        &["records"],
        rows.collect(),
        wrap,
    )
}

fn refused(told: &WhyNot, wrap: bool) -> String {
    if told.refused.is_empty() {
        return String::new();
    }
    let rows = told.refused.iter();
    let rows = rows.map(|of| vec![of.rule.clone(), of.refused_by.clone(), thousands(of.links)]);
    grid(
        &["rule", "refused by", "links"],
        &["links"],
        rows.collect(),
        wrap,
    )
}

fn decisions(told: &WhyNot) -> String {
    let line = |decided: &c360_flow::Decided| {
        let word = if decided.same {
            "the same"
        } else {
            "not the same"
        };
        format!("{} and {}: {word}", name(&decided.a), name(&decided.b))
    };
    told.decisions
        .iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

fn limits(told: &WhyNot) -> String {
    let line =
        |of: &c360_flow::Exceeded| format!("{}: {}, at most {}", of.limit, of.together, of.most);
    told.limits.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn blocking(model: &ModelView, wrap: bool) -> String {
    let rows = model.blocking.iter().map(|rule| {
        let outcome = match rule.meet {
            true => "brings them together".to_owned(),
            false => rule.apart.join(", "),
        };
        vec![rule.rule.clone(), outcome]
    });
    grid(&["rule", "outcome"], &[], rows.collect(), wrap)
}

fn clusters(model: &ModelView) -> String {
    let [a, b] = model
        .cluster_records
        .map(|records| count(records as u64, "record"));
    let Some(mean) = model.mean else {
        return format!("the model would have them in one cluster of {a}");
    };
    let why = match (mean >= 0.0, model.explanation.weight >= model.threshold) {
        (false, _) => "they join from 0 on",
        (true, _) => "enough to join, but no pair that meets connects them",
    };
    let mean = signed(mean);
    format!("{a} and {b}: the mean weight between them is {mean}; {why}")
}
