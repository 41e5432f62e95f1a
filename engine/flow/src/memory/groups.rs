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
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PhysicalExpr, PlanProperties,
};

type Plan = Arc<dyn ExecutionPlan>;

/// Keeps partial orders from aggregations that come first of two, those too that sorts will bring about.
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

/// Whether it would wait, once its rows came in some order. By one column, rows are in order or not.
fn waits_for_order(plan: &Plan) -> bool {
    let groups = plan.as_any().downcast_ref::<AggregateExec>();
    groups.is_some_and(|groups| {
        let is_first = *groups.mode() == AggregateMode::Partial;
        let has_several = groups.group_expr().expr().len() > 1;
        is_first && has_several && *groups.input_order_mode() != InputOrderMode::Sorted
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

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        above: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        FilterDescription::from_children(above, &self.children())
    }

    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        below: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Plan>> {
        Ok(FilterPushdownPropagation::if_all(below))
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
    use datafusion::prelude::SessionContext;

    use super::super::tests::{bounded, context};
    use super::*;

    fn tight(ours: bool) -> SessionContext {
        let context = context(&bounded(8 << 20), ours);
        let numbers = (0..400_000).map(|row| row * 7919 % 300_007);
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
        let rows = RecordBatch::try_from_iter([("number", numbers)]).expect("a column");
        context.register_batch("t", rows).expect("a table");
        context
    }

    const SQL: &str = "SELECT count(*), sum(times), max(source) FROM (
        SELECT source, number, count(*) AS times
        FROM (SELECT 'till' AS source, number FROM t) GROUP BY source, number)";

    #[tokio::test]
    async fn groups_are_let_go_of_though_a_column_is_the_same_in_all() {
        let as_it_is = tight(false).sql(SQL).await.expect("a query").collect();
        let failed = as_it_is.await;
        let failed = failed.expect_err("DataFusion waits for an order that never changes");
        assert!(
            failed.to_string().contains("GroupedHashAggregateStream"),
            "{failed}"
        );
        let rows = tight(true).sql(SQL).await.expect("a query");
        let rows = rows.collect().await.expect("rows");
        let told = pretty_format_batches(&rows).expect("a table").to_string();
        assert!(
            told.contains("| 300007") && told.contains("| 400000"),
            "{told}"
        );
    }
}
