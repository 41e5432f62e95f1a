//! Instants in expressions, all of one type: microseconds in UTC.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::prelude::ident;
use jiff::Timestamp;

/// An instant.
pub fn literal(at: Timestamp) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(
        Some(at.as_microsecond()),
        None,
    ))
}

/// The instants in a column, a date's being its first. Left to itself, DataFusion 53 compares dates with instants in
/// nanoseconds, in which a date after 2262 is one long ago.
pub fn column(name: &str) -> Expr {
    cast(ident(name), data_type())
}

/// The type of instants.
pub fn data_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, None)
}
