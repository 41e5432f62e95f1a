//! A sample of rows by what names them: whether a row belongs to it hangs on the values of some columns and a seed,
//! not on where the row lies or who asks. So a table and its rebuild are sampled alike, and tables that share a column
//! hold the same of its values.

use std::any::Any;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use datafusion::arrow::compute::{cast, filter_record_batch};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::ident;
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use crate::error::{Error, Result};

/// How much of the rows, and which.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sample {
    percent: f64,
    seed: u32,
}

impl Sample {
    /// About `percent` of all keys, which ones by `seed`.
    ///
    /// Fails with *invalid* unless `percent` is more than 0 and at most 100.
    pub fn new(percent: f64, seed: u32) -> Result<Self> {
        if percent > 0.0 && percent <= 100.0 {
            return Ok(Self { percent, seed });
        }
        let message = format!("a sample cannot be {percent}% of the rows");
        Err(Error::invalid(message).with_hint("say more than 0% and at most 100%"))
    }

    /// How much of the keys, from 0 to 100.
    pub fn percent(&self) -> f64 {
        self.percent
    }

    /// What says which keys.
    pub fn seed(&self) -> u32 {
        self.seed
    }

    /// Whether the values of these columns are in the sample.
    pub fn holds(&self, columns: &[String]) -> Expr {
        self.holds_values(columns, columns.iter().map(ident).collect())
    }

    /// Whether what `values` come to would be in the sample, if columns of these names held it.
    pub fn holds_values(&self, columns: &[String], values: Vec<Expr>) -> Expr {
        let sampled = Sampled {
            signature: Signature::any(columns.len(), Volatility::Immutable),
            hashed: self.hashed(columns),
        };
        ScalarUDF::from(sampled).call(values)
    }

    /// The rows whose values of these columns are in the sample, and for each row whether it is.
    pub fn of(
        &self,
        rows: &RecordBatch,
        columns: &[String],
    ) -> Result<(RecordBatch, BooleanArray)> {
        let mut values = Vec::with_capacity(columns.len());
        for column in columns {
            values.push(rows.column(rows.schema().index_of(column)?).clone());
        }
        let is_held = self.hashed(columns).holds(&values, rows.num_rows())?;
        Ok((filter_record_batch(rows, &is_held)?, is_held))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of 2^64, which saturates at the whole"
    )]
    fn hashed(&self, columns: &[String]) -> Hashed {
        Hashed {
            columns: columns.to_vec(),
            seed: self.seed.into(),
            greatest: (self.percent / 100.0 * 2f64.powi(64)) as u64,
        }
    }
}

/// Columns whose values are hashed, and the hashes that are in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Hashed {
    columns: Vec<String>,
    seed: u64,
    /// The greatest hash that is in.
    greatest: u64,
}

impl Hashed {
    /// By name and as text, so that neither the order of columns nor the width of a number matters. What is null says
    /// nothing.
    fn holds(&self, values: &[ArrayRef], rows: usize) -> QueryResult<BooleanArray> {
        let mut texts: Vec<(&str, StringArray)> = Vec::with_capacity(values.len());
        for (column, values) in self.columns.iter().zip(values) {
            let text = cast(values, &DataType::Utf8)?;
            texts.push((column, text.as_string::<i32>().clone()));
        }
        texts.sort_by_key(|(column, _)| *column);
        let is_held = (0..rows).map(|row| Some(self.hash(&texts, row) <= self.greatest));
        Ok(is_held.collect())
    }

    fn hash(&self, texts: &[(&str, StringArray)], row: usize) -> u64 {
        let mut hash = Xxh3::with_seed(self.seed);
        for (column, texts) in texts.iter().filter(|(_, texts)| texts.is_valid(row)) {
            for part in [*column, texts.value(row)] {
                hash.update(&(part.len() as u64).to_le_bytes());
                hash.update(part.as_bytes());
            }
        }
        hash.digest()
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Sampled {
    signature: Signature,
    hashed: Hashed,
}

impl ScalarUDFImpl for Sampled {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &'static str {
        "sampled"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> QueryResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let rows = arguments.number_rows;
        let values = arguments.args.iter().map(|value| value.to_array(rows));
        let values: Vec<ArrayRef> = values.collect::<QueryResult<_>>()?;
        let is_held = self.hashed.holds(&values, rows)?;
        Ok(ColumnarValue::Array(std::sync::Arc::new(is_held)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{Int32Array, Int64Array};

    use super::*;

    fn names(columns: &[&str]) -> Vec<String> {
        columns.iter().map(ToString::to_string).collect()
    }

    fn held(sample: Sample, columns: &[(&str, ArrayRef)]) -> BooleanArray {
        let rows = RecordBatch::try_from_iter(columns.to_vec()).expect("rows");
        let columns: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let (kept, is_held) = sample.of(&rows, &names(&columns)).expect("a sample");
        assert_eq!(kept.num_rows(), is_held.true_count());
        is_held
    }

    fn numbers() -> ArrayRef {
        Arc::new(Int32Array::from_iter_values(0..10_000))
    }

    #[test]
    fn a_sample_holds_its_share_and_other_seeds_hold_others() {
        let sample = |percent, seed| Sample::new(percent, seed).expect("a sample");
        let first = held(sample(5.0, 1), &[("a", numbers())]);
        assert!(
            (400..600).contains(&first.true_count()),
            "{}",
            first.true_count()
        );
        assert_eq!(first, held(sample(5.0, 1), &[("a", numbers())]));
        assert_ne!(first, held(sample(5.0, 2), &[("a", numbers())]));
        let whole = held(sample(100.0, 1), &[("a", numbers())]);
        assert_eq!(whole.true_count(), 10_000);
        // A larger one of the same seed holds what the smaller one does.
        let wider = held(sample(50.0, 1), &[("a", numbers())]);
        assert!(
            first
                .iter()
                .zip(&wider)
                .all(|(few, many)| few <= many || many == Some(true))
        );
    }

    #[test]
    fn neither_the_order_of_columns_nor_the_width_of_numbers_matters() {
        let sample = Sample::new(30.0, 7).expect("a sample");
        let wide: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10_000));
        let other: ArrayRef = Arc::new(Int64Array::from_iter_values((0..10_000).rev()));
        let one = held(sample, &[("a", numbers()), ("b", other.clone())]);
        let same = held(sample, &[("b", other), ("a", wide)]);
        assert_eq!(one, same);
    }

    #[test]
    fn nothing_and_more_than_all_are_no_samples() {
        for percent in [0.0, -1.0, 100.1, f64::NAN, f64::INFINITY] {
            assert!(Sample::new(percent, 1).is_err(), "{percent}");
        }
        assert!(Sample::new(0.01, 1).is_ok());
    }
}
