//! Training sets: labels, each with the measures of its person as they were at the label's own time.
//!
//! A measure is made of rows up to an instant, so it can be made as of any: the rows of a person are held against each
//! of the person's labels in one pass, and no row after a label's time counts for it; one of that very instant does.
//! What is known only later of an earlier time does count, such as an event that was delivered late.

mod kept;

use std::sync::Arc;

use c360_catalog::Table;
use c360_spec::{JobKind, MeasuresJob, spelling};
use datafusion::catalog::TableProvider;
use datafusion::common::JoinType;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::prelude::{DataFrame, ident};

use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::{Context, Error, Result};
use crate::measures::{self, Moment};
use crate::query::ReadAt;
use crate::recipe::Recipe;
use crate::session::Session;
use crate::slices::Slices;
use crate::{instant, statement};

/// The column of the labels that says when.
const AT: &str = "label_at";
/// What no column of a table is called.
const LABEL: &str = "c360 label";
const PERSON: &str = "c360 person";
const MOMENT: &str = "c360 moment";

/// Which training set is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// A SELECT with a column `label_at`, and those by which the jobs measure.
    pub labels: &'a str,
    /// Jobs of measures.
    pub jobs: &'a [String],
    /// As of when tables are read. That of an epoch gives the same set again.
    pub at: ReadAt,
}

impl Engine {
    /// The rows of the labels in their order, each with the measures at its time.
    pub async fn training_set(
        &self,
        asked: &Asked<'_>,
        clock: &Clock,
    ) -> Result<SendableRecordBatchStream> {
        let (_, set) = self.training_rows(asked, clock).await?;
        Ok(set.execute_stream().await?)
    }

    /// The set, and the tables that it is made of. Of all that, the labels are held in memory, and of the rows that are
    /// measured a slice at a time where they lie by what the job measures.
    async fn training_rows(
        &self,
        asked: &Asked<'_>,
        clock: &Clock,
    ) -> Result<(Vec<Table>, DataFrame)> {
        let jobs = self.measuring(asked.jobs)?;
        let mut names = statement::tables_read("the labels", asked.labels)?;
        names.extend(jobs.iter().map(|job| job.from.clone()));
        let read = self.tables_named(&names, &asked.at).await?;
        let session = self.runtime.session().with_tables(&read).await?;
        let labels = session
            .select_repeatable("the labels", asked.labels, clock.as_of)
            .await?;
        let labels = numbered(&session, labels).await?;
        let mut set = labels.clone();
        for job in jobs {
            let measured = self.measured_at(&session, job, &read, &labels).await?;
            let measured = measured.with_column_renamed(LABEL, MOMENT)?;
            set = set
                .join(measured, JoinType::Left, &[LABEL], &[MOMENT], None)
                .context(|| format!("the measures of {} share a name with others", job.table))?
                .drop_columns(&[MOMENT])?;
        }
        let set = set.sort(vec![ident(LABEL).sort(true, false)])?;
        Ok((read, set.drop_columns(&[LABEL])?))
    }

    async fn measured_at(
        &self,
        session: &Session,
        job: &MeasuresJob,
        read: &[Table],
        labels: &DataFrame,
    ) -> Result<DataFrame> {
        let recipe = Recipe::at_labels(job, labels.clone().into_view());
        let measured = read.iter().filter(|table| *table.name() == job.from);
        let measured: Vec<Table> = measured.take(1).cloned().collect();
        let runtime = &self.runtime;
        match Slices::of(runtime, session, &measured, &job.by, None, &recipe).await? {
            Some(slices) => session.read_stream(slices.rows(&[LABEL])),
            None => recipe.rows(session).await,
        }
    }

    fn measuring(&self, names: &[String]) -> Result<Vec<&MeasuresJob>> {
        let jobs = self.project.jobs.values();
        let measuring = jobs.filter_map(|job| match &job.kind {
            JobKind::Measures(measures) => Some((job.name.as_str(), measures)),
            _ => None,
        });
        let measuring: Vec<_> = measuring.collect();
        let find = |name: &String| {
            let found = measuring.iter().find(|(job, _)| job == name);
            let (_, job) = found.ok_or_else(|| {
                let known: Vec<&str> = measuring.iter().map(|(job, _)| *job).collect();
                let error = Error::invalid(format!("there is no job `{name}` of measures"));
                match spelling::hint(name, known) {
                    Some(hint) => error.with_hint(hint),
                    None => error.with_hint("declare one: jobs/<name>.yaml, kind: measures"),
                }
            })?;
            match job.per.is_empty() {
                true => Ok(*job),
                false => Err(Error::invalid(format!(
                    "job {name} measures per {}, so a label has many rows of it",
                    job.per.join(", ")
                ))
                .with_hint("name a job without `per`")),
            }
        };
        names.iter().map(find).collect()
    }
}

/// The labels in memory, each with a number of its own: whatever asks for them again gets the same ones.
async fn numbered(session: &Session, labels: DataFrame) -> Result<DataFrame> {
    if labels.schema().field_with_unqualified_name(AT).is_err() {
        let error = Error::invalid(format!("the labels have no column {AT}"));
        return Err(error.with_hint("name the time at which each label was known so"));
    }
    instant::check(AT, &ident(AT).get_type(labels.schema())?)?;
    let mut columns: Vec<Expr> = labels
        .schema()
        .columns()
        .into_iter()
        .map(Expr::Column)
        .collect();
    columns.push(row_number().alias(LABEL));
    session.read_once(labels.select(columns)?).await
}

/// The measures of a job at each label's time; none for labels without a row that counts.
pub async fn at_labels(
    session: &Session,
    job: &MeasuresJob,
    labels: Arc<dyn TableProvider>,
) -> Result<DataFrame> {
    let labels = session.read(labels)?.select(vec![
        ident(LABEL),
        ident(&job.by).alias(PERSON),
        instant::column(AT).alias(MOMENT),
    ]);
    let labels = labels.context(|| format!("the labels have no column {}", job.by))?;
    let rows = session.table(&job.from).await?;
    let is_own = ident(&job.by).eq(ident(PERSON));
    let rows = rows.join_on(labels, JoinType::Inner, [is_own])?;
    measures::measured(
        session,
        job,
        rows,
        Moment::Column(MOMENT),
        &[LABEL.to_owned()],
    )
}
