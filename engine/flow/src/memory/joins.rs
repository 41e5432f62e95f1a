//! Joins within bounds: where the side that a hash join would hold may not fit, both sides are sorted and merged, which
//! spills. A hash join holds its side in memory as a whole and fails where there is no room for it.

use std::sync::Arc;

use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::JoinType;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::joins::{HashJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

/// Of the memory that there is, what one join may hold: others run beside it, and what feeds them.
const SHARE: usize = 16;
/// What a row takes in a hash table besides its values, about.
const ROW_BYTES: usize = 32;
/// What a text takes, about.
const TEXT_BYTES: usize = 24;

/// Merges what hash joins would hold beyond so many bytes.
#[derive(Debug)]
pub struct BoundedJoins {
    bytes: usize,
}

impl BoundedJoins {
    /// Of so many bytes that there are for all.
    pub fn within(limit: usize) -> Self {
        Self {
            bytes: limit / SHARE,
        }
    }
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
        if !can_be_merged(join) || bytes_about(join.left())? <= self.bytes {
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

/// DataFusion 53 merges no marks, takes the columns of a further condition for those of the other side once sides were
/// swapped, and does not compare keys of all types.
fn can_be_merged(join: &HashJoinExec) -> bool {
    let is_mark = matches!(join.join_type(), JoinType::LeftMark | JoinType::RightMark);
    let is_plain = join.filter().is_none() && !join.null_aware && !join.on().is_empty();
    let schema = join.left().schema();
    let mut keys = join.on().iter();
    let sort_alike = keys.all(|(key, _)| {
        let data_type = key.data_type(&schema);
        data_type.is_ok_and(|data_type| sorts_as_it_equals(&data_type))
    });
    is_plain && !is_mark && sort_alike
}

/// Whether sorting and merging take the same values for equal as hashing does, and can be done at all.
fn sorts_as_it_equals(data_type: &DataType) -> bool {
    data_type.is_integer()
        || data_type.is_string()
        || matches!(
            data_type,
            DataType::Boolean
                | DataType::Date32
                | DataType::Timestamp(_, None)
                | DataType::Decimal128(..)
        )
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

/// The bytes that the rows of a plan take, about: filters and aggregations are thought to keep all rows, joins to find
/// one partner each.
fn bytes_about(plan: &Arc<dyn ExecutionPlan>) -> Result<usize> {
    Ok(rows_about(plan)?.saturating_mul(row_bytes(&plan.schema())))
}

fn rows_about(plan: &Arc<dyn ExecutionPlan>) -> Result<usize> {
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
        rows = rows.saturating_add(rows_about(child)?);
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
    use datafusion::arrow::compute::concat_batches;
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionContext;

    use super::super::tests::{bounded, context};
    use super::*;

    /// The numbers of one side come `times` each; some are null.
    fn rows(name: &str, count: i64, times: i64, null_every: i64) -> RecordBatch {
        let numbers = (0..count).map(|row| (row % null_every != 0).then_some(row / times));
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter(numbers));
        let texts = (0..count).map(|row| format!("{name} {row}"));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        RecordBatch::try_from_iter_with_nullable([
            ("number", numbers, true),
            ("text", texts, false),
        ])
        .expect("columns")
    }

    fn within(memory_bytes: usize) -> SessionContext {
        let context = context(&bounded(memory_bytes), true);
        for (name, rows) in [
            ("a", rows("a", 400_000, 2, 11)),
            ("b", rows("b", 250_000, 1, 7)),
        ] {
            context.register_batch(name, rows).expect("a table");
        }
        context
    }

    async fn answer(context: &SessionContext, sql: &str) -> RecordBatch {
        let rows = context.sql(sql).await.expect("a query");
        let schema = Arc::new(rows.schema().as_arrow().clone());
        let rows = rows.collect().await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let rows = rows.iter().map(|batch| batch.columns().to_vec());
        let rows = rows.map(|columns| RecordBatch::try_new(Arc::clone(&schema), columns));
        let rows: Vec<RecordBatch> = rows.collect::<std::result::Result<_, _>>().expect("rows");
        concat_batches(&schema, &rows).expect("one schema")
    }

    async fn plan(context: &SessionContext, sql: &str) -> String {
        let plan = answer(context, &format!("EXPLAIN {sql}")).await;
        pretty_format_batches(&[plan]).expect("a table").to_string()
    }

    #[tokio::test]
    async fn what_would_not_fit_is_merged_and_says_the_same() {
        let (roomy, tight) = (within(4 << 30), within(64 << 20));
        for (columns, join) in [
            ("a.text, b.number, b.text", "a JOIN b"),
            ("a.text, b.number, b.text", "b JOIN a"),
            ("a.text, b.number, b.text", "a LEFT JOIN b"),
            ("a.text, b.number, b.text", "b LEFT JOIN a"),
            ("a.text, b.number, b.text", "a RIGHT JOIN b"),
            ("a.text, b.number, b.text", "a FULL JOIN b"),
            ("a.text", "a LEFT SEMI JOIN b"),
            ("b.text", "a RIGHT ANTI JOIN b"),
        ] {
            let sql =
                format!("SELECT {columns} FROM {join} ON a.number = b.number ORDER BY {columns}");
            let hashed = plan(&roomy, &sql).await;
            assert!(hashed.contains("HashJoinExec"), "{hashed}");
            let merged = plan(&tight, &sql).await;
            assert!(merged.contains("SortMergeJoin"), "{merged}");
            let rows = answer(&roomy, &sql).await;
            assert!(rows.num_rows() > 0, "{join}");
            assert!(rows == answer(&tight, &sql).await, "{join}: other rows");
        }
    }

    #[tokio::test]
    async fn a_join_with_a_further_condition_stays_as_it_is() {
        let sql = "SELECT * FROM a JOIN b ON a.number = b.number AND a.text < b.text";
        let plan = plan(&within(64 << 20), sql).await;
        assert!(plan.contains("HashJoinExec"), "{plan}");
    }
}
