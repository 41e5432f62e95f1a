//! Instants in expressions, all of one type: microseconds in UTC.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::prelude::ident;
use jiff::{SignedDuration, Timestamp};

/// An instant.
pub fn literal(at: Timestamp) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(
        Some(at.as_microsecond()),
        None,
    ))
}

/// So many days before an instant; before the first instant that there is, nothing happened.
pub fn days_before(at: Timestamp, days: u32) -> Expr {
    let edge = SignedDuration::from_hours(i64::from(days) * 24);
    literal(at.checked_sub(edge).unwrap_or(Timestamp::MIN))
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
