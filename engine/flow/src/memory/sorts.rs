//! Sorts that need no more memory than they get. DataFusion 53's sort merges what it holds in memory too, for which it
//! needs twice as much again, and fails where that is refused. Ours sorts a run, writes it down when no more fits, and has
//! DataFusion merge what lies on disk, which takes as many runs at a time as memory allows.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use c360_catalog::size_bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Statistics;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, LexOrdering};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput, SpillMetrics,
};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::streaming_merge::{SortedSpillFile, StreamingMergeBuilder};
use datafusion::physical_plan::spill::SpillManager;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{StreamExt, TryStreamExt, stream};

use crate::held::with_schema;

use super::pool::BoundedPool;
use super::run::Run;

type Plan = Arc<dyn ExecutionPlan>;

/// Has rows sorted by us, but for the first few of an order.
#[derive(Debug)]
pub struct SpillingSorts;

impl PhysicalOptimizerRule for SpillingSorts {
    fn optimize(&self, plan: Plan, _: &ConfigOptions) -> Result<Plan> {
        plan.transform_up(|plan| {
            let Some(sort) = plan.as_any().downcast_ref::<SortExec>() else {
                return Ok(Transformed::no(plan));
            };
            if sort.fetch().is_some() {
                return Ok(Transformed::no(plan));
            }
            Ok(Transformed::yes(SpillingSort::in_place_of(sort)))
        })
        .data()
    }

    fn name(&self) -> &str {
        "spilling_sorts"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What a [`SortExec`] does, within the memory that there is.
#[derive(Debug)]
struct SpillingSort {
    input: Plan,
    order: LexOrdering,
    /// The sort whose place it takes; what it says of its rows holds here too.
    planned: Plan,
    metrics: ExecutionPlanMetricsSet,
}

impl SpillingSort {
    fn in_place_of(sort: &SortExec) -> Plan {
        Arc::new(Self {
            input: Arc::clone(sort.input()),
            order: sort.expr().clone(),
            planned: Arc::new(sort.clone()),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }
}

impl DisplayAs for SpillingSort {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SpillingSort: [{}]", self.order)
    }
}

impl ExecutionPlan for SpillingSort {
    fn name(&self) -> &str {
        "SpillingSort"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.planned.properties()
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        self.planned.required_input_distribution()
    }

    fn children(&self) -> Vec<&Plan> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Plan>) -> Result<Plan> {
        let planned = Arc::clone(&self.planned).with_new_children(children)?;
        Ok(match planned.as_any().downcast_ref::<SortExec>() {
            Some(sort) => Self::in_place_of(sort),
            None => planned,
        })
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Statistics> {
        self.planned.partition_statistics(partition)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, Arc::clone(&context))?;
        let environment = context.runtime_env();
        let schema = self.schema();
        let sorter = Sorter {
            schema: Arc::clone(&schema),
            order: self.order.clone(),
            batch_rows: context.session_config().batch_size(),
            memory: BoundedPool::sort(&environment.memory_pool, partition),
            disk: SpillManager::new(
                environment,
                SpillMetrics::new(&self.metrics, partition),
                Arc::clone(&schema),
            ),
            metrics: BaselineMetrics::new(&self.metrics, partition),
            run: Vec::new(),
            written: Vec::new(),
        };
        let sorted = stream::once(sorter.sort(rows)).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, sorted)))
    }
}

/// Rows that are being sorted.
struct Sorter {
    schema: SchemaRef,
    order: LexOrdering,
    batch_rows: usize,
    memory: MemoryReservation,
    disk: SpillManager,
    metrics: BaselineMetrics,
    /// What is held.
    run: Vec<RecordBatch>,
    /// The runs that were written down.
    written: Vec<SortedSpillFile>,
}

impl Sorter {
    async fn sort(
        mut self,
        mut rows: SendableRecordBatchStream,
    ) -> Result<SendableRecordBatchStream> {
        while let Some(batch) = rows.next().await.transpose()? {
            if batch.num_rows() > 0 {
                self.add(batch)?;
            }
        }
        drop(rows);
        if self.written.is_empty() {
            return self.hold();
        }
        self.write_down()?;
        self.merge()
    }

    fn add(&mut self, batch: RecordBatch) -> Result<()> {
        let bytes = size_bytes(&batch) + batch.num_rows() * Run::ROW_BYTES;
        if self.memory.try_grow(bytes).is_err() {
            self.write_down()?;
            self.memory.grow(bytes);
        }
        // The rows of a union may be told by schemas of their own.
        self.run.push(with_schema(batch, &self.schema)?);
        Ok(())
    }

