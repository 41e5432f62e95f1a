//! The SQL functions that c360 adds to DataFusion's, and their registration; what they do is beside it.

mod documented;
mod forecast;
mod forecast_alike;
mod forecast_fit;
mod numbers;
pub mod stable;
mod standard;
pub mod top_values;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::prelude::SessionContext;

pub use standard::{is_junk_udf, normalize_udf, normalizer};

/// Makes every function known to `context`.
pub fn register(context: &SessionContext) {
    standard::register(context);
    forecast::register(context);
    forecast_fit::register(context);
    context.register_udaf(stable::stable_sum());
    context.register_udaf(stable::stable_percentile());
    context.register_udaf(top_values::top_values());
}

/// The value of an argument that has to be a literal.
fn literal(argument: &Arc<dyn PhysicalExpr>, function: &str) -> Result<ScalarValue> {
    match argument.as_any().downcast_ref::<Literal>() {
        Some(literal) => Ok(literal.value().clone()),
        None => plan_err!("{function}: the last argument must be a literal"),
    }
}

/// Refuses DISTINCT, which DataFusion leaves to the function where it stands beside others.
fn undistinct(arguments: &AccumulatorArgs, function: &str) -> Result<()> {
    match arguments.is_distinct {
        true => plan_err!(
            "{function}: each row counts, DISTINCT is not known to it: leave DISTINCT out"
        ),
        false => Ok(()),
    }
}

/// A scalar argument gives a scalar answer.
fn like_argument(argument: &ColumnarValue, values: ArrayRef) -> Result<ColumnarValue> {
    match argument {
        ColumnarValue::Array(_) => Ok(ColumnarValue::Array(values)),
        ColumnarValue::Scalar(_) => {
            debug_assert_eq!(values.len(), 1);
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &values, 0,
            )?))
        }
    }
}
