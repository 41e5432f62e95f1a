//! Rows as a box of text for the eye.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::failure::Failure;
use crate::grid::{boxed, upright};
use crate::numbers::count;

/// Rows held back until their widths are known.
pub struct View {
    schema: SchemaRef,
    limit: Option<usize>,
    rows: Vec<Vec<String>>,
    is_cut: bool,
}

impl View {
    /// An empty view that will show at most `limit` rows.
    pub fn new(schema: SchemaRef, limit: Option<usize>) -> Self {
        Self {
            schema,
            limit,
            rows: Vec::new(),
            is_cut: false,
        }
    }

    /// Takes rows; false when there is no place for more.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<bool, Failure> {
        let options = FormatOptions::default();
        let failed = |error: ArrowError| {
            Failure::new(c360_flow::Kind::Internal, "rows cannot be written as text")
                .caused_by(&error)
        };
        let formatters = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        for index in 0..batch.num_rows() {
            if self.limit.is_some_and(|limit| self.rows.len() >= limit) {
                self.is_cut = true;
                return Ok(false);
            }
            self.rows.push(
                formatters
                    .iter()
                    .map(|cells| cells.value(index).to_string())
                    .collect(),
            );
        }
        Ok(true)
    }

    /// Whether there were more rows than are shown.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Rows shown.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The box, and how many rows there are. Where the box is wider than the terminal, each row is
    /// set upright.
    pub fn text(&self, terminal_width: Option<usize>) -> String {
        let fields = self.schema.fields();
        let headers: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
        let numbers: Vec<bool> = fields
            .iter()
            .map(|field| field.data_type().is_numeric())
            .collect();
        let mut text = boxed(&headers, &numbers, &self.rows);
        let width = text.lines().next().map_or(0, |line| line.chars().count());
        if terminal_width.is_some_and(|available| width > available) && !self.rows.is_empty() {
            text = upright(&headers, &self.rows);
        }
        let more = if self.is_cut { " and more" } else { "" };
        let rows = count(self.rows.len() as u64, "row");
        format!("{text}\n({rows}{more})\n")
    }
}
