//! Typed columns (of a Parquet file) to the contract's types. Only conversions that lose nothing:
//! a value that does not come back the same is a fault of its row. The one exception is declared:
//! floats become decimals when they are within a billionth of one.

use std::sync::Arc;

use c360_spec::DataType;
use datafusion::arrow::array::builder::NullBufferBuilder;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, new_null_array};
use datafusion::arrow::compute::kernels::cmp;
use datafusion::arrow::compute::{CastOptions, can_cast_types, cast_with_options};
use datafusion::arrow::datatypes::{DataType as Arrow, Decimal128Type, Float64Type};

use super::text::{TextRules, with_scale};
use super::{ColumnRules, Fault, Numbers, Typed, UTC, number};

const SAFE: CastOptions<'static> = CastOptions {
    safe: true,
    format_options: datafusion::arrow::util::display::FormatOptions::new(),
};

/// The column as the contract says; none when its type can never become the contract's.
pub(super) fn type_array(
    rules: &ColumnRules,
    text: &TextRules,
    array: Option<&ArrayRef>,
    rows: usize,
) -> Option<Typed> {
    let target = rules.arrow.clone();
    let Some(array) = array else {
        return Some(Typed {
            array: new_null_array(&target, rows),
            faults: Vec::new(),
        });
    };
    match (unpacked(array.data_type()), rules.data_type()) {
        (Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View, _) => {
            let texts = cast_with_options(array, &Arrow::Utf8, &SAFE).ok()?;
            let texts = texts.as_string::<i32>();
            Some(text.type_column(rules, texts.iter(), Numbers::Exact))
        }
        (
            Arrow::Float16 | Arrow::Float32 | Arrow::Float64,
            DataType::Decimal { precision, scale },
        ) => {
            let floats = cast_with_options(array, &Arrow::Float64, &SAFE).ok()?;
            Some(decimals_near(floats.as_primitive(), precision, scale))
        }
        (Arrow::Float64, DataType::Float) => rounded(array, &target),
        (Arrow::Timestamp(unit, _), DataType::Timestamp) => {
            // What has a zone is an instant, and the contract's timestamps are UTC.
            let utc = Arrow::Timestamp(*unit, Some(UTC.into()));
            let instants = cast_with_options(array, &utc, &SAFE).ok()?;
            exact(&instants, &target)
        }
        (source, _) if is_plain(source) && can_cast_types(source, &target) => exact(array, &target),
        _ => None,
    }
}

/// Types whose values can be compared after a round trip.
fn is_plain(data_type: &Arrow) -> bool {
    use Arrow::{Binary, Boolean, Date32, Date64, LargeBinary, Null};
    data_type.is_numeric()
        || matches!(
            data_type,
            Boolean | Date32 | Date64 | Arrow::Timestamp(..) | Null | Binary | LargeBinary
        )
}

fn unpacked(data_type: &Arrow) -> &Arrow {
    match data_type {
        Arrow::Dictionary(_, values) => values,
        other => other,
    }
}

/// Casts there and back: what changed on the way does not fit.
fn exact(array: &ArrayRef, target: &Arrow) -> Option<Typed> {
    let typed = cast_with_options(array, target, &SAFE).ok()?;
    if array.data_type() == target {
        return Some(Typed {
            array: typed,
            faults: Vec::new(),
        });
    }
    let back = cast_with_options(&typed, array.data_type(), &SAFE).ok()?;
    let same = cmp::not_distinct(array, &back).ok()?;
    let faults: Vec<(u32, Fault)> = (0..array.len())
        .filter(|row| !same.value(*row))
        .map(|row| (row as u32, Fault::Range))
        .collect();
    Some(Typed {
        array: without(typed, &faults),
        faults,
    })
}

/// Casts with rounding: single precision for what came in double.
fn rounded(array: &ArrayRef, target: &Arrow) -> Option<Typed> {
    Some(Typed {
        array: cast_with_options(array, target, &SAFE).ok()?,
        faults: Vec::new(),
    })
}

fn decimals_near(floats: &PrimitiveArray<Float64Type>, precision: u8, scale: u8) -> Typed {
    let mut faults = Vec::new();
    let mut natives = Vec::with_capacity(floats.len());
    let mut nulls = NullBufferBuilder::new(floats.len());
    for (row, value) in floats.iter().enumerate() {
        let read = value.map(|value| number::decimal_near(value, precision, scale));
        if let Some(Err(fault)) = read {
            faults.push((row as u32, fault));
        }
        let native = read.and_then(Result::ok);
        natives.push(native.unwrap_or_default());
        nulls.append(native.is_some());
    }
    let array = PrimitiveArray::<Decimal128Type>::new(natives.into(), nulls.finish());
    Typed {
        array: Arc::new(with_scale(array, precision, scale)),
        faults,
    }
}

/// The array with nulls where the faults are.
fn without(array: ArrayRef, faults: &[(u32, Fault)]) -> ArrayRef {
    if faults.is_empty() {
        return array;
    }
    let mut mask = vec![false; array.len()];
    for (row, _) in faults {
        mask[*row as usize] = true;
    }
    datafusion::arrow::compute::nullif(&array, &mask.into()).unwrap_or(array)
}
