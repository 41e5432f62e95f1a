//! The distinct values of a person, the most frequent first.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::Field;
use rayon::prelude::*;

use super::candidates::Order;
use super::choose::newest;
use super::values::Values;
use crate::error::{Result, same_length};

/// For each person a list of candidate rows, possibly empty.
#[derive(Debug, Clone)]
pub struct RowLists {
    pub offsets: OffsetBuffer<i32>,
    pub rows: UInt32Array,
}

/// For each person the rows of its `n` most frequent distinct values: by how many rows say so, then newest. Each
/// value is represented by the newest row that says it.
///
/// # Errors
/// As [`super::choose`].
pub fn top(order: &Order, columns: &[ArrayRef], n: usize) -> Result<RowLists> {
    let values = Values::of(columns, order.len())?;
    let persons = (0..order.persons()).into_par_iter().with_min_len(1024);
    let lists: Vec<Vec<u32>> = persons
        .map(|person| {
            let rows = order.rows(person).iter().copied();
            ranked(
                order,
                &values,
                rows.filter(|row| values.exist(*row)).collect(),
            )
            .take(n)
            .collect()
        })
        .collect();
    Ok(RowLists {
        offsets: OffsetBuffer::from_lengths(lists.iter().map(Vec::len)),
        rows: lists.into_iter().flatten().collect::<Vec<u32>>().into(),
    })
}

/// One row for each distinct value among `rows`, the most frequent value first.
pub(super) fn ranked(
    order: &Order,
    values: &Values,
    mut rows: Vec<u32>,
) -> impl Iterator<Item = u32> {
    let mut ranked: Vec<(Reverse<usize>, u32)> = Vec::with_capacity(rows.len());
    if let [only] = rows.as_slice() {
        ranked.push((Reverse(1), *only));
    } else {
        let place = |row: u32| order.place[row as usize];
        rows.sort_unstable_by(|a, b| {
            values
                .compare(*a, *b)
                .then_with(|| place(*a).cmp(&place(*b)))
        });
        let runs = rows.chunk_by(|a, b| values.compare(*a, *b).is_eq());
        ranked.extend(runs.map(|run| (Reverse(run.len()), run[0])));
        ranked.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| newest(order, values, a.1, b.1)));
    }
    ranked.into_iter().map(|(_, row)| row)
}

impl RowLists {
    /// The lists of a column's values in these rows. The element is named `item`.
    ///
    /// # Errors
    /// When the column is shorter than the rows require.
    pub fn take(&self, column: &ArrayRef) -> Result<ListArray> {
        let most = self.rows.values().iter().map(|row| *row as usize + 1).max();
        let needed = most.unwrap_or(0);
        same_length("column", needed.max(column.len()), column.len())?;
        let items = take(column, &self.rows, None).expect("row numbers were checked");
        let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
        Ok(ListArray::new(field, self.offsets.clone(), items, None))
    }
}
