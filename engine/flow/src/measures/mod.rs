//! The measures of a job as a query over the rows that it names.
//!
//! All of them are made of a value's own rows, exactly: these are few and lie together, so a change costs the rows of
//! the values that it touches, and nothing has to be estimated or kept in parts.

mod aggregate;
mod moment;

use c360_spec::MeasuresJob;
use datafusion::common::Result as DataFusionResult;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::utils::find_aggregate_exprs;
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::prelude::{DataFrame, ident};
use jiff::Timestamp;

use self::aggregate::Measured;
pub use self::moment::Moment;
use crate::derived::{Derivation, Query};
use crate::error::{Context, Result};
use crate::session::Session;
use crate::{expression, instant};

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
    let rows = session.table(&job.from).await?;
    measured(session, job, rows, Moment::At(as_of), &job.key)
}

/// One row for each of `groups` with a row that counts at its moment. `rows` are those of the job's table, and the
/// groups columns of theirs.
pub fn measured(
    session: &Session,
    job: &MeasuresJob,
    rows: DataFrame,
    moment: Moment<'_>,
    groups: &[String],
) -> Result<DataFrame> {
    let rows = counted(session, job, rows, moment)?;
    let mut columns: Vec<Expr> = groups.iter().map(ident).collect();
    for measure in &job.measures {
        let place = format!("{}, measure {}", job.table, measure.name);
        let of = |sql: &str| expression::parse(session, &rows, sql, &place);
        let only = |sql: &str| {
            expression::parse_condition(session, &rows, sql, &format!("{place}, where"))
        };
        let measured = Measured {
            measure,
            at: &job.at,
            moment,
            of: measure.of.as_deref().map(of).transpose()?,
            only: measure.only.as_deref().map(only).transpose()?,
        };
        for length in &measure.windows {
            let value = measured.over(*length, rows.schema());
            let value = value.context(|| format!("{place} cannot be made"))?;
            columns.push(value.alias(measure.column(*length)));
        }
    }
    grouped(rows, groups, columns)
        .context(|| format!("the measures of {} cannot be made", job.table))
}

/// One row a group; what is made of aggregates is made after them.
fn grouped(rows: DataFrame, groups: &[String], columns: Vec<Expr>) -> DataFusionResult<DataFrame> {
    let aggregates = find_aggregate_exprs(&columns);
    let named = |at: usize| format!("aggregate {at}");
    let computed = aggregates.iter().enumerate();
    let computed = computed.map(|(at, aggregate)| aggregate.clone().alias(named(at)));
    let groups = groups.iter().map(ident).collect();
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

/// The rows that may count: those up to the moment for which the job's own condition holds and that have a value of
/// each column that names a row of the table.
fn counted(
    session: &Session,
    job: &MeasuresJob,
    mut rows: DataFrame,
    moment: Moment<'_>,
) -> Result<DataFrame> {
    let at = ident(&job.at).get_type(rows.schema())?;
    instant::check(&format!("{}, at {}", job.table, job.at), &at)?;
    rows = rows.filter(instant::column(&job.at).lt_eq(moment.instant()))?;
    for column in &job.key {
        rows = rows.filter(ident(column).is_not_null())?;
    }
    if let Some(only) = &job.only {
        let place = format!("{}, where", job.table);
        let only = expression::parse_condition(session, &rows, only, &place)?;
        rows = rows.filter(only)?;
    }
    Ok(rows)
}
