//! One measure over one window, as an aggregate that says the same in whatever order the rows come.

use c360_spec::{Aggregate, Length, Measure};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::functions::expr_fn::{coalesce, isnan, power};
use datafusion::functions_aggregate::expr_fn::{
    avg, count, count_distinct, first_value, max, min, sum,
};
use datafusion::functions_nested::expr_fn::array_element;
use datafusion::logical_expr::{Expr, ExprSchemable, SortExpr, cast, lit};

use super::Moment;
use crate::expression::filtered;
use crate::instant;
use crate::type_name::type_name;
use crate::udf::stable::{stable_percentile, stable_sum};
use crate::udf::top_values::top_values;

const DAY_MICROSECONDS: f64 = 86_400e6;

/// A measure with its expressions bound to the columns of the rows.
pub struct Measured<'a> {
    pub measure: &'a Measure,
    /// The column of a row's time.
    pub at: &'a str,
    /// Up to when rows count.
    pub moment: Moment<'a>,
    /// What is measured.
    pub of: Option<Expr>,
    /// Which rows count.
    pub only: Option<Expr>,
}

impl Measured<'_> {
    /// The aggregate over the rows of a window.
    pub fn over(&self, length: Length, schema: &DFSchema) -> Result<Expr> {
        let aggregate = match &self.of {
            None => count(lit(1)),
            Some(of) => return self.of_values(of, length, schema),
        };
        Ok(match self.condition(length) {
            Some(condition) => filtered(aggregate, condition),
            None => aggregate,
        })
    }

    fn of_values(&self, of: &Expr, length: Length, schema: &DFSchema) -> Result<Expr> {
        let is_known = of.clone().is_not_null();
        let counts = match self.condition(length) {
            Some(condition) => condition.and(is_known),
            None => is_known,
        };
        let made = |aggregate: Expr| filtered(aggregate, counts.clone());
        let of = || of.clone();
        let double = || cast(of(), DataType::Float64);
        let data_type = of().get_type(schema)?;
        // Sums of whole numbers have room, and are refused where they leave their type, instead of coming out wrong.
        let summed = match &data_type {
            float if float.is_floating() => stable_sum().call(vec![double()]),
            whole if whole.is_integer() => sum(cast(of(), DataType::Decimal128(38, 0))),
            _ => sum(of()),
        };
        // Which is least hangs on the order of rows where one is no number.
        let ordered = |aggregate: Expr| match data_type.is_floating() {
            true => filtered(aggregate, counts.clone().and(!isnan(of()))),
            false => made(aggregate),
        };
        let weighs = matches!(
            self.measure.measure,
            Aggregate::Percentile | Aggregate::DecayedSum
        );
        if weighs && !data_type.is_numeric() && !data_type.is_null() {
            return plan_err!("it takes numbers, and is given {}", type_name(&data_type));
        }
        Ok(match self.measure.measure {
            Aggregate::Count => made(count(of())),
            Aggregate::Distinct => made(count_distinct(of())),
            Aggregate::Sum if data_type.is_integer() => {
                cast(or_zero(made(summed)), DataType::Int64)
            }
            Aggregate::Sum => or_zero(made(summed)),
            Aggregate::Average if data_type.is_decimal() => made(avg(of())),
            Aggregate::Average => {
                let sum = cast(made(summed), DataType::Float64);
                sum / cast(made(count(of())), DataType::Float64)
            }
            Aggregate::Minimum => ordered(min(of())),
            Aggregate::Maximum => ordered(max(of())),
            Aggregate::First => made(first_value(of(), self.by_time(true))),
            Aggregate::Last => made(first_value(of(), self.by_time(false))),
            Aggregate::MostFrequent => {
                let top = made(top_values().call(vec![of(), lit(1_i64)]));
                array_element(top, lit(1_i64))
            }
            Aggregate::Top => {
                let n = i64::from(self.measure.n.unwrap_or(1));
                made(top_values().call(vec![of(), lit(n)]))
            }
            Aggregate::Percentile => {
                let percent = lit(self.measure.percent.unwrap_or(50.0));
                made(stable_percentile().call(vec![double(), percent]))
            }
            Aggregate::DecayedSum => {
                let left = double() * self.weight()?;
                or_zero(made(stable_sum().call(vec![left])))
            }
        })
    }

    /// What is left of a row's value at the instant: a half for each half-life since.
    fn weight(&self) -> Result<Expr> {
        let Some(half_life) = self.measure.half_life_days else {
            return plan_err!("it has no half-life");
        };
        let microseconds = |at: Expr| cast(cast(at, DataType::Int64), DataType::Float64);
        let age = microseconds(self.moment.instant()) - microseconds(instant::column(self.at));
        let half_lives = age / lit(half_life * DAY_MICROSECONDS);
        Ok(power(lit(0.5), half_lives))
    }

    /// By time, then by value.
    fn by_time(&self, earliest_first: bool) -> Vec<SortExpr> {
        let value = self.of.clone().map(|of| of.sort(true, false));
        let time = instant::column(self.at).sort(earliest_first, false);
        std::iter::once(time).chain(value).collect()
    }

    /// Which rows count in a window; none: all.
    fn condition(&self, length: Length) -> Option<Expr> {
        let within = length
            .days()
            .map(|days| instant::column(self.at).gt(self.moment.days_before(days)));
        and(within, self.only.clone())
    }
}

fn and(a: Option<Expr>, b: Option<Expr>) -> Option<Expr> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.and(b)),
        (a, b) => a.or(b),
    }
}

/// The sum of nothing is zero.
fn or_zero(sum: Expr) -> Expr {
    coalesce(vec![sum, lit(0_i64)])
}
