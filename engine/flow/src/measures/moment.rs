//! As of when rows are measured: one instant for all, or that of a column, row by row.

use datafusion::arrow::datatypes::IntervalMonthDayNanoType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::ident;
use jiff::Timestamp;

use crate::instant;

/// As of when.
#[derive(Clone, Copy, Debug)]
pub enum Moment<'a> {
    /// One instant.
    At(Timestamp),
    /// The instant in a column.
    Column(&'a str),
}

impl Moment<'_> {
    /// The instant.
    pub fn instant(self) -> Expr {
        match self {
            Self::At(at) => instant::literal(at),
            Self::Column(column) => ident(column),
        }
    }

    /// So many days before it.
    pub fn days_before(self, days: u32) -> Expr {
        match self {
            Self::At(at) => instant::days_before(at, days),
            Self::Column(column) => {
                let days = i32::try_from(days).unwrap_or(i32::MAX);
                let days = IntervalMonthDayNanoType::make_value(0, days, 0);
                ident(column) - lit(ScalarValue::IntervalMonthDayNano(Some(days)))
            }
        }
    }
}
