//! A c360 with three SQL functions of a retailer's own:
//!
//! - `gtin_is_valid(text)`: whether the check digit of an article number is right,
//! - `share_of(condition)`: the share of rows for which something is true,
//! - `visit_number(at, minutes) OVER (… ORDER BY at)`: which visit a page view belongs to.
//!
//! ```sh
//! cargo run --example own_functions -- functions
//! cargo run --example own_functions -- functions visit_number
//! ```
//!
//! The program is the whole command: it runs projects, and their SQL calls the functions. Each says of itself what
//! `functions` prints; whatever its `documentation` leaves out is not told.

use std::any::Any;
use std::process::ExitCode;
use std::sync::{Arc, LazyLock};

use c360::Functions;
use c360::datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array};
use c360::datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use c360::datafusion::arrow::datatypes::{TimeUnit, TimestampMicrosecondType};
use c360::datafusion::common::{Result, ScalarValue, plan_err};
use c360::datafusion::logical_expr::function::{
    AccumulatorArgs, PartitionEvaluatorArgs, StateFieldsArgs, WindowUDFFieldArgs,
};
use c360::datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, ColumnarValue, DocSection, Documentation, PartitionEvaluator,
    ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility, WindowUDFImpl,
};

fn main() -> ExitCode {
    c360::main_with(functions())
}

/// Each with the version of its meaning: raise it when the function answers otherwise than before.
pub fn functions() -> Functions {
    Functions::default()
        .scalar(1, GtinIsValid::default())
        .aggregate(1, ShareOf::default())
        .window(1, VisitNumber::default())
}

fn documented(what: &str, syntax: &str, example: &str) -> Documentation {
    let builder = Documentation::builder(DocSection::default(), what, syntax);
    builder.with_sql_example(example).build()
}

// A scalar function: a value of a row's values.

#[derive(Debug, PartialEq, Eq, Hash)]
pub struct GtinIsValid {
    signature: Signature,
}

impl Default for GtinIsValid {
    fn default() -> Self {
        // One text; the same answer whenever the same is asked, without which c360 refuses it in jobs.
        let signature = Signature::exact(vec![DataType::Utf8], Volatility::Immutable);
        Self { signature }
    }
}

impl ScalarUDFImpl for GtinIsValid {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        "gtin_is_valid"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = arguments.args[0].to_array(arguments.number_rows)?;
        let texts = texts.as_string::<i32>().iter();
        let valid: BooleanArray = texts.map(|text| text.map(has_right_check_digit)).collect();
        Ok(ColumnarValue::Array(Arc::new(valid)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        static ABOUT: LazyLock<Documentation> = LazyLock::new(|| {
            documented(
                "Whether a text is an article number (GTIN) of 8, 12, 13 or 14 digits whose check digit is right",
                "gtin_is_valid(text VARCHAR) → BOOLEAN",
                "SELECT gtin_is_valid('4006381333931'), gtin_is_valid('4006381333932')\n-- true, false",
            )
        });
        Some(&ABOUT)
    }
}

/// From the right, digits weigh 1 and 3 in turn; their sum ends in 0.
fn has_right_check_digit(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|letter| letter.to_digit(10)).collect();
    let digits = digits.unwrap_or_default();
    let weighed = digits.iter().rev().zip([1, 3].into_iter().cycle());
    let sum: u32 = weighed.map(|(digit, weight)| digit * weight).sum();
    matches!(digits.len(), 8 | 12 | 13 | 14) && sum.is_multiple_of(10)
}

// An aggregate: a value of many rows. It counts, so that neither the order of rows nor how they are cut into parts can
// change what it says.

#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ShareOf {
    signature: Signature,
}

impl Default for ShareOf {
    fn default() -> Self {
        let signature = Signature::exact(vec![DataType::Boolean], Volatility::Immutable);
        Self { signature }
    }
}

