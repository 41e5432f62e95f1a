//! Text to typed columns: trimming, null spellings, booleans, numbers, dates. Column by column
//! into vectors, so that no cell is allocated.

use std::sync::Arc;

use c360_spec::{Contract, DataType};
use datafusion::arrow::array::builder::NullBufferBuilder;
use datafusion::arrow::array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray, StringArray,
};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer, OffsetBuffer};
use datafusion::arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};

use super::{ColumnRules, Fault, Numbers, Typed, UTC, number, temporal};

/// What a contract says about texts of any type.
#[derive(Debug)]
pub struct TextRules {
    trim: bool,
    nulls: Vec<String>,
    truthy: Vec<String>,
    falsy: Vec<String>,
}

impl TextRules {
    pub fn new(contract: &Contract) -> Self {
        Self {
            trim: contract.trim,
            nulls: contract.null_values.clone(),
            truthy: contract.booleans.truthy.clone(),
            falsy: contract.booleans.falsy.clone(),
        }
    }

    /// The same rules where every text is a value.
    fn without_nulls(&self) -> Self {
        Self {
            trim: self.trim,
            nulls: Vec::new(),
            truthy: self.truthy.clone(),
            falsy: self.falsy.clone(),
        }
    }

    /// Types the texts of one column.
    pub(super) fn type_column<'a>(
        &self,
        rules: &ColumnRules,
        values: impl ExactSizeIterator<Item = Option<&'a str>>,
        numbers: Numbers,
    ) -> Typed {
        let values = values.map(|value| value.and_then(|text| self.clean(text)));
        let formats = &rules.formats;
        match rules.data_type() {
            DataType::String => strings(values),
            DataType::Boolean => self.booleans(values),
            DataType::Int => primitive::<Int32Type>(values, |text| {
                let value = number::integer(text).ok_or(Fault::Type)?;
                i32::try_from(value).map_err(|_| Fault::Range)
            })
            .typed(),
            DataType::Long => {
                primitive::<Int64Type>(values, |text| number::integer(text).ok_or(Fault::Type))
                    .typed()
            }
            DataType::Float => primitive::<Float32Type>(values, |text| {
                text.parse()
                    .ok()
                    .filter(|value: &f32| value.is_finite())
                    .ok_or(Fault::Type)
            })
            .typed(),
            DataType::Double => primitive::<Float64Type>(values, |text| {
                text.parse()
                    .ok()
                    .filter(|value: &f64| value.is_finite())
                    .ok_or(Fault::Type)
            })
            .typed(),
            DataType::Decimal { precision, scale } => {
                primitive::<Decimal128Type>(values, |text| decimal(text, precision, scale, numbers))
                    .map(|array| with_scale(array, precision, scale))
            }
            DataType::Date => primitive::<Date32Type>(values, |text| {
                temporal::date(text, formats).ok_or(Fault::Type)
            })
            .typed(),
            DataType::Timestamp => timestamps(values, formats).typed(),
            DataType::Timestamptz => {
                timestamps(values, formats).map(|array| array.with_timezone(UTC))
            }
        }
    }

    /// Types one literal of the contract; none when it is not of the column's type.
    pub(super) fn type_literal(&self, rules: &ColumnRules, text: &str) -> Option<ArrayRef> {
        let typed =
            self.without_nulls()
                .type_column(rules, std::iter::once(Some(text)), Numbers::Exact);
        typed.faults.is_empty().then_some(typed.array)
    }

    /// The text without the space around it; none when it spells "no value".
    #[inline]
    fn clean<'a>(&self, text: &'a str) -> Option<&'a str> {
        let text = if self.trim { trim(text) } else { text };
        if self.nulls.iter().any(|null| null == text) {
            None
        } else {
            Some(text)
        }
    }

    fn booleans<'a>(&self, values: impl ExactSizeIterator<Item = Option<&'a str>>) -> Typed {
        let mut bits = Vec::with_capacity(values.len());
        let mut nulls = NullBufferBuilder::new(values.len());
        let mut faults = Vec::new();
        for (row, value) in values.enumerate() {
            let read = value.map(|text| self.boolean(text));
            if read == Some(None) {
                faults.push((row as u32, Fault::Type));
            }
            bits.push(read.flatten().unwrap_or(false));
            nulls.append(read.flatten().is_some());
        }
        let array = BooleanArray::new(BooleanBuffer::from(bits), nulls.finish());
        Typed {
            array: Arc::new(array),
            faults,
        }
    }

    fn boolean(&self, text: &str) -> Option<bool> {
        let among = |spellings: &[String]| spellings.iter().any(|s| s.eq_ignore_ascii_case(text));
        if among(&self.truthy) {
            Some(true)
        } else if among(&self.falsy) {
            Some(false)
        } else {
            None
        }
    }
}

