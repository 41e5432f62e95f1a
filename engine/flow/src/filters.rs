//! `FILTER (WHERE …)` of an aggregate counts the rows for which the condition is true, and no others.
//!
//! DataFusion 53 looks at the bits of a condition's values and not at which of them are NULL, so a row for which it is
//! NULL may count or not (apache/datafusion#22067; mended in a later version, with which this can go). So conditions
//! are held against TRUE, of which nothing is NULL. `IS TRUE` would do that too, but plans that use it twice fail: it is
//! planned as an expression that may be NULL after it was declared one that may not. What is measured keeps its name.

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan, Operator, binary_expr, lit};
use datafusion::optimizer::AnalyzerRule;

/// Makes every aggregate's condition one that is true or false.
#[derive(Debug)]
pub struct TrueFilters;

impl AnalyzerRule for TrueFilters {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(with_asked).data()
    }

    fn name(&self) -> &'static str {
        "true_filters"
    }
}

fn with_asked(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    if !matches!(plan, LogicalPlan::Aggregate(_)) {
        return Ok(Transformed::no(plan));
    }
    let names = NamePreserver::new(&plan);
    plan.map_expressions(|expression| {
        let name = names.save(&expression);
        let rewritten = expression.transform_up(|part| Ok(true_filter(part)))?;
        Ok(rewritten.update_data(|expression| name.restore(expression)))
    })
}

fn true_filter(expression: Expr) -> Transformed<Expr> {
    match expression {
        Expr::AggregateFunction(mut aggregate) => {
            let filter = aggregate.params.filter.take();
            let is_new = filter.as_ref().is_some_and(|filter| !is_asked(filter));
            aggregate.params.filter = match filter {
                Some(filter) if is_new => Some(Box::new(asked_of(*filter))),
                filter => filter,
            };
            let aggregate = Expr::AggregateFunction(aggregate);
            Transformed::new_transformed(aggregate, is_new)
        }
        other => Transformed::no(other),
    }
}

fn asked_of(condition: Expr) -> Expr {
    binary_expr(condition, Operator::IsNotDistinctFrom, lit(true))
}

fn is_asked(condition: &Expr) -> bool {
    matches!(condition, Expr::BinaryExpr(asked) if asked.op == Operator::IsNotDistinctFrom)
}