impl AggregateUDFImpl for ShareOf {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        "share_of"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    /// What parts of the rows tell each other: the two counts.
    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let count = |of: &str| {
            let name = format!("{}[{of}]", arguments.name);
            Arc::new(Field::new(name, DataType::Int64, true))
        };
        Ok(vec![count("true"), count("known")])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match arguments.is_distinct {
            true => plan_err!("share_of counts rows: leave DISTINCT out"),
            false => Ok(Box::<Counts>::default()),
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        static ABOUT: LazyLock<Documentation> = LazyLock::new(|| {
            documented(
                "The share of the rows for which a condition is true, from 0 to 1; NULLs do not count",
                "share_of(condition BOOLEAN) → DOUBLE",
                "SELECT share_of(discount > 0) FROM (VALUES (5), (0), (0), (3)) AS line (discount)\n-- 0.5",
            )
        });
        Some(&ABOUT)
    }
}

#[derive(Debug, Default)]
struct Counts {
    is_true: i64,
    is_known: i64,
}

impl Accumulator for Counts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for is_true in values[0].as_boolean().iter().flatten() {
            self.is_true += i64::from(is_true);
            self.is_known += 1;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let sum = |of: &ArrayRef| of.as_primitive::<Int64Type>().iter().flatten().sum::<i64>();
        self.is_true += sum(&states[0]);
        self.is_known += sum(&states[1]);
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.is_true.into(), self.is_known.into()])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let share = (self.is_known > 0).then(|| self.is_true as f64 / self.is_known as f64);
        Ok(ScalarValue::Float64(share))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

// A window function: a value of a row among its neighbours.

#[derive(Debug, PartialEq, Eq, Hash)]
pub struct VisitNumber {
    signature: Signature,
}

impl Default for VisitNumber {
    fn default() -> Self {
        let signature = Signature::user_defined(Volatility::Immutable);
        Self { signature }
    }
}

impl WindowUDFImpl for VisitNumber {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        "visit_number"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Timestamps of any unit are taken, and become those of the lake.
    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [DataType::Timestamp(..), minutes] if minutes.is_integer() => Ok(vec![
                DataType::Timestamp(TimeUnit::Microsecond, None),
                DataType::Int64,
            ]),
            _ => plan_err!("write visit_number(at, minutes): a timestamp and a whole number"),
        }
    }

    fn field(&self, arguments: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(
            arguments.name(),
            DataType::Int64,
            false,
        )))
    }

    fn partition_evaluator(
        &self,
        _arguments: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Visits))
    }

    fn documentation(&self) -> Option<&Documentation> {
        static ABOUT: LazyLock<Documentation> = LazyLock::new(|| {
            documented(
                "The number of the visit that a row is part of, from 1: another one begins after so many minutes without a row",
                "visit_number(at TIMESTAMP, minutes BIGINT) OVER (… ORDER BY at) → BIGINT",
                "SELECT visit_number(at, 30) OVER (ORDER BY at)\n\
                 FROM (VALUES (TIMESTAMP '2026-03-01 10:00:00'), (TIMESTAMP '2026-03-01 10:20:00'),\n             \
                 (TIMESTAMP '2026-03-01 12:00:00')) AS page_view (at)\n-- 1\n-- 1\n-- 2",
            )
        });
        Some(&ABOUT)
    }
}

#[derive(Debug)]
struct Visits;

impl PartitionEvaluator for Visits {
    /// All rows of one partition, in the order that OVER names.
    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> Result<ArrayRef> {
        let at = values[0].as_primitive::<TimestampMicrosecondType>();
        let minutes = values[1].as_primitive::<Int64Type>();
        let mut visit = 1_i64;
        let numbers = (0..num_rows).map(|row| {
            let pause_max = minutes.value(row).saturating_mul(60_000_000);
            if row > 0 && at.value(row) - at.value(row - 1) > pause_max {
                visit += 1;
            }
            visit
        });
        Ok(Arc::new(Int64Array::from_iter_values(numbers)))
    }
}