/// Most cells have nothing to trim, which their first and last bytes tell.
#[inline]
fn trim(text: &str) -> &str {
    let plain = |byte: &u8| byte.is_ascii_graphic();
    match (text.as_bytes().first(), text.as_bytes().last()) {
        (None, _) => text,
        (Some(first), Some(last)) if plain(first) && plain(last) => text,
        _ => text.trim(),
    }
}

/// Printed floats get the benefit of their doubt: 0.30000000000000004 means 0.3.
fn decimal(text: &str, precision: u8, scale: u8, numbers: Numbers) -> Result<i128, Fault> {
    let exact = number::decimal(text, precision, scale);
    match (exact, numbers, text.parse::<f64>()) {
        (Err(Fault::Scale), Numbers::Floats, Ok(value)) => {
            number::decimal_near(value, precision, scale)
        }
        (exact, ..) => exact,
    }
}

fn strings<'a>(values: impl ExactSizeIterator<Item = Option<&'a str>>) -> Typed {
    let mut offsets: Vec<i32> = Vec::with_capacity(values.len() + 1);
    let mut nulls = NullBufferBuilder::new(values.len());
    let mut text = String::with_capacity(values.len() * 8);
    offsets.push(0);
    for value in values {
        if let Some(value) = value {
            text.push_str(value);
        }
        nulls.append(value.is_some());
        offsets.push(text.len() as i32);
    }
    let offsets = OffsetBuffer::new(offsets.into());
    let array = StringArray::new(offsets, Buffer::from_vec(text.into_bytes()), nulls.finish());
    Typed {
        array: Arc::new(array),
        faults: Vec::new(),
    }
}

/// A primitive column on its way.
struct Primitive<T: ArrowPrimitiveType> {
    array: PrimitiveArray<T>,
    faults: Vec<(u32, Fault)>,
}

impl<T: ArrowPrimitiveType> Primitive<T> {
    fn typed(self) -> Typed {
        self.map(|array| array)
    }

    fn map(self, change: impl FnOnce(PrimitiveArray<T>) -> PrimitiveArray<T>) -> Typed {
        Typed {
            array: Arc::new(change(self.array)),
            faults: self.faults,
        }
    }
}

fn primitive<'a, T: ArrowPrimitiveType>(
    values: impl ExactSizeIterator<Item = Option<&'a str>>,
    parse: impl Fn(&str) -> Result<T::Native, Fault>,
) -> Primitive<T> {
    let mut natives: Vec<T::Native> = Vec::with_capacity(values.len());
    let mut nulls = NullBufferBuilder::new(values.len());
    let mut faults = Vec::new();
    for (row, value) in values.enumerate() {
        match value.map(&parse) {
            Some(Ok(native)) => {
                natives.push(native);
                nulls.append_non_null();
                continue;
            }
            Some(Err(fault)) => faults.push((row as u32, fault)),
            None => {}
        }
        natives.push(T::Native::default());
        nulls.append_null();
    }
    Primitive {
        array: PrimitiveArray::new(natives.into(), nulls.finish()),
        faults,
    }
}

fn timestamps<'a>(
    values: impl ExactSizeIterator<Item = Option<&'a str>>,
    formats: &[temporal::Format],
) -> Primitive<TimestampMicrosecondType> {
    primitive(values, |text| {
        temporal::timestamp(text, formats).ok_or(Fault::Type)
    })
}

/// The same unscaled values, as a decimal of the contract.
pub(super) fn with_scale(
    array: PrimitiveArray<Decimal128Type>,
    precision: u8,
    scale: u8,
) -> PrimitiveArray<Decimal128Type> {
    array
        .with_precision_and_scale(precision, scale as i8)
        .expect("contracts hold valid precisions and scales")
}
