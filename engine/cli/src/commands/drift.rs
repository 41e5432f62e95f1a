//! `c360 drift`: do the figures of a published table still look like before?

use c360_flow::{AskedDrift, ColumnDrift, Drift as Moved, Kind};
use c360_spec::TableName;
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;
use crate::numbers::{count, thousands};

/// From which index on a column moved, and shifted: the limits in common use.
pub const MOVED: f64 = 0.1;
pub const SHIFTED: f64 = 0.25;

/// Tell how far the columns of a published table moved from one epoch to another
///
/// PSI is the population stability index: of numbers over the deciles of the earlier ones, of texts and booleans over
/// the most frequent values with the rest as one; rows without a value are a part too. Under 0.1 a column is stable, from
/// 0.1 to 0.25 it moved, above it shifted. A part that one epoch has no rows in counts as half a row. KS is the
/// Kolmogorov-Smirnov distance of the numbers, from 0 to 1: the greatest difference between the shares of rows that do
/// not exceed a number. No value of a text is shown.
#[derive(Debug, Args)]
pub struct Drift {
    /// The table, as namespace.name
    table: TableName,
    /// Its columns [default: all numbers, texts and booleans but those of the key]
    #[arg(value_name = "COLUMN")]
    columns: Vec<String>,
    /// The earlier epoch [default: the last one before the later that shows other rows of the table]
    #[arg(long, value_name = "EPOCH")]
    from: Option<u64>,
    /// The later epoch [default: the newest]
    #[arg(long, value_name = "EPOCH")]
    to: Option<u64>,
    /// End with code 3 where a column's PSI is beyond this
    #[arg(long, value_name = "PSI", value_parser = limit)]
    max_psi: Option<f64>,
    /// How many texts of a column are parts of their own
    #[arg(long, value_name = "N", default_value_t = c360_flow::CATEGORIES)]
    categories: usize,
}

fn limit(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(limit) if limit >= 0.0 => Ok(limit),
        _ => Err("write a number from 0, such as 0.25".into()),
    }
}

impl Drift {
    /// Prints what moved.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let asked = AskedDrift {
            table: &self.table,
            columns: &self.columns,
            from: self.from,
            to: self.to,
            categories: self.categories,
        };
        let moved = engine.drift(&asked).await?;
        let console = &context.console;
        if console.json {
            console.json(&moved)?;
        }
        let Some(moved) = moved else {
            console.note(&format!(
                "no earlier epoch shows other rows of {}: nothing to compare with",
                self.table
            ));
            return Ok(());
        };
        if !console.json {
            console.text(&text(&moved, console.stdout_is_terminal))?;
        }
        self.judge(&moved)
    }

    /// Columns that moved too far end the command as bad data do.
    fn judge(&self, moved: &Moved) -> Result<(), Failure> {
        let Some(limit) = self.max_psi else {
            return Ok(());
        };
        let beyond = moved.columns.iter().filter(|column| column.psi > limit);
        let beyond: Vec<&str> = beyond.map(|column| column.column.as_str()).collect();
        if beyond.is_empty() {
            return Ok(());
        }
        let columns = count(beyond.len() as u64, "column");
        let message = format!(
            "{columns} of {} moved beyond {limit}: {}",
            moved.table,
            beyond.join(", ")
        );
        Err(Failure::new(Kind::Data, message).hint(format!(
            "look at what came in; c360 rollback {} shows the earlier rows again",
            moved.from_epoch
        )))
    }
}

fn text(moved: &Moved, wrap: bool) -> String {
    let headers = [
        "column",
        "PSI",
        "verdict",
        "KS",
        "nulls",
        "nulls then",
        "mean",
        "mean then",
    ];
    let numbers = ["PSI", "KS", "nulls", "nulls then", "mean", "mean then"];
    let rows = moved.columns.iter().map(row).collect();
    format!(
        "{}, epoch {} to {}: {} to {}\n{}",
        moved.table,
        moved.from_epoch,
        moved.to_epoch,
        thousands(moved.rows_from),
        count(moved.rows_to, "row"),
        grid(&headers, &numbers, rows, wrap)
    )
}

fn row(of: &ColumnDrift) -> Vec<String> {
    let number = |number: Option<f64>| number.map_or_else(String::new, |it| format!("{it:.3}"));
    vec![
        of.column.clone(),
        format!("{:.3}", of.psi),
        verdict(of.psi).to_owned(),
        number(of.ks),
        thousands(of.nulls_to),
        thousands(of.nulls_from),
        number(of.mean_to),
        number(of.mean_from),
    ]
}

/// What an index says.
pub fn verdict(psi: f64) -> &'static str {
    match psi {
        psi if psi < MOVED => "stable",
        psi if psi <= SHIFTED => "moved",
        _ => "shifted",
    }
}
