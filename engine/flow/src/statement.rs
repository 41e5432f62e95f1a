//! What a SELECT reads, found by parsing it and nothing more, and whether its plan would say the same again.

use c360_spec::TableName;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::resolve::resolve_table_references;

use crate::error::{Context, Error, Result};

/// The one statement in `sql`; `name` is the file, for errors.
pub fn parse(name: &str, sql: &str) -> Result<Statement> {
    let mut statements = DFParser::parse_sql(sql).context(|| format!("cannot parse {name}"))?;
    match (statements.pop_front(), statements.pop_front()) {
        (Some(statement), None) => Ok(statement),
        (None, _) => Err(Error::invalid(format!("{name} holds no statement"))),
        (Some(_), Some(_)) => Err(
            Error::invalid(format!("{name} holds more than one statement"))
                .with_hint("give each statement a file, or a call, of its own"),
        ),
    }
}

/// The tables that the SELECT in `sql` reads, sorted, each once.
pub fn tables_read(name: &str, sql: &str) -> Result<Vec<TableName>> {
    tables_of(name, &parse(name, sql)?)
}

/// The tables that a parsed statement reads, sorted, each once.
pub fn tables_of(name: &str, statement: &Statement) -> Result<Vec<TableName>> {
    let (references, _ctes) =
        resolve_table_references(statement, true).context(|| format!("cannot read {name}"))?;
    let mut tables = Vec::new();
    for reference in references {
        if reference.schema() == Some("information_schema") {
            continue;
        }
        let text = format!(
            "{}.{}",
            reference.schema().unwrap_or("customer"),
            reference.table()
        );
        let table = text.parse().map_err(|_| {
            Error::invalid(format!(
                "{name} reads {reference}, which is not a table of the lake"
            ))
            .with_hint("write tables as namespace.table")
        })?;
        tables.push(table);
    }
    tables.sort();
    tables.dedup();
    Ok(tables)
}

/// A function that `plan` calls and that may answer otherwise in the next run, such as `now` or `random`.
pub fn unrepeatable(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| match part {
                Expr::ScalarFunction(call)
                    if call.func.signature().volatility != Volatility::Immutable =>
                {
                    found = Some(call.func.name().to_string());
                    Ok(TreeNodeRecursion::Stop)
                }
                _ => Ok(TreeNodeRecursion::Continue),
            })
        })
    })?;
    Ok(found)
}
