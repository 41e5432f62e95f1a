//! Which columns of tables the columns of a query are made of. What merely decides which rows count, such as a filter
//! or a join's condition, is not followed: it would make every column come from everywhere.

use std::collections::BTreeSet;

use c360_spec::TableName;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result, TableReference};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Expr, LogicalPlan, Subquery, TableScan};
use serde::Serialize;

/// A column of a table of the lake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    pub table: String,
    pub column: String,
}

/// What one column is made of.
pub type Origins = BTreeSet<Origin>;

/// What each column of the plan's rows is made of, in their order.
pub fn origins(plan: &LogicalPlan) -> Result<Vec<Origins>> {
    if let LogicalPlan::TableScan(scan) = plan {
        return of_scan(scan);
    }
    let inputs = Inputs::of(plan)?;
    match plan {
        LogicalPlan::Projection(projection) => inputs.of_expressions(&projection.expr),
        LogicalPlan::Aggregate(aggregate) => {
            let groups = grouping_set_to_exprlist(&aggregate.group_expr)?;
            let mut columns = inputs.of_expressions(groups)?;
            // Which of several groupings a row is of, comes from nowhere.
            columns.resize(aggregate.group_expr_len()?, Origins::new());
            columns.extend(inputs.of_expressions(&aggregate.aggr_expr)?);
            Ok(columns)
        }
        LogicalPlan::Window(window) => {
            let mut columns = inputs.columns.clone();
            columns.extend(inputs.of_expressions(&window.window_expr)?);
            Ok(columns)
        }
        LogicalPlan::Union(_) => Ok(inputs.by_position(plan.schema())),
        LogicalPlan::SubqueryAlias(_) => Ok(inputs.columns),
        _ => Ok(inputs.by_name(plan.schema())),
    }
}

fn of_scan(scan: &TableScan) -> Result<Vec<Origins>> {
    let provider = source_as_provider(&scan.source)?;
    // A view is what it shows.
    if let Some(view) = provider.get_logical_plan() {
        let all = origins(&view)?;
        let shown = scan.projection.clone();
        let shown = shown.unwrap_or_else(|| (0..all.len()).collect());
        return Ok(shown.into_iter().map(|at| all[at].clone()).collect());
    }
    let table = table(&scan.table_name);
    let columns = scan.projected_schema.columns().into_iter();
    Ok(columns
        .map(|column| {
            let (table, column) = (table.clone(), column.name);
            Origins::from([Origin { table, column }])
        })
        .collect())
}

fn table(reference: &TableReference) -> String {
    let namespace = reference.schema().unwrap_or("customer");
    TableName::new(namespace, reference.table())
        .map_or_else(|_| reference.to_string(), |name| name.to_string())
}

/// The columns of the plans below one, side by side.
struct Inputs {
    names: Vec<Column>,
    columns: Vec<Origins>,
    /// How many plans, of as many columns each where it is a union.
    plans: usize,
}

impl Inputs {
    fn of(plan: &LogicalPlan) -> Result<Self> {
        let mut inputs = Self {
            names: Vec::new(),
            columns: Vec::new(),
            plans: 0,
        };
        for input in plan.inputs() {
            inputs.names.extend(input.schema().columns());
            inputs.columns.extend(origins(input)?);
            inputs.plans += 1;
        }
        Ok(inputs)
    }

    fn of_expressions<'e>(
        &self,
        expressions: impl IntoIterator<Item = &'e Expr>,
    ) -> Result<Vec<Origins>> {
        let expressions = expressions.into_iter();
        expressions.map(|of| self.of_expression(of)).collect()
    }

    fn of_expression(&self, expression: &Expr) -> Result<Origins> {
        let mut found = Origins::new();
        expression.apply(|part| {
            match part {
                Expr::Column(column) => found.extend(self.of_column(column).flatten().cloned()),
                Expr::ScalarSubquery(query) => found.extend(of_subquery(query)?),
                Expr::InSubquery(membership) => found.extend(of_subquery(&membership.subquery)?),
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(found)
    }

    fn of_column(&self, column: &Column) -> std::option::IntoIter<&Origins> {
        let at = self.names.iter().position(|name| name == column);
        let at = at.or_else(|| self.names.iter().position(|name| name.name == column.name));
        at.and_then(|at| self.columns.get(at)).into_iter()
    }

    /// Columns that are those of the plans below, some of them or all.
    fn by_name(&self, schema: &DFSchema) -> Vec<Origins> {
        let columns = schema.columns().into_iter();
        columns
            .map(|column| self.of_column(&column).flatten().cloned().collect())
            .collect()
    }

    /// Columns that are each made of those of the same place in all plans below.
    fn by_position(&self, schema: &DFSchema) -> Vec<Origins> {
        let width = schema.fields().len();
        let places = (0..width).map(|at| {
            let same = (0..self.plans).filter_map(|plan| self.columns.get(plan * width + at));
            same.flatten().cloned().collect()
        });
        places.collect()
    }
}

fn of_subquery(query: &Subquery) -> Result<Origins> {
    Ok(origins(&query.subquery)?.into_iter().flatten().collect())
}
