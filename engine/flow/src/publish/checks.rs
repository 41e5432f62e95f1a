//! What must hold of a table before anyone sees it. A failure says how many rows, never which values.

use c360_catalog::Table;
use c360_spec::{Check, PublishJob, Severity};
use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, cast, in_list, lit};
use datafusion::prelude::{DataFrame, ident};

use super::epoch::Pending;
use crate::error::{Context, Error, Result};
use crate::room::Room;
use crate::session::Session;
use crate::statement;

/// Runs every check of the job. Fails when one that blocks does not hold; the others' findings are returned.
pub async fn run(room: &Room<'_>, job: &PublishJob, pending: &Pending) -> Result<Vec<String>> {
    let session = room.runtime.session().with_tables(&pending.tables).await?;
    let mut warnings = Vec::new();
    let mut blocked = Vec::new();
    for check in &job.checks {
        let label = format!("check {} on {}", check.label(), job.table);
        let found = finding(room, job, &session, pending, check).await;
        let Some(finding) = found.context(|| format!("{label} cannot run"))? else {
            continue;
        };
        let finding = format!("{label}: {finding}");
        match check.severity() {
            Severity::Warn => warnings.push(finding),
            Severity::Block => blocked.push(finding),
        }
    }
    if blocked.is_empty() {
        return Ok(warnings);
    }
    let message = format!("nothing was published: {}", blocked.join("; "));
    let remedy = format!(
        "mend the input or the check, then run again; c360 sql reads {} as it stands",
        job.table
    );
    Err(Error::data(message).with_hint(remedy))
}

/// What is wrong, if something is.
async fn finding(
    room: &Room<'_>,
    job: &PublishJob,
    session: &Session,
    pending: &Pending,
    check: &Check,
) -> Result<Option<String>> {
    let rows = || session.table(&job.table);
    let failures = match check {
        Check::Unique { columns, .. } => {
            let by: Vec<Expr> = columns.iter().map(ident).collect();
            let groups = rows()
                .await?
                .aggregate(by, vec![count(lit(1)).alias("c360_rows")])?;
            groups.filter(ident("c360_rows").gt(lit(1)))?
        }
        Check::NotNull { columns, .. } => {
            let missing = columns
                .iter()
                .map(|column| ident(column).is_null())
                .reduce(Expr::or);
            rows().await?.filter(missing.unwrap_or(lit(false)))?
        }
        Check::AcceptedValues { column, values, .. } => {
            let accepted = values.iter().map(|value| lit(value.as_str())).collect();
            rows()
                .await?
                .filter(in_list(cast(ident(column), DataType::Utf8), accepted, true))?
        }
        Check::RowCountChange { max_percent, .. } => return Ok(row_count(pending, *max_percent)),
        Check::Sql { sql, .. } => return own_sql(room, session, sql).await,
    };
    describe(failures).await
}

async fn describe(failures: DataFrame) -> Result<Option<String>> {
    let failures = failures.count().await?;
    Ok((failures > 0).then(|| format!("{failures} rows or groups fail")))
}

async fn own_sql(room: &Room<'_>, session: &Session, file: &str) -> Result<Option<String>> {
    let sql = room
        .project
        .sql
        .get(file)
        .ok_or_else(|| Error::internal(format!("{file} was not loaded")))?;
    let session = session.clone();
    for name in statement::tables_read(file, sql)? {
        if session.table(&name).await.is_err() {
            let table = room.input_table(&name).await?;
            session.register(&name, table.provider().await?)?;
        }
    }
    let rows = session
        .select_repeatable(file, sql, room.clock.as_of)
        .await?;
    describe(rows).await
}

fn row_count(pending: &Pending, max_percent: f64) -> Option<String> {
    let before = pending.rows_before?;
    let now = pending.tables.first().map_or(0, Table::row_count);
    let change = (now as f64 - before as f64).abs() * 100.0 / (before.max(1) as f64);
    (change > max_percent).then(|| format!("{before} rows became {now}, a change of {change:.1} %"))
}
