//! What a manifest says of a data file's values, in DataFusion's terms: Iceberg values as scalars
//! and back, bounds that can be trusted, and statistics for the optimizer.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use iceberg::spec::{DataFile, Datum, PrimitiveLiteral, PrimitiveType};

use crate::columns::Columns;
use crate::selection::{Rows, Unit};

/// The statistics of a unit for the optimizer, a column each. Counts and bounds are exact only
/// where the whole file is read and its writer cannot have shortened them.
pub(crate) fn statistics(unit: &Unit, columns: &Columns) -> Statistics {
    let file = unit.file.entry.data_file();
    let whole = unit.rows == Rows::All;
    let column_statistics = columns
        .schema()
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let mut statistics = ColumnStatistics::new_unknown();
            let Some(id) = columns.id(index) else {
                return statistics;
            };
            // DataFusion 53 takes nulls off a number of rows without asking whether there are as many: where rows were
            // deleted, or a LIMIT leaves few, there are not. None of them is what it can be told.
            if file.null_value_counts().get(&id) == Some(&0) {
                statistics.null_count = Precision::Exact(0);
            }
            let exact = whole && is_tight(field.data_type());
            if let Some(least) = bound(file, file.lower_bounds().get(&id), id, field.data_type()) {
                statistics.min_value = precision(least, exact);
            }
            if let Some(greatest) = bound(file, file.upper_bounds().get(&id), id, field.data_type())
            {
                statistics.max_value = precision(greatest, exact);
            }
            statistics
        });
    Statistics {
        num_rows: Precision::Exact(unit.row_count() as usize),
        total_byte_size: Precision::Inexact(file.file_size_in_bytes() as usize),
        column_statistics: column_statistics.collect(),
    }
}

fn precision<T: std::fmt::Debug + Clone + PartialEq + Eq + PartialOrd>(
    value: T,
    exact: bool,
) -> Precision<T> {
    if exact {
        Precision::Exact(value)
    } else {
        Precision::Inexact(value)
    }
}

/// Whether bounds of this type are values of the file. Strings and binaries may be cut short, and
/// floats leave NaN and the sign of zero out.
fn is_tight(data_type: &DataType) -> bool {
    data_type.is_integer()
        || data_type.is_temporal()
        || data_type.is_decimal()
        || *data_type == DataType::Boolean
}

/// A bound as a scalar of the column's type. None where it is unknown or may leave rows out:
/// bounds of floats ignore NaN, which sorts above every number, and the order of UUIDs differs
/// between writers.
pub(crate) fn bound(
    file: &DataFile,
    datum: Option<&Datum>,
    id: i32,
    data_type: &DataType,
) -> Option<ScalarValue> {
    let datum = datum?;
    match datum.data_type() {
        PrimitiveType::Uuid => return None,
        PrimitiveType::Float | PrimitiveType::Double
            if (datum.is_nan() || file.nan_value_counts().get(&id) != Some(&0)) =>
        {
            return None;
        }
        _ => {}
    }
    scalar(datum.literal(), datum.data_type(), data_type)
}

/// An Iceberg literal as a scalar of `wanted`. None where it has no such form.
pub(crate) fn scalar(
    literal: &PrimitiveLiteral,
    of: &PrimitiveType,
    wanted: &DataType,
) -> Option<ScalarValue> {
    use PrimitiveLiteral as L;
    use PrimitiveType as T;
    let utc = || Some(Arc::from("+00:00"));
    let value = match (literal, of) {
        (L::Boolean(v), _) => ScalarValue::Boolean(Some(*v)),
        (L::Int(v), T::Date) => ScalarValue::Date32(Some(*v)),
        (L::Int(v), _) => ScalarValue::Int32(Some(*v)),
        (L::Long(v), T::Time) => ScalarValue::Time64Microsecond(Some(*v)),
        (L::Long(v), T::Timestamp) => ScalarValue::TimestampMicrosecond(Some(*v), None),
        (L::Long(v), T::Timestamptz) => ScalarValue::TimestampMicrosecond(Some(*v), utc()),
        (L::Long(v), T::TimestampNs) => ScalarValue::TimestampNanosecond(Some(*v), None),
        (L::Long(v), T::TimestamptzNs) => ScalarValue::TimestampNanosecond(Some(*v), utc()),
        (L::Long(v), _) => ScalarValue::Int64(Some(*v)),
        (L::Float(v), _) => ScalarValue::Float32(Some(v.0)),
        (L::Double(v), _) => ScalarValue::Float64(Some(v.0)),
        (L::Int128(v), T::Decimal { precision, scale }) => ScalarValue::Decimal128(
            Some(*v),
            u8::try_from(*precision).ok()?,
            i8::try_from(*scale).ok()?,
        ),
        (L::String(v), _) => ScalarValue::Utf8(Some(v.clone())),
        (L::Binary(v), _) => ScalarValue::Binary(Some(v.clone())),
        _ => return None,
    };
    if value.data_type() == *wanted {
        return Some(value);
    }
    value.cast_to(wanted).ok().filter(|cast| !cast.is_null())
}

/// A scalar as an Iceberg value, for the transforms of partition specs.
pub(crate) fn datum(value: &ScalarValue) -> Option<Datum> {
    Some(match value {
        ScalarValue::Boolean(Some(v)) => Datum::bool(*v),
        ScalarValue::Int32(Some(v)) => Datum::int(*v),
        ScalarValue::Int64(Some(v)) => Datum::long(*v),
        ScalarValue::Date32(Some(v)) => Datum::date(*v),
        ScalarValue::TimestampMicrosecond(Some(v), None) => Datum::timestamp_micros(*v),
        ScalarValue::TimestampMicrosecond(Some(v), Some(_)) => Datum::timestamptz_micros(*v),
        ScalarValue::Utf8(Some(v))
        | ScalarValue::LargeUtf8(Some(v))
        | ScalarValue::Utf8View(Some(v)) => Datum::string(v),
        _ => return None,
    })
}
