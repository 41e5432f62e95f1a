//! What is to be expected of a customer, as SQL functions: the models of orders and of spending, asked row by row.
//!
//! `bg_nbd_alive(r, alpha, a, b, frequency, recency, age)`, `bg_nbd_orders(…, days)`, `gamma_gamma_value(p, q, v,
//! frequency, mean_value)`, `lifetime_value(r, alpha, a, b, p, q, v, frequency, recency, age, mean_value, months,
//! monthly_discount_rate)`. NULL where an argument is; an error where one cannot be, such as a recency beyond the age.
//! What the models say is in `c360-forecast`.

use std::any::Any;
use std::sync::Arc;

use c360_forecast::{BgNbd, GammaGamma, History, Horizon, Impossible, Spend};
use datafusion::arrow::array::{ArrayRef, Float64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_datafusion_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::prelude::SessionContext;

use super::documented::documentation;
use super::numbers::{Rows, doubles};

/// Makes the functions known to `context`.
pub fn register(context: &SessionContext) {
    for question in Question::ALL {
        let signature = Signature::user_defined(Volatility::Immutable);
        context.register_udf(ScalarUDF::from(Forecast {
            question,
            signature,
        }));
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    Alive,
    Orders,
    Value,
    LifetimeValue,
}

impl Question {
    const ALL: [Self; 4] = [Self::Alive, Self::Orders, Self::Value, Self::LifetimeValue];

    fn function(self) -> &'static str {
        match self {
            Self::Alive => "bg_nbd_alive",
            Self::Orders => "bg_nbd_orders",
            Self::Value => "gamma_gamma_value",
            Self::LifetimeValue => "lifetime_value",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Alive => &["r", "alpha", "a", "b", "frequency", "recency", "age"],
            Self::Orders => &[
                "r",
                "alpha",
                "a",
                "b",
                "frequency",
                "recency",
                "age",
                "days",
            ],
            Self::Value => &["p", "q", "v", "frequency", "mean_value"],
            Self::LifetimeValue => &[
                "r",
                "alpha",
                "a",
                "b",
                "p",
                "q",
                "v",
                "frequency",
                "recency",
                "age",
                "mean_value",
                "months",
                "monthly_discount_rate",
            ],
        }
    }

    fn answers(self, columns: &[ArrayRef]) -> Result<Float64Array> {
        let rows = Rows::new(columns)?;
        match self {
            Self::Alive => self.each(&rows, alive),
            Self::Orders => self.each(&rows, orders),
            Self::Value => self.each(&rows, value),
            Self::LifetimeValue => self.each(&rows, lifetime_value),
        }
    }

    fn each<const N: usize>(
        self,
        rows: &Rows,
        answer: impl Fn([f64; N]) -> Result<Option<f64>, Impossible>,
    ) -> Result<Float64Array> {
        let function = self.function();
        let impossible = |error| exec_datafusion_err!("{function}: {error}");
        let answers = rows.iter().map(|numbers| match numbers {
            Some(numbers) => answer(numbers).map_err(impossible),
            None => Ok(None),
        });
        answers.collect()
    }
}

fn alive([r, alpha, a, b, frequency, recency, age]: [f64; 7]) -> Result<Option<f64>, Impossible> {
    let model = BgNbd::new(r, alpha, a, b)?;
    Ok(Some(model.alive(&History::new(frequency, recency, age)?)))
}

fn orders(
    [r, alpha, a, b, frequency, recency, age, days]: [f64; 8],
) -> Result<Option<f64>, Impossible> {
    let model = BgNbd::new(r, alpha, a, b)?;
    let history = History::new(frequency, recency, age)?;
    // The model calls it a time.
    let named = |error| Impossible {
        name: "days",
        ..error
    };
    model.orders(&history, days).map(Some).map_err(named)
}

fn value([p, q, v, frequency, mean_value]: [f64; 5]) -> Result<Option<f64>, Impossible> {
    let model = GammaGamma::new(p, q, v)?;
    Ok(model.value(&Spend::new(frequency, mean_value)?))
}

fn lifetime_value(numbers: [f64; 13]) -> Result<Option<f64>, Impossible> {
    let [
        r,
        alpha,
        a,
        b,
        p,
        q,
        v,
        frequency,
        recency,
        age,
        mean_value,
        months,
        rate,
    ] = numbers;
    let orders = BgNbd::new(r, alpha, a, b)?;
    let spending = GammaGamma::new(p, q, v)?;
    let history = History::new(frequency, recency, age)?;
    let spend = Spend::new(frequency, mean_value)?;
    Horizon::new(months, rate)?.lifetime_value(&orders, &spending, &history, &spend)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Forecast {
    question: Question,
    signature: Signature,
}

impl ScalarUDFImpl for Forecast {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        self.question.function()
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

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        doubles(self.name(), self.question.arguments(), types)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let scalar = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Scalar(_));
        let once = arguments.args.iter().all(scalar);
        let columns = ColumnarValue::values_to_arrays(&arguments.args)?;
        let answers: ArrayRef = Arc::new(self.question.answers(&columns)?);
        if once {
            return Ok(ScalarValue::try_from_array(&answers, 0)?.into());
        }
        Ok(ColumnarValue::Array(answers))
    }
}
