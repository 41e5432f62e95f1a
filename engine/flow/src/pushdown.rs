//! Filters pushed down a physical plan, but not where DataFusion 53 loses them.
//!
//! It finds a filter's columns by name on the way down. Where a node has two columns of one name, as a join of two
//! tables that share one has, the filter may arrive at the other, which it then holds against; and it is gone where it
//! was (`a RIGHT JOIN b … WHERE a.id IS NULL` finds nothing). Through an anti join it may arrive at the side that is left
//! out alone (apache/datafusion#24002). So such nodes are sealed while filters are pushed: nothing comes through from
//! above, while what is below is treated by itself. What the logical plan has pushed before stays where it is.

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use datafusion::common::Statistics;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::JoinType;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

type Plan = Arc<dyn ExecutionPlan>;
type Rule = Arc<dyn PhysicalOptimizerRule + Send + Sync>;

/// The same rules, those that push filters keeping from what loses them.
pub fn sound(rules: Vec<Rule>) -> Vec<Rule> {
    let pushes = |rule: &Rule| rule.name().starts_with("FilterPushdown");
    let rules = rules.into_iter().map(|rule| match pushes(&rule) {
        true => Arc::new(SoundPushdown(rule)) as Rule,
        false => rule,
    });
    rules.collect()
}

/// A rule that pushes filters.
#[derive(Debug)]
struct SoundPushdown(Rule);

impl PhysicalOptimizerRule for SoundPushdown {
    fn optimize(&self, plan: Plan, config: &ConfigOptions) -> Result<Plan> {
        let sealed = plan.transform_up(|node| {
            if !loses_filters(&node) {
                return Ok(Transformed::no(node));
            }
            let inside = self.0.optimize(node, config)?;
            Ok(Transformed::yes(Arc::new(Sealed(inside)) as Plan))
        });
        let pushed = self.0.optimize(sealed.data()?, config)?;
        let open = pushed.transform_down(|node| match node.as_any().downcast_ref::<Sealed>() {
            Some(Sealed(inside)) => Ok(Transformed::yes(Arc::clone(inside))),
            None => Ok(Transformed::no(node)),
        });
        open.data()
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// Whether a filter may not come out right below.
fn loses_filters(node: &Plan) -> bool {
    let schema = node.schema();
    let mut names = HashSet::new();
    let has_twins = !schema
        .fields()
        .iter()
        .all(|field| names.insert(field.name()));
    let join = node.as_any().downcast_ref::<HashJoinExec>();
    let is_anti =
        |join: &HashJoinExec| matches!(join.join_type(), JoinType::LeftAnti | JoinType::RightAnti);
    has_twins || join.is_some_and(is_anti)
}

/// A plan that looks like a leaf.
#[derive(Debug)]
struct Sealed(Plan);

impl DisplayAs for Sealed {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealed")
    }
}

impl ExecutionPlan for Sealed {
    fn name(&self) -> &str {
        "Sealed"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.0.properties()
    }

    fn children(&self) -> Vec<&Plan> {
        Vec::new()
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Plan>) -> Result<Plan> {
        Ok(self)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.0.execute(partition, context)
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Statistics> {
        self.0.partition_statistics(partition)
    }
}
