//! SQL expressions from specs, bound to the columns of the table that they are written for.

use c360_spec::TableName;
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::prelude::DataFrame;

use crate::error::{Context, Error, Result};
use crate::session::Session;
use crate::statement;

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
    match statement::unrepeatable(selected.logical_plan())? {
        None => Ok(expression),
        Some(function) => {
            let message = format!("{place} calls {function}(), which differs from run to run");
            Err(Error::invalid(message)
                .with_hint("let it depend on the columns of its table and nothing else"))
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
