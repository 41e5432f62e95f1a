//! A stream sorted by person, cut between persons and never within one.

use datafusion::arrow::array::{Array, AsArray, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use futures::{Stream, StreamExt, stream};

use super::candidates::PERSON;

/// The rows of `sorted` in batches that hold all rows of each of their persons.
pub fn whole_persons(
    sorted: SendableRecordBatchStream,
) -> impl Stream<Item = Result<RecordBatch>> + Send {
    let cut = Cut {
        sorted,
        carried: None,
    };
    stream::try_unfold(cut, |mut cut| async move {
        let next = cut.next().await?;
        Ok(next.map(|batch| (batch, cut)))
    })
}

struct Cut {
    sorted: SendableRecordBatchStream,
    carried: Option<RecordBatch>,
}

impl Cut {
    /// All but the last person of what has come so far: more of that one may follow.
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let Some(batch) = self.sorted.next().await else {
                return Ok(self.carried.take());
            };
            let batch = batch?;
            let all = match self.carried.take() {
                None => batch,
                Some(carried) => concat_batches(&batch.schema(), [&carried, &batch])?,
            };
            if all.num_rows() == 0 {
                continue;
            }
            let start = last_person(persons(&all)?);
            self.carried = Some(all.slice(start, all.num_rows() - start));
            if start > 0 {
                return Ok(Some(all.slice(0, start)));
            }
        }
    }
}

/// The column of persons.
pub fn persons(batch: &RecordBatch) -> Result<&StringArray> {
    batch
        .column_by_name(PERSON)
        .and_then(|column| column.as_string_opt::<i32>())
        .ok_or_else(|| internal_datafusion_err!("candidates have no person"))
}

/// Where the rows of the last person begin.
fn last_person(persons: &StringArray) -> usize {
    let last = persons.value(persons.len() - 1);
    (0..persons.len())
        .rev()
        .find(|row| persons.value(*row) != last)
        .map_or(0, |row| row + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::ArrayRef;
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
    use futures::TryStreamExt;
    use std::sync::Arc;

    async fn check(batches: &[&[&str]], expected: &[&[&str]]) {
        let batch = |rows: &&[&str]| {
            let column: ArrayRef = Arc::new(StringArray::from(rows.to_vec()));
            RecordBatch::try_from_iter([(PERSON, column)]).expect("a batch")
        };
        let batches: Vec<_> = batches.iter().map(batch).collect();
        let sorted = RecordBatchStreamAdapter::new(
            batches[0].schema(),
            stream::iter(batches.into_iter().map(Ok)),
        );
        let cut: Vec<RecordBatch> = whole_persons(Box::pin(sorted))
            .try_collect()
            .await
            .expect("rows");
        let found: Vec<Vec<&str>> = cut
            .iter()
            .map(|batch| persons(batch).expect("persons").iter().flatten().collect())
            .collect();
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn a_person_is_never_cut_in_two() {
        check(
            &[&["a", "a", "b"], &["b"], &["b", "c"]],
            &[&["a", "a"], &["b", "b", "b"], &["c"]],
        )
        .await;
    }

    #[tokio::test]
    async fn an_empty_stream_stays_empty() {
        check(&[&[]], &[]).await;
    }
}
