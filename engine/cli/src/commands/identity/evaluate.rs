//! `c360 identity evaluate`: hold persons against labels.

use std::path::PathBuf;

use c360_flow::{Evaluation, Kind, Label};
use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::thousands;

/// Judge the persons by records whose entity is known
///
/// LABELS is a CSV file with the columns source, key and entity: records as identity.records names
/// them, and whatever names their person in truth. Labels without an entity, or of records that there are
/// not, are left out.
/// Exits with 3 when a figure is below what was asked for.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// CSV file: source, key, entity
    labels: PathBuf,
    /// Least precision of pairs, from 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_precision: Option<f64>,
    /// Least recall of pairs, from 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_recall: Option<f64>,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok();
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a share is a number from 0 to 1".to_owned())
}

impl Evaluate {
    /// Prints the figures.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let labels = self.read()?;
        let engine = context.engine().await?;
        let found = engine.evaluate(&labels).await?;
        if context.console.json {
            context.console.json(&json_of(&found))?;
        } else {
            context.console.text(&text_of(&found, labels.len()))?;
        }
        self.check(&found)
    }

    fn read(&self) -> Result<Vec<Label>, Failure> {
        let file = self.labels.display();
        let failed = |error: csv::Error| {
            // The reader's own words may quote a row.
            let place = error
                .position()
                .map(|position| format!(", line {}", position.line()));
            let place = place.unwrap_or_default();
            Failure::invalid(format!("cannot read labels from `{file}`{place}"))
                .hint("a CSV file with a header and the columns source, key, entity")
        };
        let labels = std::fs::File::open(&self.labels)
            .map_err(|error| Failure::file("read", &self.labels, &error))?;
        let mut reader = csv::Reader::from_reader(labels);
        let headers = reader.headers().map_err(failed)?.clone();
        let place = |name: &str| {
            headers
                .iter()
                .position(|header| header == name)
                .ok_or_else(|| {
                    Failure::invalid(format!("`{file}` has no column {name}"))
                        .hint("labels have the columns source, key, entity")
                })
        };
        let [source, key, entity] = [place("source")?, place("key")?, place("entity")?];
        let mut labels = Vec::new();
        for row in reader.records() {
            let row = row.map_err(failed)?;
            let cell = |at: usize| row.get(at).unwrap_or_default().to_owned();
            if cell(entity).is_empty() {
                continue;
            }
            labels.push(Label {
                source: cell(source),
                key: cell(key),
                entity: cell(entity),
            });
        }
        Ok(labels)
    }

    fn check(&self, found: &Evaluation) -> Result<(), Failure> {
        let asked = [
            ("precision", found.precision(), self.min_precision),
            ("recall", found.recall(), self.min_recall),
        ];
        for (name, share, least) in asked {
            if let Some(least) = least.filter(|least| share < *least) {
                let message = format!("{name} is {share:.4}, below {least}");
                return Err(Failure::new(Kind::Data, message));
            }
        }
        Ok(())
    }
}

fn text_of(found: &Evaluation, labels: usize) -> String {
    let lines = [
        format!(
            "records   {} judged of {} labels, {} entities",
            thousands(found.records),
            thousands(labels as u64),
            thousands(found.entities)
        ),
        format!(
            "pairs     precision {:.4}, recall {:.4}, F1 {:.4}",
            found.precision(),
            found.recall(),
            found.f1()
        ),
        format!(
            "B-cubed   precision {:.4}, recall {:.4}",
            found.bcubed_precision, found.bcubed_recall
        ),
        format!(
            "entities  {} exactly one person; {} persons hold records of several",
            thousands(found.exact_entities),
            thousands(found.mixed_persons)
        ),
    ];
    lines.join("\n")
}

fn json_of(found: &Evaluation) -> serde_json::Value {
    json!({
        "records": found.records,
        "entities": found.entities,
        "exact_entities": found.exact_entities,
        "mixed_persons": found.mixed_persons,
        "precision": found.precision(),
        "recall": found.recall(),
        "f1": found.f1(),
        "bcubed_precision": found.bcubed_precision,
        "bcubed_recall": found.bcubed_recall,
    })
}
