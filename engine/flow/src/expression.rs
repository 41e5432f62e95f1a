//! SQL expressions from specs, bound to the columns of the table that they are written for.

use c360_spec::TableName;
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::utils::{find_aggregate_exprs, find_window_exprs};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, cast};
use datafusion::prelude::DataFrame;

use crate::error::{Context, Error, Result};
use crate::session::Session;
use crate::type_name::type_name;
use crate::{instant, statement};

/// Parses `sql` over the columns of `frame`. `place` says where it stands in the spec, for errors.
pub fn parse(session: &Session, frame: &DataFrame, sql: &str, place: &str) -> Result<Expr> {
    let context = || format!("{place}: `{sql}` is not an expression over the table's columns");
    let expression = session
        .context()
        .parse_sql_expr(sql, frame.schema())
        .context(context)?;
    // Within a plan, so that subqueries are looked into as well.
    let selected = frame
        .clone()
        .select(vec![expression.clone()])
        .context(context)?;
    match refused(&expression, selected.logical_plan())? {
        None => Ok(expression),
        Some(why) => Err(Error::invalid(format!("{place} {why}"))
            .with_hint("let it depend on the columns of one row of its table and nothing else")),
    }
}

/// What an expression does that it may not.
fn refused(expression: &Expr, selected: &LogicalPlan) -> Result<Option<String>> {
    if let Some(function) = statement::unrepeatable(selected)? {
        return Ok(Some(format!(
            "calls {function}(), which differs from run to run"
        )));
    }
    if let Some(name) = selected.get_parameter_names()?.into_iter().min() {
        return Ok(Some(format!("asks for {name}")));
    }
    let calls = find_aggregate_exprs([expression]).into_iter();
    let mut calls = calls.chain(find_window_exprs([expression]));
    let several = calls.find_map(|call| match call {
        Expr::AggregateFunction(call) => Some(call.func.name().to_owned()),
        Expr::WindowFunction(call) => Some(call.fun.name().to_owned()),
        _ => None,
    });
    Ok(several.map(|function| format!("calls {function}(), which takes several rows")))
}

/// The same, as an instant.
pub fn parse_instant(session: &Session, frame: &DataFrame, sql: &str, place: &str) -> Result<Expr> {
    let expression = parse(session, frame, sql, place)?;
    instant::check(place, &expression.get_type(frame.schema())?)?;
    Ok(cast(expression, instant::data_type()))
}

/// The same, as what holds of a row or not.
pub fn parse_condition(
    session: &Session,
    frame: &DataFrame,
    sql: &str,
    place: &str,
) -> Result<Expr> {
    let expression = parse(session, frame, sql, place)?;
    match expression.get_type(frame.schema())? {
        DataType::Boolean | DataType::Null => Ok(expression),
        other => {
            let is = type_name(&other);
            let error = Error::invalid(format!("{place} is of type {is}, so it is no condition"));
            Err(error.with_hint("compare it with something, as in `status = 'paid'`"))
        }
    }
}

/// The same, as text. What is text stays as it is: filters by a cast leave out no pages.
pub fn parse_text(session: &Session, frame: &DataFrame, sql: &str, place: &str) -> Result<Expr> {
    let expression = parse(session, frame, sql, place)?;
    Ok(expression.cast_to(&DataType::Utf8, frame.schema())?)
}

/// An aggregate over the rows for which `condition` holds. DataFusion 53's own builder forgets what the aggregate is
/// ordered by, and that it is over distinct values.
pub fn filtered(aggregate: Expr, condition: Expr) -> Expr {
    match aggregate {
        Expr::AggregateFunction(mut aggregate) => {
            aggregate.params.filter = Some(Box::new(condition));
            Expr::AggregateFunction(aggregate)
        }
        other => other,
    }
}

/// Whether no two rows of `table`, which are in `frame`, have one value of `expression`: it is the only column of the
/// table's key, or the text of it where no two values share one.
pub async fn is_key(
    session: &Session,
    table: &TableName,
    frame: &DataFrame,
    expression: &Expr,
) -> Result<bool> {
    let mut inner = expression;
    while let Expr::Cast(cast) = inner
        && cast.data_type.is_string()
    {
        inner = &cast.expr;
    }
    let Expr::Column(column) = inner else {
        return Ok(false);
    };
    let data_type = inner.get_type(frame.schema())?;
    let tells_apart = data_type.is_integer() || data_type.is_string();
    Ok(tells_apart && session.key(table).await? == [column.name()])
}
