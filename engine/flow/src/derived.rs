//! A table made by one query: features, measures, ranks, what is published.
//!
//! *By* a column, the query is a function of the rows that share a value of that column, so a change costs only
//! the values it touches: those in changed rows of any input, and those with a row that crosses a declared window
//! as time passes. Without such a column the table is one step, computed whole; either way only rows whose content
//! changed are written.

use c360_catalog::Table;
use c360_spec::{MeasuresJob, TableName, Window, spelling};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::lit;
use datafusion::prelude::{DataFrame, ident};
use jiff::Timestamp;

use crate::by_value::{self, Obstacle};
pub use crate::cursor::Planned;
use crate::cursor::Wanted;
use crate::error::{Error, Result};
use crate::output::Output;
use crate::recipe::Recipe;
use crate::report::Outcome;
use crate::room::Room;
use crate::sample::Sample;
use crate::session::{Session, sql_uses_as_of};
use crate::slices::Slices;
use crate::touched::{Touched, changed_rows};
use crate::type_name::type_name;
use crate::{instant, statement};

/// What a spec says of such a table.
pub struct Derivation<'a> {
    /// The table to fill.
    pub table: &'a TableName,
    /// What makes its rows.
    pub query: Query<'a>,
    /// The column by which it is computed in part.
    pub by: Option<&'a str>,
    /// The columns that name a row.
    pub key: &'a [String],
    /// Rows that enter or leave as time passes.
    pub windows: Vec<Window>,
}

/// What makes rows of tables.
pub enum Query<'a> {
    /// The SELECT in a file.
    File(&'a str),
    /// Measures of the rows of one table.
    Measures(&'a MeasuresJob),
}

impl Query<'_> {
    /// What it is called where something is wrong with it.
    fn name<'q>(&'q self, room: &Room<'q>) -> &'q str {
        match self {
            Self::File(file) => file,
            Self::Measures(_) => &room.job.name,
        }
    }

    fn inputs(&self, room: &Room<'_>) -> Result<Vec<TableName>> {
        match self {
            Self::File(file) => statement::tables_read(file, select_in(room, file)?),
            Self::Measures(job) => Ok(vec![job.from.clone()]),
        }
    }

    fn uses_as_of(&self, room: &Room<'_>) -> Result<bool> {
        match self {
            Self::File(file) => Ok(sql_uses_as_of(select_in(room, file)?)),
            Self::Measures(_) => Ok(true),
        }
    }

    /// Whether figures change from one instant to the next without a row that enters or leaves a window.
    fn ages(&self) -> bool {
        matches!(self, Self::Measures(job) if job.ages())
    }

    fn recipe(&self, room: &Room<'_>) -> Result<Recipe> {
        let as_of = room.clock.as_of;
        Ok(match self {
            Self::File(file) => Recipe::select(file, select_in(room, file)?, as_of),
            Self::Measures(job) => Recipe::measures(job, as_of),
        })
    }
}

fn select_in<'a>(room: &Room<'a>, file: &str) -> Result<&'a str> {
    let text = room.project.sql.get(file);
    text.map(String::as_str)
        .ok_or_else(|| Error::internal(format!("{file} was not loaded")))
}

