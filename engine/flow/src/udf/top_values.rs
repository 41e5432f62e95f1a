//! `top_values(value, n)`: the `n` values of most rows, the most frequent first; of equally frequent ones the least
//! comes first. NULLs do not count; NULL where there is no value.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::cast::as_list_array;
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, Signature, Volatility,
};

use super::documented::documentation;
use super::{literal, undistinct};

const NAME: &str = "top_values";

/// `top_values(value, n)`.
pub fn top_values() -> AggregateUDF {
    AggregateUDF::from(TopValues {
        signature: Signature::any(2, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TopValues {
    signature: Signature,
}

fn list_of(value: &DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(value.clone(), true)))
}

impl AggregateUDFImpl for TopValues {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation(self.name())
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(list_of(&arguments[0]))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let value = arguments.input_fields[0].data_type();
        let field = |what: &str, of: &DataType| {
            let name = format!("{}[{what}]", arguments.name);
            Arc::new(Field::new(name, list_of(of), true))
        };
        Ok(vec![
            field("values", value),
            field("counts", &DataType::Int64),
        ])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        undistinct(&arguments, NAME)?;
        let n = match literal(&arguments.exprs[1], NAME)? {
            ScalarValue::Int64(Some(n)) if n > 0 => usize::try_from(n).unwrap_or(usize::MAX),
            _ => return plan_err!("{NAME}: n is not a whole number over zero"),
        };
        Ok(Box::new(Counts {
            n,
            value: arguments.expr_fields[0].data_type().clone(),
            counts: HashMap::new(),
        }))
    }
}

#[derive(Debug)]
struct Counts {
    n: usize,
    value: DataType,
    counts: HashMap<ScalarValue, i64>,
}

impl Counts {
    fn add(&mut self, values: &ArrayRef, counts: Option<&Int64Array>) -> Result<()> {
        for row in (0..values.len()).filter(|row| values.is_valid(*row)) {
            let value = ScalarValue::try_from_array(values, row)?.compacted();
            let count = counts.map_or(1, |counts| counts.value(row));
            *self.counts.entry(value).or_default() += count;
        }
        Ok(())
    }

    fn list(&self, values: Vec<ScalarValue>) -> Result<ScalarValue> {
        if values.is_empty() {
            return ScalarValue::try_from(&list_of(&self.value));
        }
        let values = ScalarValue::iter_to_array(values)?;
        Ok(SingleRowListArrayBuilder::new(values).build_list_scalar())
    }
}

impl Accumulator for Counts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(&values[0], None)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [values, counts] = states else {
            return internal_err!("a state of {NAME} is no pair");
        };
        let (values, counts) = (as_list_array(values)?, as_list_array(counts)?);
        for (values, counts) in values.iter().zip(counts.iter()) {
            if let (Some(values), Some(counts)) = (values, counts) {
                self.add(&values, counts.as_primitive_opt::<Int64Type>())?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (values, counts): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.counts).into_iter().unzip();
        let counts: ArrayRef = Arc::new(Int64Array::from(counts));
        Ok(vec![
            self.list(values)?,
            SingleRowListArrayBuilder::new(counts).build_list_scalar(),
        ])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        // The counts stay: over the rows of a window, more are added and they are asked again.
        let mut counts: Vec<_> = self.counts.iter().collect();
        counts.sort_unstable_by(|(a, many), (b, more)| {
            let by_value = a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal);
            more.cmp(many).then(by_value)
        });
        counts.truncate(self.n);
        self.list(counts.into_iter().map(|(value, _)| value.clone()).collect())
    }

    fn size(&self) -> usize {
        let values: usize = self.counts.keys().map(ScalarValue::size).sum();
        size_of_val(self) + values + self.counts.capacity() * size_of::<(ScalarValue, i64)>()
    }
}
