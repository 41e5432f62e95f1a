//! SQL expressions from specs, bound to the columns of the table that they are written for.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, cast};
use datafusion::prelude::DataFrame;

use crate::error::{Context, Result};
use crate::session::Session;

/// Parses `sql` over the columns of `frame`. `place` says where it stands in the spec, for errors.
pub fn parse(session: &Session, frame: &DataFrame, sql: &str, place: &str) -> Result<Expr> {
    session
        .context()
        .parse_sql_expr(sql, frame.schema())
        .context(|| format!("{place}: `{sql}` is not an expression over the table's columns"))
}

/// The same, as text.
pub fn parse_text(session: &Session, frame: &DataFrame, sql: &str, place: &str) -> Result<Expr> {
    Ok(cast(parse(session, frame, sql, place)?, DataType::Utf8))
}