impl Derivation<'_> {
    /// Compares what the table was made from with what there is now.
    pub async fn decide(&self, room: &Room<'_>) -> Result<Planned> {
        let as_of = self.query.uses_as_of(room)?.then_some(room.clock.as_of);
        let output = std::slice::from_ref(self.table);
        let planned = Planned::of(room, output, &self.query.inputs(room)?, as_of).await?;
        self.check_types(room, &planned.inputs)?;
        self.check_windows(room, &planned.inputs)?;
        Ok(planned)
    }

    /// The values that a change touches are gathered from all inputs.
    fn check_types(&self, room: &Room<'_>, inputs: &[Table]) -> Result<()> {
        let mut of: Option<(&TableName, DataType)> = None;
        for (table, own) in inputs.iter().filter_map(|table| self.type_in(table)) {
            let (first, known) = of.get_or_insert_with(|| (table, own.clone()));
            if *known != own {
                let (by, query) = (self.by.unwrap_or_default(), self.query.name(room));
                let message = format!(
                    "{query} is computed by {by}, which is {} in {first} and {} in {table}",
                    type_name(known),
                    type_name(&own)
                );
                return Err(Error::invalid(message).with_hint("give it one type in both"));
            }
        }
        Ok(())
    }

    /// A table and the type of the column by which rows are computed, if it has that.
    fn type_in<'t>(&self, table: &'t Table) -> Option<(&'t TableName, DataType)> {
        let schema = table.schema();
        let field = schema.field_with_name(self.by?).ok()?;
        Some((table.name(), field.data_type().clone()))
    }

    /// A window that cannot be followed would be met no earlier than in the first run with a later `as_of`.
    fn check_windows(&self, room: &Room<'_>, inputs: &[Table]) -> Result<()> {
        let Some(by) = self.by else { return Ok(()) };
        for window in &self.windows {
            let named = format!("{} has a window on {}", self.table, window.table);
            let Some(table) = inputs.iter().find(|input| *input.name() == window.table) else {
                let message = format!("{named}, which {} does not read", self.query.name(room));
                return Err(Error::invalid(message).with_hint("name a table that the SELECT reads"));
            };
            for column in [by, &window.at] {
                if !has_column(table, column) {
                    let message = format!("{named}, which has no column {column}");
                    let remedy = format!("a window needs a column for its time, and {by}");
                    return Err(Error::invalid(message).with_hint(remedy));
                }
            }
            let schema = table.schema();
            let time = schema.field_with_name(&window.at)?;
            let place = format!("{named}, whose {}", window.at);
            instant::check(&place, time.data_type())?;
        }
        Ok(())
    }

    /// Brings the table up to date.
    pub async fn apply(&self, room: &Room<'_>, planned: &Planned) -> Result<Outcome> {
        let comment = format!("made by {}", self.query.name(room));
        let output = room.output(self.table, self.key, &comment);
        let output = output.ordered_by(self.by.as_slice());
        planned
            .apply(
                room,
                &output,
                async |session, wanted| self.touched(room, planned, session, wanted).await,
                async |session, touched| self.rows(room, planned, &output, session, touched).await,
            )
            .await
    }

    /// The values to compute anew; none where the change concerns every row.
    async fn touched(
        &self,
        room: &Room<'_>,
        planned: &Planned,
        session: &Session,
        wanted: Wanted<'_>,
    ) -> Result<Option<Touched>> {
        let Some(by) = self.by else { return Ok(None) };
        let since = match wanted {
            Wanted::ChangedSince(since) => since,
            Wanted::Sampled(sample) => {
                return sampled(session, &planned.inputs, by, sample)
                    .await
                    .map(Some);
            }
        };
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
            return Ok(Some(touched));
        }
        let ages = self.windows.is_empty() || self.query.ages();
        let (Some(before), false) = (since.as_of, ages) else {
            return Ok(None);
        };
        for window in &self.windows {
            let rows = session.table(&window.table).await?;
            let crossing = crossing(rows, window, before, room.clock.as_of)?;
            touched.add(crossing, vec![ident(by)]).await?;
        }
        Ok(Some(touched))
    }

    /// The query over the rows of what was touched. *By* a column, rows without a value of it are nobody's and are
    /// hidden from a run over all rows as well: a change of them touches nothing.
    async fn rows(
        &self,
        room: &Room<'_>,
        planned: &Planned,
        output: &Output<'_>,
        session: &Session,
        touched: Option<&Touched>,
    ) -> Result<SendableRecordBatchStream> {
        let recipe = self.query.recipe(room)?;
        if let Some(by) = self.by {
            let inputs = &planned.inputs;
            self.check_values(room, by, recipe.rows(session).await?)?;
            let slices = Slices::of(room.runtime, session, inputs, by, touched, &recipe).await?;
            if let Some(slices) = slices {
                self.check_columns(room, inputs, slices.schema())?;
                let columns = output.sorted_by(slices.schema());
                return Ok(slices.rows(&columns));
            }
            for input in inputs.iter().filter(|input| has_column(input, by)) {
                match touched {
                    Some(touched) => touched.overlay(session, input.name(), by).await?,
                    None => hide_nulls(session, input.name(), by).await?,
                }
            }
        }
        let rows = recipe.rows(session).await?;
        self.check_columns(room, &planned.inputs, rows.schema().as_arrow())?;
        let rows = rows.execute_stream().await?;
        let columns = output.sorted_by(&rows.schema());
        session.ordered(rows, &columns).await
    }

    /// A SELECT that looks across values would say one thing of all rows and another of those that a change touches.
    fn check_values(&self, room: &Room<'_>, by: &str, rows: DataFrame) -> Result<()> {
        let Query::File(file) = self.query else {
            return Ok(());
        };
        let found = by_value::check(&rows.into_optimized_plan()?, by);
        found.map_err(|Obstacle { why, remedy }| {
            let job = &room.job.name;
            Error::invalid(format!("{file} cannot be computed by {by}: {why}")).with_hint(format!(
                "{remedy}; or leave `by` out of jobs/{job}.yaml, and the table is made in one step"
            ))
        })
    }

    /// The columns by which rows are computed and told apart have to be among those that the query makes, as they are in
    /// its inputs.
    fn check_columns(&self, room: &Room<'_>, inputs: &[Table], made: &Schema) -> Result<()> {
        let by = self.by.map(|by| ("by", by));
        let key = self.key.iter().map(|column| ("key", column.as_str()));
        let lacks = |(_, column): &(&str, &str)| made.field_with_name(column).is_err();
        let (job, query) = (&room.job.name, self.query.name(room));
        let Some((role, column)) = by.into_iter().chain(key).find(lacks) else {
            return self.check_made(query, inputs, made);
        };
        let names: Vec<&str> = made
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let remedy = match spelling::nearest(column, names) {
            Some(near) => format!("it selects {near}: call it {column}, or correct `{role}`"),
            None => format!("select it, or correct `{role}`"),
        };
        let message = format!(
            "{query} selects no column {column}, which jobs/{job}.yaml has as its `{role}`"
        );
        Err(Error::invalid(message).with_hint(remedy))
    }

    /// The values that a change touches are looked up among those that the query made before.
    fn check_made(&self, query: &str, inputs: &[Table], made: &Schema) -> Result<()> {
        let known = inputs.iter().find_map(|table| self.type_in(table));
        let (Some(by), Some((table, known))) = (self.by, known) else {
            return Ok(());
        };
        let own = made.field_with_name(by)?.data_type();
        if *own == known || own.is_string() && known.is_string() {
            return Ok(());
        }
        let (own, known) = (type_name(own), type_name(&known));
        let message = format!("{query} makes {by} a {own}, which is {known} in {table}");
        Err(Error::invalid(message).with_hint(format!(
            "select {by} as it is, or leave `by` out: the table is then made in one step"
        )))
    }
}

/// The values of the column that are in a sample, over all inputs that have it.
async fn sampled(session: &Session, inputs: &[Table], by: &str, sample: Sample) -> Result<Touched> {
    let mut touched = Touched::none(&[by]);
    for input in inputs.iter().filter(|input| has_column(input, by)) {
        let rows = session.table(input.name()).await?;
        let rows = rows.filter(sample.holds(&[by.to_owned()]))?;
        touched.add(rows, vec![ident(by)]).await?;
    }
    Ok(touched)
}

async fn hide_nulls(session: &Session, table: &TableName, column: &str) -> Result<()> {
    let rows = session.table(table).await?;
    let rows = rows.filter(ident(column).is_not_null())?;
    session.register(table, rows.into_view())
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
        let edge = |at| instant::days_before(at, days);
        let at = || instant::column(&window.at);
        any = any.or(at().gt_eq(edge(first)).and(at().lt_eq(edge(last))));
    }
    Ok(rows.filter(any)?)
}
