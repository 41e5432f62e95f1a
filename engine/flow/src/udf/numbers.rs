//! Arguments that are numbers: of any numeric type, decimals included, taken as doubles.

use datafusion::arrow::array::{Array, ArrayRef, Float64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_float64_array;
use datafusion::common::{Result, plan_err};

/// The types that arguments become: a double for each of `names`, or an error of the planner.
pub fn doubles(function: &str, names: &[&str], types: &[DataType]) -> Result<Vec<DataType>> {
    if names.len() != types.len() {
        let list = names.join(", ");
        return plan_err!("{function}: wrong number of arguments; write {function}({list})");
    }
    for (name, found) in names.iter().zip(types) {
        if !found.is_numeric() && *found != DataType::Null {
            return plan_err!("{function}: {name} must be a number, not {found}");
        }
    }
    Ok(vec![DataType::Float64; types.len()])
}

/// Columns of doubles, read row by row.
pub struct Rows<'a> {
    columns: Vec<&'a Float64Array>,
}

impl<'a> Rows<'a> {
    pub fn new(columns: &'a [ArrayRef]) -> Result<Self> {
        let columns = columns.iter().map(|column| as_float64_array(column));
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
        })
    }

    /// Each row in turn; none where a number is NULL.
    pub fn iter<const N: usize>(&self) -> impl Iterator<Item = Option<[f64; N]>> + '_ {
        let rows = self.columns.first().map_or(0, |column| column.len());
        (0..rows).map(|row| {
            let known = self.columns.iter().all(|column| column.is_valid(row));
            known.then(|| std::array::from_fn(|at| self.columns[at].value(row)))
        })
    }
}
