//! Instants in expressions, all of one type: microseconds in UTC.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::prelude::ident;
use jiff::{SignedDuration, Timestamp};

use crate::error::{Error, Result};
use crate::type_name::type_name;

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

/// Refuses what tells no time. Left to itself, DataFusion takes a number for an instant near 1970, and a text for one if
/// it looks like it, row by row. `place` says where it stands in the spec.
pub fn check(place: &str, data_type: &DataType) -> Result<()> {
    match data_type {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) | DataType::Null => Ok(()),
        other => {
            let is = type_name(other);
            let error = Error::invalid(format!("{place} is of type {is}, which tells no time"));
            Err(error.with_hint(
                "name a date or a timestamp; a text becomes one by the contract's type and formats, or by to_timestamp",
            ))
        }
    }
}
