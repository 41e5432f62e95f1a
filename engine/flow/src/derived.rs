//! A table made by one SELECT: features, ranks, what is published.
//!
//! *By* a column, the SELECT is a function of the rows that share a value of that column, so a change costs only
//! the values it touches: those in changed rows of any input, and those with a row that crosses a declared window
//! as time passes. Without such a column the table is one step, computed whole; either way only rows whose content
//! changed are written.

use c360_catalog::{Committed, Scope, Table};
use c360_spec::{TableName, Window};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::lit;
use datafusion::prelude::{DataFrame, ident};
use jiff::{SignedDuration, Timestamp};

use crate::cursor::{Cursor, Decision, Work, decide};
use crate::error::{Error, Result};
use crate::report::Outcome;
use crate::room::Room;
use crate::session::{Session, sql_uses_as_of};
use crate::statement;
use crate::touched::{Touched, changed_rows};

/// What a spec says of such a table.
#[derive(Clone, Copy)]
pub struct Derivation<'a> {
    /// The table to fill.
    pub table: &'a TableName,
    /// The file with the SELECT.
    pub file: &'a str,
    /// The column by which it is computed in part.
    pub by: Option<&'a str>,
    /// The columns that name a row.
    pub key: &'a [String],
    /// Rows that enter or leave as time passes.
    pub windows: &'a [Window],
}

/// What there is to do, with everything pinned that it takes.
pub struct Planned {
    output: Option<Table>,
    inputs: Vec<Table>,
    now: Cursor,
    /// What there is to do.
    pub decision: Decision,
}

impl Derivation<'_> {
    /// The tables that the SELECT reads.
    pub fn inputs(&self, room: &Room<'_>) -> Result<Vec<TableName>> {
        statement::tables_read(self.file, self.sql(room)?)
    }

    fn sql<'a>(&self, room: &Room<'a>) -> Result<&'a str> {
        let text = room.project.sql.get(self.file);
        text.map(String::as_str)
            .ok_or_else(|| Error::internal(format!("{} was not loaded", self.file)))
    }

    /// Compares what the table was made from with what there is now.
    pub async fn decide(&self, room: &Room<'_>) -> Result<Planned> {
        let sql = self.sql(room)?;
        let output = room.output_table(self.table).await?;
        let inputs = room.input_tables(&self.inputs(room)?).await?;
        let as_of = sql_uses_as_of(sql).then_some(room.clock.as_of);
        let now = Cursor::of(&inputs).at(as_of);
        let decision = decide(output.as_ref(), &room.job.fingerprint, &now);
        Ok(Planned {
            output,
            inputs,
            now,
            decision,
        })
    }

    /// Brings the table up to date.
    pub async fn apply(&self, room: &Room<'_>, planned: &Planned) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        match (&planned.decision.work, &planned.output) {
            (Work::Nothing, output) => {
                outcome.snapshot_id = output.as_ref().and_then(Table::snapshot_id);
            }
            (Work::Incremental(since), Some(output)) => {
                outcome.committed(&self.advance(room, planned, since, output).await?);
            }
            _ => outcome.committed(&self.rebuild(room, planned).await?),
        }
        Ok(outcome)
    }

    async fn rebuild(&self, room: &Room<'_>, planned: &Planned) -> Result<Committed> {
        let session = room.runtime.session().with_tables(&planned.inputs).await?;
        let rows = self.select(room, &session).await?;
        self.write(room, planned, Scope::Whole, rows).await
    }

    async fn advance(
        &self,
        room: &Room<'_>,
        planned: &Planned,
        since: &Cursor,
        output: &Table,
    ) -> Result<Committed> {
        let session = room.runtime.session().with_tables(&planned.inputs).await?;
        let Some((by, touched)) = self.touched(room, planned, &session, since).await? else {
            return self.rebuild(room, planned).await;
        };
        if touched.is_empty() {
            return Ok(output.stamp(room.stamp(&planned.now)).await?);
        }
        for input in planned.inputs.iter().filter(|input| has_column(input, by)) {
            touched.overlay(&session, input.name(), by).await?;
        }
        let scope = touched.scope(&session).await?;
        let rows = self.select(room, &session).await?;
        self.write(room, planned, scope, rows).await
    }

    /// The values to compute anew; none where the change concerns every row.
    async fn touched<'a>(
        &'a self,
        room: &Room<'_>,
        planned: &Planned,
        session: &Session,
        since: &Cursor,
    ) -> Result<Option<(&'a str, Touched)>> {
        let Some(by) = self.by else { return Ok(None) };
        let mut touched = Touched::none(&[by]);
        for input in &planned.inputs {
            let Some(rows) = changed_rows(session, input, since.since(input)).await? else {
                continue;
            };
            if !has_column(input, by) {
                return Ok(None);
            }
            touched.add(rows, vec![ident(by)]).await?;
        }
        if since.as_of == planned.now.as_of {
            return Ok(Some((by, touched)));
        }
        let (Some(before), false) = (since.as_of, self.windows.is_empty()) else {
            return Ok(None);
        };
        for window in self.windows {
            let rows = session.table(&window.table).await?;
            let crossing = crossing(rows, window, before, room.clock.as_of)?;
            touched.add(crossing, vec![ident(by)]).await?;
        }
        Ok(Some((by, touched)))
    }

    async fn select(&self, room: &Room<'_>, session: &Session) -> Result<DataFrame> {
        session
            .select(self.file, self.sql(room)?, room.clock.as_of)
            .await
    }

    async fn write(
        &self,
        room: &Room<'_>,
        planned: &Planned,
        scope: Scope,
        rows: DataFrame,
    ) -> Result<Committed> {
        let comment = format!("made by {}", self.file);
        let output = room.output(self.table, self.key, &comment);
        output
            .write(
                planned.output.as_ref(),
                scope,
                rows.execute_stream().await?,
                room.stamp(&planned.now),
            )
            .await
    }
}

fn has_column(table: &Table, column: &str) -> bool {
    table.schema().field_with_name(column).is_ok()
}

/// The rows that a window's edges pass over while `as_of` moves from one instant to the other: with `d` days, those
/// whose time lies between the two instants less `d` days, both included.
///
/// ```text
///        before-30   after-30                before    after
///  ──────────┴───────────┴──────────  …  ──────┴─────────┴──▶ row's time
///             leave the 30 days                 come in
/// ```
fn crossing(
    rows: DataFrame,
    window: &Window,
    before: Timestamp,
    after: Timestamp,
) -> Result<DataFrame> {
    let (first, last) = (before.min(after), before.max(after));
    let mut any = lit(false);
    for days in std::iter::once(0).chain(window.days.iter().copied()) {
        let edge = SignedDuration::from_hours(i64::from(days) * 24);
        let at = || ident(&window.at);
        any = any.or(at()
            .gt_eq(instant(first - edge))
            .and(at().lt_eq(instant(last - edge))));
    }
    Ok(rows.filter(any)?)
}

fn instant(at: Timestamp) -> datafusion::logical_expr::Expr {
    lit(ScalarValue::TimestampMicrosecond(
        Some(at.as_microsecond()),
        None,
    ))
}
