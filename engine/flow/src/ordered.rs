//! Rows in an order, run by run: as many as memory allows are sorted at once, so that a table which fits is sorted as
//! a whole and a larger one in long runs. Nothing is spilled: whoever reads such a table looks into each run.
//!
//! What feeds the rows needs memory too, so a run takes no more than a quarter of what there is.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use c360_catalog::size_bytes;
use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::{interleave_record_batch, take_record_batch};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, TryStreamExt, stream};
use rayon::prelude::*;

/// A run takes no more than this, whatever there is.
const RUN_BYTES: usize = 2 << 30;
/// What sorting takes for a row besides the row, about: its key, its place, its turn.
const ROW_BYTES: usize = 96;
/// Rows that are handed on at once.
const ROWS: usize = 32 << 10;

/// The rows of a stream by `columns`, ascending and nulls first, within each run.
pub fn ordered(
    rows: SendableRecordBatchStream,
    columns: &[&str],
    memory: &Arc<dyn MemoryPool>,
) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let share = match memory.memory_limit() {
        MemoryLimit::Finite(bytes) => bytes / 4,
        MemoryLimit::Infinite | MemoryLimit::Unknown => RUN_BYTES,
    };
    let consumer = MemoryConsumer::new("rows to be sorted");
    let runs = Runs {
        run_bytes: share.min(RUN_BYTES),
        rows,
        next: None,
        columns: columns.iter().map(ToString::to_string).collect(),
        memory: consumer.register(memory),
    };
    let sorted = stream::try_unfold(runs, |mut runs| async move {
        let run = runs.run().await?;
        Ok::<_, DataFusionError>(run.map(|run| (run, runs)))
    });
    let batches = sorted.map_ok(stream::iter).try_flatten();
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

/// A stream that is cut into runs.
struct Runs {
    rows: SendableRecordBatchStream,
    /// The batch that the last run had no room for.
    next: Option<RecordBatch>,
    columns: Vec<String>,
    memory: MemoryReservation,
    run_bytes: usize,
}

impl Runs {
    async fn run(&mut self) -> Result<Option<Run>> {
        self.memory.free();
        let mut batches: Vec<RecordBatch> = Vec::new();
        if let Some(first) = self.next.take() {
            self.has_room(&first);
            batches.push(first);
        }
        while let Some(batch) = self.rows.next().await.transpose()? {
            if !self.has_room(&batch) && !batches.is_empty() {
                self.next = Some(batch);
                break;
            }
            batches.push(batch);
        }
        if batches.is_empty() {
            return Ok(None);
        }
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let places = places(&batches, &columns)?;
        Ok(Some(Run {
            batches,
            places,
            handed: 0,
            ready: VecDeque::new(),
        }))
    }
}

impl Runs {
    /// Takes the memory that a batch needs, if it is to be had.
    fn has_room(&mut self, batch: &RecordBatch) -> bool {
        let bytes = size_bytes(batch) + batch.num_rows() * ROW_BYTES;
        self.memory.size() + bytes <= self.run_bytes && self.memory.try_grow(bytes).is_ok()
    }
}

/// Rows of a run, and the order in which they are handed on.
struct Run {
    batches: Vec<RecordBatch>,
    places: Vec<Place>,
    handed: usize,
    ready: VecDeque<Result<RecordBatch>>,
}

impl Run {
    /// Gathers the next rows, on all threads.
    fn gather(&mut self) {
        let rest = &self.places[self.handed..];
        let some = &rest[..rest.len().min(ROWS * rayon::current_num_threads())];
        self.handed += some.len();
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let gathered = some.par_chunks(ROWS);
        let gathered: Vec<_> = gathered
            .map(|places| Ok(interleave_record_batch(&batches, places)?))
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

/// The rows of a batch by `columns`, ascending and nulls first.
pub fn sorted(rows: &RecordBatch, columns: &[&str]) -> Result<RecordBatch> {
    let places = places(std::slice::from_ref(rows), columns)?;
    let order: UInt32Array = places
        .iter()
        .map(|(_, row)| *row as u32)
        .collect::<Vec<_>>()
        .into();
    Ok(take_record_batch(rows, &order)?)
}

/// Batch and row.
type Place = (usize, usize);

/// Where the rows lie, in the order of `columns`; equal ones stay in theirs.
fn places(batches: &[RecordBatch], columns: &[&str]) -> Result<Vec<Place>> {
    let schema = batches[0].schema();
    let columns = columns.iter().map(|column| schema.index_of(column));
    let mut columns: Vec<usize> = columns.collect::<std::result::Result<_, _>>()?;
    let mut named = HashSet::new();
    columns.retain(|column| named.insert(*column));
    let types = columns
        .iter()
        .map(|column| schema.field(*column).data_type());
    let fields = types.map(|data_type| SortField::new(data_type.clone()));
    let converter = RowConverter::new(fields.collect())?;
    let mut keys = converter.empty_rows(0, 0);
    let mut places = Vec::new();
    for (number, batch) in batches.iter().enumerate() {
        converter.append(&mut keys, batch.project(&columns)?.columns())?;
        places.extend((0..batch.num_rows()).map(|row| (number, row)));
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
    use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
    use datafusion::arrow::datatypes::Int64Type;
    use datafusion::execution::memory_pool::GreedyMemoryPool;

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

    async fn runs(memory_bytes: usize) -> Vec<Vec<Row>> {
        let batches: Vec<RecordBatch> = (0..40).map(|at| batch(at * 200, at * 200 + 200)).collect();
        let schema = batches[0].schema();
        let rows_in = RecordBatchStreamAdapter::new(schema, stream::iter(batches).map(Ok));
        let memory: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(memory_bytes));
        let out = ordered(Box::pin(rows_in), &["text", "number"], &memory);
        let out: Vec<RecordBatch> = out.try_collect().await.expect("rows");
        let rows: Vec<Row> = out.iter().flat_map(rows).collect();
        rows.chunk_by(|a, b| a <= b).map(<[Row]>::to_vec).collect()
    }

    #[tokio::test]
    async fn what_fits_is_sorted_as_a_whole() {
        let whole = runs(usize::MAX).await;
        assert_eq!(whole.len(), 1);
        assert_eq!(whole[0].len(), 8000);
    }

    #[tokio::test]
    async fn what_does_not_fit_is_sorted_in_runs() {
        let mut expected = runs(usize::MAX).await.concat();
        for memory_bytes in [0, 40_000] {
            let runs = runs(memory_bytes).await;
            assert!(runs.len() > 1, "{memory_bytes} bytes");
            let mut all = runs.concat();
            all.sort();
            expected.sort();
            assert_eq!(all, expected);
        }
    }

    #[test]
    fn a_batch_is_sorted() {
        let sorted = sorted(&batch(0, 500), &["text", "number"]).expect("rows");
        let mut expected = rows(&batch(0, 500));
        expected.sort();
        assert_eq!(rows(&sorted), expected);
    }
}
