//! `c360 identity lookup`: who a row would be.

use c360_flow::{AskedRow, LikelyPerson, LikelyRecord};
use clap::Args;

use super::waterfall::signed;
use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;

/// Say whose a row of a source would be, had it arrived
///
/// The row is standardised as the identity job says, and looked up by the identifiers that link and by the
/// model. Shown are the records that speak for each person, the likeliest person first; weights are
/// logarithms (base 2) of odds, as `c360 identity explain` breaks them down. Limits and guards, which look at
/// whole persons, are not asked. Writes nothing.
#[derive(Debug, Args)]
pub struct Lookup {
    /// A source of records, as the identity job names it
    source: String,
    /// The row's values, as column=value; columns are those of the source's contract
    #[arg(required = true, value_name = "COLUMN=VALUE", value_parser = assignment)]
    values: Vec<(String, String)>,
}

impl Lookup {
    /// Prints the persons.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let values = self.values.into_iter().collect();
        let asked = AskedRow {
            source: &self.source,
            values: &values,
        };
        let persons = engine.lookup(asked, &clock).await?;
        if context.console.json {
            return context.console.json(&persons);
        }
        let wrap = context.console.stdout_is_terminal;
        context.console.text(&text_of(&persons, wrap))
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (column, value) = text.split_once('=').ok_or("write column=value")?;
    Ok((column.to_owned(), value.to_owned()))
}

fn text_of(persons: &[LikelyPerson], wrap: bool) -> String {
    if persons.is_empty() {
        return "nobody who is known".into();
    }
    let rows = persons.iter().flat_map(|person| {
        let row = |record: &LikelyRecord| {
            vec![
                person.person_id.clone(),
                format!("{}:{}", record.record.source, record.record.key),
                record.shares.join(", "),
                record.weight.map_or_else(String::new, signed),
            ]
        };
        person.records.iter().map(row).collect::<Vec<_>>()
    });
    grid(
        &["person", "record", "shares", "weight"],
        &["weight"],
        rows.collect(),
        wrap,
    )
}
