//! Joins within bounds: where the side that a hash join would hold may not fit, both sides are sorted and merged, which
//! spills. A hash join holds its side in memory as a whole and fails where there is no room for it.

use std::sync::Arc;

use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool};
use datafusion::logical_expr::JoinType;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::joins::{HashJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

/// Of the memory that there is, what one join may hold: others run beside it, and what feeds them.
const SHARE: usize = 8;
/// What a row takes in a hash table besides its values, about.
const ROW_BYTES: usize = 32;
/// What a text takes, about.
const TEXT_BYTES: usize = 24;

/// DataFusion's rules, and after it has chosen the joins' sides, ours.
pub fn rules(memory: &Arc<dyn MemoryPool>) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    if let MemoryLimit::Finite(bytes) = memory.memory_limit() {
        let bytes = bytes / SHARE;
        let chosen = rules
            .iter()
            .position(|rule| rule.name() == "join_selection");
        rules.insert(
            chosen.map_or(0, |at| at + 1),
            Arc::new(BoundedJoins { bytes }),
        );
    }
    rules
}

/// Merges what hash joins would hold beyond so many bytes.
#[derive(Debug)]
struct BoundedJoins {
    bytes: usize,
}

impl PhysicalOptimizerRule for BoundedJoins {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| self.bound(plan)).data()
    }

    fn name(&self) -> &str {
        "bounded_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

impl BoundedJoins {
    fn bound(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
        let Some(join) = plan.as_any().downcast_ref::<HashJoinExec>() else {
            return Ok(Transformed::no(plan));
        };
        if !can_be_merged(join) || bytes_at_most(join.left())? <= self.bytes {
            return Ok(Transformed::no(plan));
        }
        let merged = SortMergeJoinExec::try_new(
            Arc::clone(join.left()),
            Arc::clone(join.right()),
            join.on().to_vec(),
            join.filter().cloned(),
            *join.join_type(),
            vec![SortOptions::default(); join.on().len()],
            join.null_equality(),
        )?;
        let merged: Arc<dyn ExecutionPlan> = Arc::new(merged);
        Ok(Transformed::yes(match &join.projection {
            Some(columns) => project(merged, columns)?,
            None => merged,
        }))
    }
}

/// DataFusion 53 merges no marks, and fails over rows without a partner where an outer join has a further condition.
fn can_be_merged(join: &HashJoinExec) -> bool {
    let is_mark = matches!(join.join_type(), JoinType::LeftMark | JoinType::RightMark);
    let has_plain_rows = join.filter().is_none() || *join.join_type() == JoinType::Inner;
    !is_mark && has_plain_rows && !join.null_aware && !join.on().is_empty()
}

fn project(plan: Arc<dyn ExecutionPlan>, columns: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = plan.schema();
    let columns = columns.iter().map(|index| {
        let name = schema.field(*index).name();
        (Arc::new(Column::new(name, *index)) as _, name.clone())
    });
    let columns: Vec<(Arc<dyn PhysicalExpr>, String)> = columns.collect();
    Ok(Arc::new(ProjectionExec::try_new(columns, plan)?))
}

/// The bytes that the rows of a plan take, as far as one can tell: filters and aggregations are thought to keep all.
fn bytes_at_most(plan: &Arc<dyn ExecutionPlan>) -> Result<usize> {
    Ok(rows_at_most(plan)?.saturating_mul(row_bytes(&plan.schema())))
}

fn rows_at_most(plan: &Arc<dyn ExecutionPlan>) -> Result<usize> {
    let known = plan.partition_statistics(None)?.num_rows;
    if let Precision::Exact(rows) = known {
        return Ok(rows);
    }
    let children = plan.children();
    if children.is_empty() {
        return Ok(known.get_value().copied().unwrap_or(0));
    }
    let mut rows = 0usize;
    for child in children {
        rows = rows.saturating_add(rows_at_most(child)?);
    }
    Ok(rows)
}

fn row_bytes(schema: &Schema) -> usize {
    let types = schema.fields().iter().map(|field| field.data_type());
    let widths = types.map(|data_type| match data_type {
        DataType::Boolean => 1,
        other => other.primitive_width().unwrap_or(TEXT_BYTES),
    });
    ROW_BYTES + widths.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::execution::memory_pool::FairSpillPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;

    const ROWS: i64 = 400_000;

    /// Every third number of one side is missing on the other.
    fn rows(step: i64) -> RecordBatch {
        let numbers: Vec<i64> = (0..ROWS).filter(|number| number % 3 != step).collect();
        let texts = numbers.iter().map(|number| format!("text {}", number / 2));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        let numbers: ArrayRef = Arc::new(Int64Array::from(numbers));
        RecordBatch::try_from_iter([("number", numbers), ("text", texts)]).expect("columns")
    }

    fn context(memory_bytes: usize) -> SessionContext {
        let pool: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(memory_bytes));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::clone(&pool));
        let state = SessionStateBuilder::new()
            .with_config(SessionConfig::new().with_target_partitions(2))
            .with_runtime_env(Arc::new(runtime.build().expect("a runtime")))
            .with_default_features()
            .with_physical_optimizer_rules(rules(&pool))
            .build();
        let context = SessionContext::new_with_state(state);
        for (name, step) in [("a", 1), ("b", 2)] {
            context.register_batch(name, rows(step)).expect("a table");
        }
        context
    }

    async fn answer(context: &SessionContext, sql: &str) -> String {
        let rows = context.sql(sql).await.expect("a query").collect().await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        pretty_format_batches(&rows).expect("a table").to_string()
    }

    #[tokio::test]
    async fn what_would_not_fit_is_merged_and_says_the_same() {
        let (roomy, tight) = (context(4 << 30), context(64 << 20));
        for (join, counted) in [
            ("JOIN b ON a.number = b.number AND a.text <= b.text", "a"),
            ("LEFT JOIN b ON a.number = b.number", "b"),
            ("RIGHT JOIN b ON a.number = b.number", "a"),
            ("FULL JOIN b ON a.number = b.number", "a"),
            ("LEFT SEMI JOIN b ON a.number = b.number", "a"),
            ("RIGHT ANTI JOIN b ON a.number = b.number", "b"),
        ] {
            let sql = format!(
                "SELECT COUNT(*), SUM({counted}.number), MAX({counted}.text) FROM a {join}"
            );
            let explain = format!("EXPLAIN {sql}");
            let hashed = answer(&roomy, &explain).await;
            assert!(hashed.contains("HashJoinExec"), "{hashed}");
            let merged = answer(&tight, &explain).await;
            assert!(merged.contains("SortMergeJoin"), "{merged}");
            assert_eq!(
                answer(&roomy, &sql).await,
                answer(&tight, &sql).await,
                "{join}"
            );
        }
    }
}
