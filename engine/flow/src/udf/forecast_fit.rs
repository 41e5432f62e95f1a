//! The models of orders and of spending, fitted on the customers of a column, as SQL aggregates.
//!
//! `bg_nbd_fit(frequency, recency, age)` gives a struct of r, alpha, a, b, log_likelihood and customers,
//! `gamma_gamma_fit(frequency, mean_value)` one of p, q, v, log_likelihood and customers. Rows with a NULL are left out.
//! NULL where the customers have no model; an error where a row cannot be.

use std::any::Any;
use std::sync::Arc;

use c360_forecast::{History, Spend};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, Signature, Volatility,
};
use datafusion::prelude::SessionContext;

use super::documented::documentation;
use super::forecast_alike::Alike;
use super::numbers::doubles;
use super::undistinct;

/// Makes the aggregates known to `context`.
pub fn register(context: &SessionContext) {
    for model in [Model::Orders, Model::Spending] {
        let signature = Signature::user_defined(Volatility::Immutable);
        context.register_udaf(AggregateUDF::from(Fitting { model, signature }));
    }
}

/// What is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Model {
    Orders,
    Spending,
}

impl Model {
    fn function(self) -> &'static str {
        match self {
            Self::Orders => "bg_nbd_fit",
            Self::Spending => "gamma_gamma_fit",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Orders => &["frequency", "recency", "age"],
            Self::Spending => &["frequency", "mean_value"],
        }
    }

    fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Orders => &["r", "alpha", "a", "b"],
            Self::Spending => &["p", "q", "v"],
        }
    }

    /// The struct that a fit is.
    fn fields(self) -> Fields {
        let doubles = self.parameters().iter().chain(&["log_likelihood"]);
        let doubles = doubles.map(|name| Field::new(*name, DataType::Float64, true));
        doubles
            .chain([Field::new("customers", DataType::Int64, true)])
            .collect()
    }

    fn accumulator(self) -> Box<dyn Accumulator> {
        let (function, fields) = (self.function(), self.fields());
        match self {
            Self::Orders => Box::new(Alike::<History, 3>::new(function, fields)),
            Self::Spending => Box::new(Alike::<Spend, 2>::new(function, fields)),
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Fitting {
    model: Model,
    signature: Signature,
}

impl AggregateUDFImpl for Fitting {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        self.model.function()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation(self.name())
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        doubles(self.name(), self.model.arguments(), types)
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(self.model.fields()))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let item = Arc::new(Field::new_list_field(DataType::Float64, true));
        let name = format_state_name(arguments.name, "alike");
        Ok(vec![Arc::new(Field::new(name, DataType::List(item), true))])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        undistinct(&arguments, self.name())?;
        Ok(self.model.accumulator())
    }
}
