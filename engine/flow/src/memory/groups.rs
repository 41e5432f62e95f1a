//! Groups that can be let go of. An aggregation that comes first of two hands on what it holds when it is refused memory,
//! unless its rows come in an order of some of the columns that it groups by: then DataFusion 53 waits for the end of what
//! is equal in them, and fails where that does not come. A column that is the same in all rows is such an order. So the
//! order is kept from it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use datafusion::common::Statistics;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PlanProperties,
};

type Plan = Arc<dyn ExecutionPlan>;

/// Keeps partial orders from aggregations that come first of two.
#[derive(Debug)]
pub struct YieldingGroups;

impl PhysicalOptimizerRule for YieldingGroups {
    fn optimize(&self, plan: Plan, _: &ConfigOptions) -> Result<Plan> {
        plan.transform_up(|plan| {
            if !waits_for_order(&plan) {
                return Ok(Transformed::no(plan));
            }
            let unordered = plan.children().into_iter().map(Unordered::over).collect();
            plan.with_new_children(unordered).map(Transformed::yes)
        })
        .data()
    }

    fn name(&self) -> &str {
        "yielding_groups"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn waits_for_order(plan: &Plan) -> bool {
    plan.as_any()
        .downcast_ref::<AggregateExec>()
        .is_some_and(|groups| {
            let is_first = *groups.mode() == AggregateMode::Partial;
            is_first
                && matches!(
                    groups.input_order_mode(),
                    InputOrderMode::PartiallySorted(_)
                )
        })
}

/// The rows of a plan, in whatever order.
#[derive(Debug)]
struct Unordered {
    input: Plan,
    properties: Arc<PlanProperties>,
}

impl Unordered {
    fn over(input: &Plan) -> Plan {
        let known = input.properties();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            known.partitioning.clone(),
            known.emission_type,
            known.boundedness,
        );
        Arc::new(Self {
            input: Arc::clone(input),
            properties: Arc::new(properties),
        })
    }
}

impl DisplayAs for Unordered {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Unordered")
    }
}

impl ExecutionPlan for Unordered {
    fn name(&self) -> &str {
        "Unordered"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Plan> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Plan>) -> Result<Plan> {
        Ok(children.first().map_or(self as Plan, Self::over))
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Statistics> {
        self.input.partition_statistics(partition)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::execution::memory_pool::MemoryPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::super::{BoundedPool, batch_rows, rules};
    use super::*;

    fn context(rules: Option<Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>>) -> SessionContext {
        let memory: Arc<dyn MemoryPool> = Arc::new(BoundedPool::new(8 << 20));
        let config = SessionConfig::new().with_target_partitions(2);
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::clone(&memory));
        let state = SessionStateBuilder::new()
            .with_config(config.with_batch_size(batch_rows(&memory)))
            .with_runtime_env(Arc::new(runtime.build().expect("a runtime")))
            .with_default_features();
        let state = match rules {
            Some(rules) => state.with_physical_optimizer_rules(rules),
            None => state,
        };
        let context = SessionContext::new_with_state(state.build());
        let numbers = (0..400_000).map(|row| row * 7919 % 300_007);
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
        let rows = RecordBatch::try_from_iter([("number", numbers)]).expect("a column");
        context.register_batch("t", rows).expect("a table");
        context
    }

    const GROUPS: &str = "SELECT source, number, count(*) AS times
        FROM (SELECT 'till' AS source, number FROM t) GROUP BY source, number";

    #[tokio::test]
    async fn groups_are_let_go_of_though_a_column_is_the_same_in_all() {
        let memory: Arc<dyn MemoryPool> = Arc::new(BoundedPool::new(8 << 20));
        let sql = format!("SELECT count(*), sum(times), max(source) FROM ({GROUPS})");
        let as_it_is = context(None).sql(&sql).await.expect("a query").collect();
        let failed = as_it_is
            .await
            .expect_err("DataFusion waits for an order that never changes");
        assert!(
            failed.to_string().contains("GroupedHashAggregateStream"),
            "{failed}"
        );
        let rows = context(Some(rules(&memory)))
            .sql(&sql)
            .await
            .expect("a query");
        let rows = rows.collect().await.expect("rows");
        let told = pretty_format_batches(&rows).expect("a table").to_string();
        assert!(
            told.contains("| 300007") && told.contains("| 400000"),
            "{told}"
        );
    }
}
