//! Rows that break the contract, as rows of `raw.<contract>__rejects`, and the limit on them.

use std::sync::Arc;

use c360_spec::RejectLimits;
use datafusion::arrow::array::{Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::error::{Error, Result};

/// Longest original text that is kept, in bytes; what is longer is cut.
const TEXT_BYTES_MAX: usize = 1 << 16;

/// A row that breaks the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Number of the record in its file, from 1; headers and empty lines do not count
    pub row: u64,
    /// Line of the file on which the record starts, from 1; unknown in Parquet
    pub line: Option<u64>,
    /// Where the fault is; none when it is the whole record
    pub column: Option<String>,
    /// What is wrong, without the value
    pub reason: String,
    /// The record as it stands in the file
    pub text: String,
}

/// The schema of the rejects table.
pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("file", DataType::Utf8, false),
        Field::new("row", DataType::Int64, false),
        Field::new("line", DataType::Int64, true),
        Field::new("column", DataType::Utf8, true),
        Field::new("reason", DataType::Utf8, false),
        Field::new("text", DataType::Utf8, false),
    ]))
}

/// What tells rejects apart: a record has one at most.
pub const KEY: [&str; 2] = ["file", "row"];

/// Files, as keys of a scope of the rejects table.
pub fn files<'a>(paths: impl Iterator<Item = &'a str>) -> RecordBatch {
    let field = Field::new("file", DataType::Utf8, false);
    let paths = Arc::new(StringArray::from_iter_values(paths));
    RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![paths])
        .expect("the array is built for this schema")
}

/// Rejects of one file as rows of the rejects table.
pub fn batch(file: &str, rejects: &[Reject]) -> RecordBatch {
    let strings = |text: fn(&Reject) -> &str| rejects.iter().map(text).collect::<Vec<_>>();
    let texts = strings(|reject| kept(&reject.text));
    RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(StringArray::from(vec![file; rejects.len()])),
            Arc::new(
                rejects
                    .iter()
                    .map(|reject| Some(reject.row as i64))
                    .collect::<Int64Array>(),
            ),
            Arc::new(
                rejects
                    .iter()
                    .map(|reject| reject.line.map(|line| line as i64))
                    .collect::<Int64Array>(),
            ),
            Arc::new(
                rejects
                    .iter()
                    .map(|reject| reject.column.as_deref())
                    .collect::<StringArray>(),
            ),
            Arc::new(StringArray::from(strings(|reject| &reject.reason))),
            Arc::new(StringArray::from(texts)),
        ],
    )
    .expect("the arrays are built for this schema")
}

fn kept(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

/// Counts rejects of a run against the contract's limit.
#[derive(Debug, Default)]
pub struct Tally {
    pub rows: u64,
    pub rejected: u64,
    /// The first few, for the error
    first: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, file: &str, rows: u64, rejects: &[Reject]) {
        self.rows += rows;
        self.rejected += rejects.len() as u64;
        for reject in rejects.iter().take(3 - self.first.len()) {
            let column = reject.column.as_ref().map(|column| format!("{column} "));
            let column = column.unwrap_or_default();
            let place = match reject.line {
                Some(line) => format!("line {line}"),
                None => format!("row {}", reject.row),
            };
            self.first
                .push(format!("{file} {place}: {column}{}", reject.reason));
        }
    }

    /// Fails with *data* when the run has more rejects than the contract allows.
    pub fn check(&self, contract: &str, limits: &RejectLimits) -> Result<()> {
        let percent = 100.0 * self.rejected as f64 / (self.rows.max(1)) as f64;
        let limit = match limits.max_rows {
            Some(rows) if self.rejected > rows => format!("{rows} rows"),
            _ if percent > limits.max_percent => format!("{} %", limits.max_percent),
            _ => return Ok(()),
        };
        let refused = Error::data(format!(
            "source {contract}: {} of {} rows break the contract ({percent:.2} %), more than the limit of {limit}; nothing was committed; the first: {}",
            self.rejected,
            self.rows,
            self.first.join("; ")
        ));
        Err(refused
            .having_read(self.rows, self.rejected)
            .with_hint(format!(
                "correct the files, or raise rejects in schemas/{contract}.yaml"
            )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejects(count: u64) -> Vec<Reject> {
        let reject = |row| Reject {
            row,
            line: Some(row + 1),
            column: Some("amount".into()),
            reason: "is no long".into(),
            text: "secret".into(),
        };
        (1..=count).map(reject).collect()
    }

    fn check(rejected: u64, limits: RejectLimits, expected: Option<&str>) {
        let mut tally = Tally::default();
        tally.add("a.csv", 100, &rejects(rejected));
        let message = tally
            .check("orders", &limits)
            .err()
            .map(|error| error.to_string());
        assert_eq!(message.as_deref(), expected);
    }

    #[test]
    fn a_limit_is_crossed_only_by_more_than_it() {
        check(
            3,
            RejectLimits {
                max_percent: 3.0,
                max_rows: Some(3),
            },
            None,
        );
        check(
            0,
            RejectLimits {
                max_percent: 0.0,
                max_rows: Some(0),
            },
            None,
        );
    }

    #[test]
    fn rows_of_a_file_without_lines_are_counted() {
        let mut tally = Tally::default();
        let rejects = rejects(1).into_iter();
        let rejects = rejects.map(|reject| Reject {
            line: None,
            ..reject
        });
        tally.add("a.parquet", 1, &rejects.collect::<Vec<_>>());
        assert_eq!(tally.first, ["a.parquet row 1: amount is no long"]);
    }

    #[test]
    fn over_the_limit_the_error_says_how_far_and_why_but_no_value() {
        check(
            4,
            RejectLimits {
                max_percent: 3.0,
                max_rows: None,
            },
            Some(
                "source orders: 4 of 100 rows break the contract (4.00 %), more than the limit of 3 %; \
                 nothing was committed; the first: a.csv line 2: amount is no long; \
                 a.csv line 3: amount is no long; a.csv line 4: amount is no long",
            ),
        );
        check(
            1,
            RejectLimits {
                max_percent: 3.0,
                max_rows: Some(0),
            },
            Some(
                "source orders: 1 of 100 rows break the contract (1.00 %), more than the limit of 0 rows; \
                 nothing was committed; the first: a.csv line 2: amount is no long",
            ),
        );
    }
}
