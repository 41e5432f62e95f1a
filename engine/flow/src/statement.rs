//! What a SELECT reads, found by parsing it and nothing more, and whether its plan would say the same again.

use std::ops::ControlFlow;

use c360_spec::TableName;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::{
    Expr as Sql, TableFactor, Value, Visit, Visitor, visit_expressions,
};

use crate::error::{Context, Error, Result};
use crate::session::NAMESPACE;

const AS_OF: &str = "$as_of";

/// The one statement in `sql`; `name` is the file, for errors.
pub fn parse(name: &str, sql: &str) -> Result<Statement> {
    let mut statements = DFParser::parse_sql(sql).context(|| format!("cannot parse {name}"))?;
    match (statements.pop_front(), statements.pop_front()) {
        (Some(statement), None) => {
            if let Some(parameter) = unknown_parameter(&statement) {
                return Err(Error::invalid(format!("{name} asks for {parameter}"))
                    .with_hint("there is one parameter, $as_of: the run's instant"));
            }
            if samples(&statement) {
                return Err(Error::invalid(format!(
                    "{name} asks for a TABLESAMPLE, which is not known here"
                ))
                .with_hint("a sample is a filter by the key, such as `id % 10 = 0`"));
            }
            Ok(statement)
        }
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
            reference.schema().unwrap_or(NAMESPACE),
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

/// Whether the statement samples a table, which the planner would pass over.
fn samples(statement: &Statement) -> bool {
    struct Samples;
    impl Visitor for Samples {
        type Break = ();
        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            match factor {
                TableFactor::Table {
                    sample: Some(_), ..
                } => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    match statement {
        Statement::Statement(sql) => sql.visit(&mut Samples).is_break(),
        _ => false,
    }
}

/// A parameter of the statement that a run does not know.
fn unknown_parameter(statement: &Statement) -> Option<String> {
    let Statement::Statement(sql) = statement else {
        return None;
    };
    let mut found = None;
    let _ = visit_expressions(sql.as_ref(), |expression| match expression {
        Sql::Value(value) => match &value.value {
            Value::Placeholder(name) if name != AS_OF => {
                found = Some(name.clone());
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        },
        _ => ControlFlow::Continue(()),
    });
    found
}

/// A function that the statement calls by name and that may answer otherwise in the next run, such as `now`.
pub fn calls_unrepeatable(statement: &Statement) -> Option<String> {
    let Statement::Statement(sql) = statement else {
        return None;
    };
    let functions = datafusion::functions::all_default_functions();
    let differs = |name: &str| {
        let mut named = functions.iter().filter(|function| {
            function.name() == name || function.aliases().iter().any(|alias| alias == name)
        });
        named.any(|function| function.signature().volatility != Volatility::Immutable)
    };
    let mut found = None;
    let _ = visit_expressions(sql.as_ref(), |expression| match expression {
        Sql::Function(call) => {
            let name = call.name.to_string().to_lowercase();
            if differs(&name) {
                found = Some(name);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    found
}

/// What is wrong with the SQL of job file `name` that calls `function`.
pub fn differs(name: &str, function: &str) -> Error {
    let message = format!("{name} calls {function}(), which differs from run to run");
    Error::invalid(message).with_hint("write $as_of for the run's time")
}

/// A function that `plan` calls and that may answer otherwise in the next run, such as `now` or `random`.
pub fn unrepeatable(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| match called(part) {
                Some((name, Volatility::Stable | Volatility::Volatile)) => {
                    found = Some(name.to_string());
                    Ok(TreeNodeRecursion::Stop)
                }
                _ => Ok(TreeNodeRecursion::Continue),
            })
        })
    })?;
    Ok(found)
}

/// The function that an expression calls, and how far it says the same of the same values.
fn called(expression: &Expr) -> Option<(&str, Volatility)> {
    Some(match expression {
        Expr::ScalarFunction(call) => (call.func.name(), call.func.signature().volatility),
        Expr::AggregateFunction(call) => (call.func.name(), call.func.signature().volatility),
        Expr::WindowFunction(call) => (call.fun.name(), call.fun.signature().volatility),
        _ => return None,
    })
}
