//! What an aggregate keeps while rows come: not sums but how many customers are alike, sorted.
//!
//! Partitions hand on the same, so neither the order of rows nor how they are parted changes a bit of the model. A
//! partition's state is one list of doubles: the numbers of a kind of customer, how many there are, the next kind.

use std::fmt::Debug;
use std::mem::{size_of, size_of_val};
use std::sync::Arc;

use c360_forecast::{Counts, Fit, History, Impossible, Spend, Unfit, bg_nbd, gamma_gamma};
use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, StructArray};
use datafusion::arrow::datatypes::{DataType, Fields};
use datafusion::common::cast::{as_float64_array, as_list_array};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, exec_datafusion_err};
use datafusion::logical_expr::Accumulator;

use super::numbers::Rows;

/// What a row says of a customer, in `N` numbers.
pub trait Known<const N: usize>: Ord + Copy + Debug + Send + Sync {
    fn of(numbers: [f64; N]) -> Result<Self, Impossible>;

    /// The numbers that it was made of.
    fn numbers(&self) -> [f64; N];

    /// The model's parameters, how well it fits and on whom.
    fn fit(customers: &Counts<Self>) -> Result<Fit<Vec<f64>>, Unfit>;
}

impl Known<3> for History {
    fn of([frequency, recency, age]: [f64; 3]) -> Result<Self, Impossible> {
        Self::new(frequency, recency, age)
    }

    fn numbers(&self) -> [f64; 3] {
        [f64::from(self.frequency()), self.recency(), self.age()]
    }

    fn fit(customers: &Counts<Self>) -> Result<Fit<Vec<f64>>, Unfit> {
        let fit = bg_nbd::fit(customers)?;
        Ok(fit.map(|model| vec![model.r, model.alpha, model.a, model.b]))
    }
}

impl Known<2> for Spend {
    fn of([frequency, mean_value]: [f64; 2]) -> Result<Self, Impossible> {
        Self::new(frequency, mean_value)
    }

    fn numbers(&self) -> [f64; 2] {
        [f64::from(self.frequency()), self.mean_value()]
    }

    fn fit(customers: &Counts<Self>) -> Result<Fit<Vec<f64>>, Unfit> {
        let fit = gamma_gamma::fit(customers)?;
        Ok(fit.map(|model| vec![model.p, model.q, model.v]))
    }
}

/// The customers of the rows so far.
#[derive(Debug)]
pub struct Alike<K, const N: usize> {
    function: &'static str,
    fields: Fields,
    customers: Counts<K>,
}

impl<K: Known<N>, const N: usize> Alike<K, N> {
    /// For the aggregate `function`, which answers with a struct of `fields`.
    pub fn new(function: &'static str, fields: Fields) -> Self {
        Self {
            function,
            fields,
            customers: Counts::default(),
        }
    }

    fn add(&mut self, numbers: [f64; N], customers: u64) -> Result<()> {
        let function = self.function;
        let known = K::of(numbers).map_err(|error| exec_datafusion_err!("{function}: {error}"))?;
        self.customers.add(known, customers);
        Ok(())
    }
}

impl<K: Known<N>, const N: usize> Accumulator for Alike<K, N> {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        for numbers in Rows::new(columns)?.iter().flatten() {
            self.add(numbers, 1)?;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for state in as_list_array(&states[0])?.iter().flatten() {
            for kind in as_float64_array(&state)?.values().chunks_exact(N + 1) {
                let numbers = std::array::from_fn(|at| kind[at]);
                self.add(numbers, kind[N] as u64)?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let mut kinds = Vec::with_capacity(self.customers.len() * (N + 1));
        for (known, customers) in self.customers.iter() {
            kinds.extend(known.numbers());
            // Whole up to 2^53, which is more customers than there are.
            kinds.push(customers as f64);
        }
        let kinds = Arc::new(Float64Array::from(kinds));
        Ok(vec![
            SingleRowListArrayBuilder::new(kinds).build_list_scalar(),
        ])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let Ok(fit) = K::fit(&self.customers) else {
            return ScalarValue::try_from(&DataType::Struct(self.fields.clone()));
        };
        let double = |number| Arc::new(Float64Array::from(vec![number])) as ArrayRef;
        let mut columns: Vec<ArrayRef> = fit.model.into_iter().map(double).collect();
        columns.push(double(fit.log_likelihood));
        columns.push(Arc::new(Int64Array::from(vec![fit.customers as i64])));
        let row = StructArray::try_new(self.fields.clone(), columns, None)?;
        Ok(ScalarValue::Struct(Arc::new(row)))
    }

    fn size(&self) -> usize {
        // A node of the map holds eleven kinds and is two thirds full or so.
        let kind = (size_of::<K>() + size_of::<u64>()) * 3 / 2;
        size_of_val(self) + self.customers.len() * kind
    }
}
