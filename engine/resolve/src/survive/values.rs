//! The columns of one field, compared row by row whatever their types.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, DynComparator, make_comparator};
use arrow::compute::SortOptions;

use crate::error::{Error, Result, same_length};

/// The members of a field: one column, or several that survive together.
pub(super) struct Values<'a> {
    columns: &'a [ArrayRef],
    comparators: Vec<DynComparator>,
}

impl<'a> Values<'a> {
    pub fn of(columns: &'a [ArrayRef], rows: usize) -> Result<Self> {
        let mut comparators = Vec::with_capacity(columns.len());
        for column in columns {
            same_length("values", rows, column.len())?;
            let comparator = make_comparator(column, column, SortOptions::default());
            comparators.push(comparator.map_err(|_| Error::Type {
                column: "values",
                found: column.data_type().to_string(),
                expected: "a type whose values can be compared",
            })?);
        }
        Ok(Self {
            columns,
            comparators,
        })
    }

    /// True when any member is there.
    pub fn exist(&self, row: u32) -> bool {
        self.columns
            .iter()
            .any(|column| column.is_valid(row as usize))
    }

    /// How many members are there.
    pub fn count(&self, row: u32) -> usize {
        self.columns
            .iter()
            .filter(|column| column.is_valid(row as usize))
            .count()
    }

    pub fn compare(&self, a: u32, b: u32) -> Ordering {
        let orders = self
            .comparators
            .iter()
            .map(|compare| compare(a as usize, b as usize));
        orders
            .into_iter()
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}
