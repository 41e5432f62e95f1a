//! Which Arrow types a table's columns take, and as what.

use arrow::datatypes::DataType;
use iceberg::spec::PrimitiveType;

/// Iceberg's type for an Arrow one, if there is any. Finer times than a microsecond are cut when
/// they are written.
pub(crate) fn primitive(data_type: &DataType) -> Option<PrimitiveType> {
    Some(match data_type {
        DataType::Boolean => PrimitiveType::Boolean,
        DataType::Int8 | DataType::Int16 | DataType::Int32 => PrimitiveType::Int,
        DataType::UInt8 | DataType::UInt16 => PrimitiveType::Int,
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => PrimitiveType::Long,
        DataType::Float16 | DataType::Float32 => PrimitiveType::Float,
        DataType::Float64 => PrimitiveType::Double,
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s)
            if *s >= 0 =>
        {
            PrimitiveType::Decimal {
                precision: u32::from(*p),
                scale: *s as u32,
            }
        }
        DataType::Date32 | DataType::Date64 => PrimitiveType::Date,
        DataType::Time32(_) | DataType::Time64(_) => PrimitiveType::Time,
        DataType::Timestamp(_, None) => PrimitiveType::Timestamp,
        DataType::Timestamp(_, Some(_)) => PrimitiveType::Timestamptz,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => PrimitiveType::String,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => PrimitiveType::Binary,
        DataType::Dictionary(_, values) => return primitive(values),
        // A column that is null throughout: SQL's bare NULL.
        DataType::Null => PrimitiveType::String,
        _ => return None,
    })
}

/// Whether values of an Arrow type may be written into a column of another without losing any.
/// Values are still checked where the Arrow type is wider than Iceberg's (unsigned integers).
pub(crate) fn writes_into(given: &DataType, column: &DataType) -> bool {
    use PrimitiveType::{Decimal, Double, Float, Int, Long};
    if given == &DataType::Null {
        return true;
    }
    match (primitive(given), primitive(column)) {
        (Some(Int), Some(Long)) | (Some(Float), Some(Double)) => true,
        (
            Some(Decimal {
                precision: p,
                scale: s,
            }),
            Some(Decimal { precision, scale }),
        ) => s == scale && p <= precision,
        (Some(given), Some(column)) => given == column,
        _ => false,
    }
}
