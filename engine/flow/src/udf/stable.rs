//! Aggregates over numbers that say the same in whatever order the rows come, which sums of floating-point numbers do
//! not: the numbers are kept and sorted before anything is made of them.
//!
//! `stable_sum(number)`: the sum, by Neumaier's method. `stable_percentile(number, percent)`: the value below which
//! `percent` of the numbers lie, between two of them in proportion. NULL where there is none; NULLs do not count.

use std::any::Any;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::cast::as_list_array;
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, Signature, TypeSignature,
    Volatility,
};

use super::documented::documentation;
use super::{literal, undistinct};

/// `stable_sum(number)`.
pub fn stable_sum() -> AggregateUDF {
    AggregateUDF::from(Numbers::new("stable_sum", 1))
}

/// `stable_percentile(number, percent)`.
pub fn stable_percentile() -> AggregateUDF {
    AggregateUDF::from(Numbers::new("stable_percentile", 2))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Numbers {
    name: &'static str,
    signature: Signature,
}

impl Numbers {
    fn new(name: &'static str, arguments: usize) -> Self {
        let doubles = TypeSignature::Exact(vec![DataType::Float64; arguments]);
        Self {
            name,
            signature: Signature::new(doubles, Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for Numbers {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation(self.name())
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let numbers = Field::new_list_field(DataType::Float64, true);
        let name = format!("{}[numbers]", arguments.name);
        Ok(vec![Arc::new(Field::new_list(name, numbers, true))])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        undistinct(&arguments, self.name)?;
        let made = match arguments.exprs.get(1) {
            None => Made::Sum,
            Some(percent) => match literal(percent, self.name)? {
                ScalarValue::Float64(Some(percent)) if (0.0..=100.0).contains(&percent) => {
                    Made::Percentile(percent)
                }
                _ => return plan_err!("{}: percent is not between 0 and 100", self.name),
            },
        };
        Ok(Box::new(Kept {
            made,
            numbers: Vec::new(),
        }))
    }
}

/// What is made of the numbers.
#[derive(Debug)]
enum Made {
    Sum,
    Percentile(f64),
}

#[derive(Debug)]
struct Kept {
    made: Made,
    numbers: Vec<f64>,
}

impl Kept {
    fn add(&mut self, numbers: &dyn Array) {
        let numbers = numbers.as_primitive::<Float64Type>();
        self.numbers.extend(numbers.iter().flatten());
    }
}

impl Accumulator for Kept {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(&values[0]);
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for numbers in as_list_array(&states[0])?.iter().flatten() {
            self.add(&numbers);
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let numbers = std::mem::take(&mut self.numbers);
        let numbers: ArrayRef = Arc::new(Float64Array::from(numbers));
        let numbers = SingleRowListArrayBuilder::new(numbers);
        Ok(vec![numbers.build_list_scalar()])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.numbers.sort_unstable_by(f64::total_cmp);
        let made = match self.made {
            Made::Sum => sum(&self.numbers),
            Made::Percentile(percent) => percentile(&self.numbers, percent),
        };
        Ok(ScalarValue::Float64(made))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.numbers.capacity() * size_of::<f64>()
    }
}

/// Neumaier's improvement of Kahan's sum (ZAMM 54, 1974): what each addition rounds away is kept and added last.
fn sum(sorted: &[f64]) -> Option<f64> {
    let (first, others) = sorted.split_first()?;
    let (mut sum, mut lost) = (*first, 0.0);
    for number in others {
        let next = sum + number;
        lost += match sum.abs() >= number.abs() {
            true => (sum - next) + number,
            false => (number - next) + sum,
        };
        sum = next;
    }
    // Of an infinite sum nothing was rounded away.
    Some(if sum.is_finite() { sum + lost } else { sum })
}

/// Type 7 of Hyndman and Fan (1996), which most statistics packages take for granted.
fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = percent / 100.0 * last as f64;
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let share = place - below as f64;
    let between = sorted[below] * (1.0 - share) + sorted[above] * share;
    // What is equal, or stands alone, is itself also where it is infinite.
    let is_one = share == 0.0 || sorted[below] == sorted[above];
    Some(if is_one { sorted[below] } else { between })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum_of(numbers: &[f64]) -> Option<f64> {
        let mut kept = Kept {
            made: Made::Sum,
            numbers: numbers.to_vec(),
        };
        match kept.evaluate().expect("a sum") {
            ScalarValue::Float64(sum) => sum,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_sum_is_the_same_in_every_order_and_loses_nothing() {
        assert_eq!(sum_of(&[1e100, 1.0, -1e100]), sum_of(&[1.0, -1e100, 1e100]));
        assert_eq!(sum_of(&[0.1; 10]), Some(1.0));
        assert_eq!(sum_of(&[]), None);
        assert_eq!(sum_of(&[f64::INFINITY, 1.0]), Some(f64::INFINITY));
    }

    #[test]
    fn a_percentile_lies_between_two_numbers_in_proportion() {
        let of = |percent| percentile(&[1.0, 2.0, 4.0, 8.0], percent);
        assert_eq!(
            [of(0.0), of(50.0), of(75.0), of(100.0)],
            [Some(1.0), Some(3.0), Some(5.0), Some(8.0)]
        );
        assert_eq!(percentile(&[], 50.0), None);
        assert_eq!(percentile(&[7.0], 90.0), Some(7.0));
        assert_eq!(percentile(&[1.0, 2.0, f64::INFINITY], 50.0), Some(2.0));
    }
}
