//! The measures of a job as a query over the rows that it names.
//!
//! All of them are made of a value's own rows, exactly: these are few and lie together, so a change costs the rows of
//! the values that it touches, and nothing has to be estimated or kept in parts.

mod aggregate;

use c360_spec::MeasuresJob;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::utils::find_aggregate_exprs;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::{DataFrame, ident};
use jiff::Timestamp;

use self::aggregate::Measured;
use crate::derived::{Derivation, Query};
use crate::error::{Context, Result};
use crate::expression;
use crate::session::Session;

/// What the job derives.
pub fn derivation(job: &MeasuresJob) -> Derivation<'_> {
    Derivation {
        table: &job.table,
        query: Query::Measures(job),
        by: Some(&job.by),
        key: &job.key,
        windows: vec![job.window()],
    }
}

/// One row for each value of `by` with a row that counts, seen as of an instant.
pub async fn rows(session: &Session, job: &MeasuresJob, as_of: Timestamp) -> Result<DataFrame> {
    let rows = counted(session, job, as_of).await?;
    let mut columns: Vec<Expr> = job.key.iter().map(ident).collect();
    for measure in &job.measures {
        let place = format!("{}, measure {}", job.table, measure.name);
        let parse = |sql: &str| expression::parse(session, &rows, sql, &place);
        let measured = Measured {
            measure,
            at: &job.at,
            as_of,
            of: measure.of.as_deref().map(parse).transpose()?,
            only: measure.only.as_deref().map(parse).transpose()?,
        };
        for length in &measure.windows {
            let value = measured.over(*length, rows.schema());
            let value = value.context(|| format!("{place} cannot be made"))?;
            columns.push(value.alias(measure.column(*length)));
        }
    }
    grouped(rows, job, columns).context(|| format!("the measures of {} cannot be made", job.table))
}

/// One row a group; what is made of aggregates is made after them.
fn grouped(rows: DataFrame, job: &MeasuresJob, columns: Vec<Expr>) -> DataFusionResult<DataFrame> {
    let aggregates = find_aggregate_exprs(&columns);
    let named = |at: usize| format!("aggregate {at}");
    let computed = aggregates.iter().enumerate();
    let computed = computed.map(|(at, aggregate)| aggregate.clone().alias(named(at)));
    let groups = job.key.iter().map(ident).collect();
    let rows = rows.aggregate(groups, computed.collect())?;
    let made = |column: Expr| {
        let made = column.transform(|part| {
            let at = aggregates.iter().position(|aggregate| *aggregate == part);
            Ok(match at {
                Some(at) => Transformed::yes(ident(named(at))),
                None => Transformed::no(part),
            })
        })?;
        Ok(made.data)
    };
    let columns = columns.into_iter().map(made);
    rows.select(columns.collect::<DataFusionResult<Vec<_>>>()?)
}

/// The rows that may count: those up to the instant for which the job's own condition holds and that have a value of
/// each column that names a row of the table.
async fn counted(session: &Session, job: &MeasuresJob, as_of: Timestamp) -> Result<DataFrame> {
    let mut rows = session.table(&job.from).await?;
    rows = rows.filter(ident(&job.at).lt_eq(instant(as_of)))?;
    for column in &job.key {
        rows = rows.filter(ident(column).is_not_null())?;
    }
    if let Some(only) = &job.only {
        let place = format!("{}, where", job.table);
        let only = expression::parse(session, &rows, only, &place)?;
        rows = rows
            .filter(only)
            .context(|| format!("{place}: rows cannot be told by it"))?;
    }
    Ok(rows)
}

fn instant(at: Timestamp) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(
        Some(at.as_microsecond()),
        None,
    ))
}
