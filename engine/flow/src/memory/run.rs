//! Rows in memory, sorted by threads together and gathered some at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalSortExpr;
use rayon::prelude::*;

/// Rows in an order, which are handed on some at a time.
pub struct Run {
    batches: Vec<RecordBatch>,
    places: Vec<Place>,
    rows_at_once: usize,
    handed: usize,
    ready: VecDeque<Result<RecordBatch>>,
}

impl Run {
    /// What a row takes while a run of it is sorted, in bytes and besides the row, about: its key, its place, its turn.
    pub const ROW_BYTES: usize = 96;

    /// The rows by `order`; equal ones stay in theirs.
    pub fn of(
        batches: Vec<RecordBatch>,
        order: &[PhysicalSortExpr],
        rows_at_once: usize,
    ) -> Result<Self> {
        Ok(Self {
            places: places(&batches, order)?,
            batches,
            rows_at_once,
            handed: 0,
            ready: VecDeque::new(),
        })
    }

    /// Gathers the next rows, on all threads.
    fn gather(&mut self) {
        let rest = &self.places[self.handed..];
        let some = &rest[..rest
            .len()
            .min(self.rows_at_once * rayon::current_num_threads())];
        self.handed += some.len();
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let gathered = some.par_chunks(self.rows_at_once);
        let gathered: Vec<_> = gathered
            .map(|places| compact(&interleave_record_batch(&batches, places)?))
            .collect();
        self.ready.extend(gathered);
    }
}

impl Iterator for Run {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty() {
            self.gather();
        }
        self.ready.pop_front()
    }
}

/// The same rows with texts of their own: views would keep, and write down, those of all batches.
fn compact(rows: &RecordBatch) -> Result<RecordBatch> {
    let columns = rows
        .columns()
        .iter()
        .map(|column| match column.data_type() {
            DataType::Utf8View => Arc::new(column.as_string_view().gc()) as ArrayRef,
            DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
            _ => Arc::clone(column),
        });
    let count = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    let schema = rows.schema();
    Ok(RecordBatch::try_new_with_options(
        schema,
        columns.collect(),
        &count,
    )?)
}

/// Batch and row.
type Place = (usize, usize);

/// Where the rows lie, in the order.
fn places(batches: &[RecordBatch], order: &[PhysicalSortExpr]) -> Result<Vec<Place>> {
    let rows = |(number, batch): (usize, &RecordBatch)| {
        (0..batch.num_rows()).map(move |row| (number, row))
    };
    let places: Vec<Place> = batches.iter().enumerate().flat_map(rows).collect();
    let (Some(first), false) = (batches.first(), order.is_empty()) else {
        return Ok(places);
    };
    let schema = first.schema();
    let fields = order.iter().map(|by| {
        let data_type = by.expr.data_type(&schema)?;
        Ok(SortField::new_with_options(data_type, by.options))
    });
    let converter = RowConverter::new(fields.collect::<Result<_>>()?)?;
    let mut keys = converter.empty_rows(0, 0);
    for batch in batches {
        let columns = order.iter().map(|by| {
            let column = by.expr.evaluate(batch)?;
            column.into_array(batch.num_rows())
        });
        let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
        converter.append(&mut keys, &columns)?;
    }
    // Most keys differ in their first bytes, which are at hand.
    let begin = |row: usize| {
        let key = keys.row(row);
        let mut bytes = [0; 8];
        let length = key.data().len().min(bytes.len());
        bytes[..length].copy_from_slice(&key.data()[..length]);
        u64::from_be_bytes(bytes)
    };
    let mut order: Vec<(u64, usize)> = (0..places.len()).map(|row| (begin(row), row)).collect();
    order.par_sort_unstable_by(|(a, a_row), (b, b_row)| {
        let rest = || keys.row(*a_row).cmp(&keys.row(*b_row));
        a.cmp(b).then_with(rest).then_with(|| a_row.cmp(b_row))
    });
    Ok(order.into_iter().map(|(_, row)| places[row]).collect())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Int64Array, StringArray};
    use datafusion::arrow::datatypes::Int64Type;

    use super::super::order_by;
    use super::*;

    /// A text that is null now and then, and a number of its own, in no order.
    fn batch(from: i64, to: i64) -> RecordBatch {
        let numbers = (from..to).map(|number| number * 7919 % 10_007);
        let texts = numbers.clone().map(|number| {
            (number % 5 != 0).then(|| format!("{}{}", "same beginning ", number % 100))
        });
        let texts: StringArray = texts.collect();
        let numbers = Int64Array::from_iter_values(numbers);
        RecordBatch::try_from_iter_with_nullable([
            ("text", Arc::new(texts) as ArrayRef, true),
            ("number", Arc::new(numbers), false),
        ])
        .expect("columns of a length")
    }

    type Row = (Option<String>, i64);

    fn rows(batch: &RecordBatch) -> Vec<Row> {
        let texts = batch.column(0).as_string::<i32>().iter();
        let numbers = batch.column(1).as_primitive::<Int64Type>().values().iter();
        let rows = texts.zip(numbers);
        rows.map(|(text, number)| (text.map(str::to_owned), *number))
            .collect()
    }

    #[test]
    fn batches_are_sorted_as_one() {
        let batches: Vec<RecordBatch> = (0..40).map(|at| batch(at * 200, at * 200 + 200)).collect();
        let mut expected: Vec<Row> = batches.iter().flat_map(rows).collect();
        expected.sort();
        let schema = batches[0].schema();
        let order = order_by(&schema, &["text", "number", "text"]).expect("columns");
        assert_eq!(order.len(), 2);
        let run = Run::of(batches, &order, 300).expect("rows to sort");
        let sorted: Vec<RecordBatch> = run.collect::<Result<_>>().expect("rows");
        assert!(sorted.iter().all(|batch| batch.num_rows() <= 300));
        let sorted: Vec<Row> = sorted.iter().flat_map(rows).collect();
        assert_eq!(sorted, expected);
    }

    #[test]
    fn without_an_order_rows_stay_as_they_are() {
        let run = Run::of(vec![batch(0, 10), batch(10, 20)], &[], 15).expect("nothing to sort");
        let same: Vec<RecordBatch> = run.collect::<Result<_>>().expect("rows");
        let same: Vec<Row> = same.iter().flat_map(rows).collect();
        assert_eq!(same, rows(&batch(0, 20)));
    }

    #[test]
    fn no_rows_are_no_batches() {
        let run = Run::of(Vec::new(), &[], 1).expect("nothing to sort");
        assert_eq!(run.count(), 0);
    }
}
