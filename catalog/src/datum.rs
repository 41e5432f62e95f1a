//! Iceberg's single values as Arrow arrays of one, to compare bounds with keys.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use iceberg::spec::{Datum, PrimitiveLiteral, PrimitiveType};

/// The value as an array of one of the given type; `None` for types that have no bounds here.
pub(crate) fn array(datum: &Datum, data_type: &DataType) -> Option<ArrayRef> {
    let array: ArrayRef = match (datum.data_type(), datum.literal()) {
        (PrimitiveType::Boolean, PrimitiveLiteral::Boolean(v)) => {
            Arc::new(BooleanArray::from(vec![*v]))
        }
        (PrimitiveType::Int, PrimitiveLiteral::Int(v)) => Arc::new(Int32Array::from(vec![*v])),
        (PrimitiveType::Date, PrimitiveLiteral::Int(v)) => Arc::new(Date32Array::from(vec![*v])),
        (PrimitiveType::Long, PrimitiveLiteral::Long(v)) => Arc::new(Int64Array::from(vec![*v])),
        (PrimitiveType::Timestamp | PrimitiveType::Timestamptz, PrimitiveLiteral::Long(v)) => {
            Arc::new(TimestampMicrosecondArray::from(vec![*v]))
        }
        (PrimitiveType::Float, PrimitiveLiteral::Float(v)) => {
            Arc::new(Float32Array::from(vec![v.0]))
        }
        (PrimitiveType::Double, PrimitiveLiteral::Double(v)) => {
            Arc::new(Float64Array::from(vec![v.0]))
        }
        (PrimitiveType::String, PrimitiveLiteral::String(v)) => {
            Arc::new(StringArray::from(vec![v.as_str()]))
        }
        (PrimitiveType::Binary, PrimitiveLiteral::Binary(v)) => {
            Arc::new(BinaryArray::from(vec![v.as_slice()]))
        }
        (PrimitiveType::Decimal { precision, scale }, PrimitiveLiteral::Int128(v)) => {
            let (precision, scale) = (u8::try_from(*precision).ok()?, i8::try_from(*scale).ok()?);
            let decimal =
                Decimal128Array::from(vec![*v]).with_precision_and_scale(precision, scale);
            Arc::new(decimal.ok()?)
        }
        _ => return None,
    };
    if array.data_type() == data_type {
        return Some(array);
    }
    cast(&array, data_type).ok()
}
