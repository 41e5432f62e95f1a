//! What a verification found, as text: nothing where all is as it should be. Of a sample also how much was looked at.

use c360_flow::{Comparison, Mismatch, Reason, Row, Verdict, Verification, What};
use serde_json::value::RawValue;

use crate::grid::grid;
use crate::numbers::{count, thousands};
use crate::row_table::shown;

/// A section a table that differs, then of a sample those that do not, then those that were not verified.
pub fn verification(report: &Verification, wrap: bool) -> String {
    let mut sections = Vec::new();
    let (mut sampled, mut left_out, mut unverified) = (Vec::new(), Vec::new(), Vec::new());
    for table in &report.tables {
        match &table.verdict {
            Verdict::Same { rows, rows_total } => {
                if report.sample.is_some() {
                    let name = table.table.clone();
                    sampled.push(vec![name, thousands(*rows), thousands(*rows_total)]);
                }
            }
            Verdict::NotSampled(Reason { why, remedy }) => {
                left_out.push(vec![table.table.clone(), why.clone(), remedy.clone()]);
            }
            Verdict::Differs(found) => sections.push(differs(&table.table, found, wrap)),
            Verdict::Broken(Reason { why, .. }) => {
                sections.push(format!("{}: cannot be made again: {why}", table.table));
            }
            Verdict::NotVerified(reason) => unverified.push(vec![
                table.table.clone(),
                reason.why.clone(),
                format!("{}, then verify again", reason.remedy),
            ]),
        }
    }
    let grids = [
        (["nothing differs", "rows compared", "of"], sampled),
        (["not verified by a sample", "why", "remedy"], left_out),
        (["not verified", "why", "remedy"], unverified),
    ];
    for (headers, rows) in grids {
        if !rows.is_empty() {
            sections.push(grid(&headers, &["rows compared", "of"], rows, wrap));
        }
    }
    sections.join("\n\n")
}

fn differs(table: &str, found: &Comparison, wrap: bool) -> String {
    let counts = [
        (found.missing, "missing"),
        (found.surplus, "surplus"),
        (found.doubled, "doubled"),
        (found.differing, "differing"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(rows, _)| *rows > 0)
        .map(|(rows, what)| format!("{} {what}", thousands(*rows)))
        .collect();
    let total = match found.rows_total == found.rows {
        true => String::new(),
        false => format!(" compared of {}", thousands(found.rows_total)),
    };
    let rows = found.mismatches.iter().map(line).collect();
    let headers = ["what", "key", "column", "in the lake", "rebuilt"];
    format!(
        "{table}: {}, of {}{total}\n{}",
        counts.join(", "),
        count(found.rows, "row"),
        grid(&headers, &[], rows, wrap)
    )
}

fn line(mismatch: &Mismatch) -> Vec<String> {
    let value = |value: &Option<Box<RawValue>>| match (&mismatch.column, value) {
        (None, _) => String::new(),
        (Some(_), None) => "null".to_owned(),
        (Some(_), Some(value)) => shown(value),
    };
    vec![
        what(mismatch.what).to_owned(),
        key(&mismatch.key),
        mismatch.column.clone().unwrap_or_default(),
        value(&mismatch.lake),
        value(&mismatch.rebuilt),
    ]
}

fn what(what: What) -> &'static str {
    match what {
        What::Missing => "missing",
        What::Surplus => "surplus",
        What::Doubled => "doubled",
        What::Differs => "differs",
    }
}

fn key(key: &Row) -> String {
    let columns = key.iter();
    let columns: Vec<String> = columns
        .map(|(name, value)| format!("{name}={}", shown(value)))
        .collect();
    columns.join(" ")
}