    /// Sorts what is held and writes it down.
    fn write_down(&mut self) -> Result<()> {
        let mut run = self.sorted()?;
        let mut file = self.disk.create_in_progress_file("sorted rows")?;
        let largest = run.try_fold(0, |largest, batch| {
            let batch = batch?;
            file.append_batch(&batch)?;
            Ok::<_, DataFusionError>(largest.max(size_bytes(&batch)))
        })?;
        if let Some(file) = file.finish()? {
            self.written.push(SortedSpillFile {
                file,
                max_record_batch_memory: largest,
            });
        }
        self.memory.free();
        Ok(())
    }

    fn sorted(&mut self) -> Result<Run> {
        let timer = self.metrics.elapsed_compute().timer();
        let run = Run::of(std::mem::take(&mut self.run), &self.order, self.batch_rows);
        timer.done();
        run
    }

    /// Everything, from memory, which is given back at the end.
    fn hold(mut self) -> Result<SendableRecordBatchStream> {
        let run = self.sorted()?;
        let schema = Arc::clone(&self.schema);
        let rows = stream::unfold((run, self), |(mut run, held)| async move {
            let batch = run.next()?.record_output(&held.metrics);
            Some((batch, (run, held)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }

    /// Everything, from disk.
    fn merge(mut self) -> Result<SendableRecordBatchStream> {
        // Room for two runs is never refused, if they need about the same.
        let largest = self.written.iter().map(|run| run.max_record_batch_memory);
        let largest = largest.max().unwrap_or(0);
        for run in &mut self.written {
            run.max_record_batch_memory = largest;
        }
        StreamingMergeBuilder::new()
            .with_sorted_spill_files(self.written)
            .with_spill_manager(self.disk)
            .with_schema(self.schema)
            .with_expressions(&self.order)
            .with_metrics(self.metrics)
            .with_batch_size(self.batch_rows)
            .with_reservation(self.memory)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray};
    use datafusion::arrow::compute::concat_batches;
    use datafusion::execution::memory_pool::MemoryPool;
    use datafusion::physical_plan::collect;
    use datafusion::prelude::SessionContext;

    use super::super::tests::{bounded, context, unbounded};
    use super::*;

    fn rows() -> RecordBatch {
        let numbers = (0..200_000).map(|row| row * 7919 % 100_003);
        let texts = numbers.clone().map(|number| {
            let text = format!("a text that is as long as an address {}", number % 1_000);
            (number % 13 != 0).then_some(text)
        });
        let texts: ArrayRef = Arc::new(texts.collect::<StringArray>());
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
        RecordBatch::try_from_iter_with_nullable([
            ("text", texts, true),
            ("number", numbers, false),
        ])
        .expect("columns")
    }

    fn table(memory: &Arc<dyn MemoryPool>, ours: bool) -> SessionContext {
        let context = context(memory, ours);
        context.register_batch("t", rows()).expect("a table");
        context
    }

    /// The rows, and how many of them were written down on the way.
    async fn answer(context: &SessionContext, sql: &str) -> (RecordBatch, usize) {
        let frame = context.sql(sql).await.expect("a query");
        let plan = frame.create_physical_plan().await.expect("a plan");
        let rows = collect(Arc::clone(&plan), context.task_ctx()).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let mut spilled = 0;
        let mut rest = vec![plan];
        while let Some(plan) = rest.pop() {
            if plan.name() == "SpillingSort" {
                spilled += plan
                    .metrics()
                    .and_then(|all| all.spilled_rows())
                    .unwrap_or(0);
            }
            rest.extend(plan.children().into_iter().cloned());
        }
        let rows = concat_batches(&rows[0].schema(), &rows);
        (rows.expect("rows of a schema"), spilled)
    }

    #[tokio::test]
    async fn what_has_no_room_is_written_down_and_comes_in_the_same_order() {
        let tight = table(&bounded(8 << 20), true);
        for sql in [
            "SELECT * FROM t ORDER BY text DESC NULLS LAST, number",
            "SELECT * FROM t ORDER BY number % 7 DESC, text NULLS FIRST, number DESC",
            "SELECT substr(text, 3) AS text, number FROM t ORDER BY number, text",
            "SELECT number, text FROM t UNION ALL SELECT number + 1, 'b' FROM t ORDER BY number, text",
        ] {
            let (expected, _) = answer(&table(&unbounded(), false), sql).await;
            let (held, spilled) = answer(&table(&unbounded(), true), sql).await;
            assert!(held == expected, "{sql}: other rows");
            assert_eq!(spilled, 0, "{sql}");
            let (merged, spilled) = answer(&tight, sql).await;
            assert!(merged == expected, "{sql}: other rows, merged");
            assert!(spilled >= expected.num_rows(), "{sql}: {spilled}");
        }
        assert_eq!(tight.runtime_env().memory_pool.reserved(), 0);
    }
}
