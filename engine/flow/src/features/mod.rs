//! The features of a project: what each column of its feature tables tells, who answers for it, and which columns of
//! the sources it is made of.

mod lineage;
mod origins;

use c360_spec::{About, Features, Job, JobKind};
use serde::Serialize;

use self::lineage::Lineage;
pub(crate) use self::lineage::made_of;
pub use self::origins::Origin;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::Result;

/// One column of a feature table.
#[derive(Debug, Clone, Serialize)]
pub struct Feature {
    pub table: String,
    pub column: String,
    /// The job that makes it.
    pub job: String,
    /// The column's type as Arrow has it; none before the table is there.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub description: Option<String>,
    /// Who answers for it, and what it is for.
    #[serde(flatten)]
    pub about: About,
    /// Columns of sources, and of who is who; none before the tables are there.
    pub from: Vec<Origin>,
}

impl Engine {
    /// Every feature, in the order in which the jobs run and the columns stand. Reads no rows.
    pub async fn features(&self, clock: &Clock) -> Result<Vec<Feature>> {
        let lineage = Lineage::of(self, clock).await?;
        let mut features = Vec::new();
        for job in lineage.order() {
            if let Some(made) = job.kind.features() {
                features.extend(of_job(job, made, &lineage));
            }
        }
        Ok(features)
    }
}

/// The columns that are not the key: those of the table, or where there is none yet, those that the spec names.
fn of_job(job: &Job, made: Features<'_>, lineage: &Lineage<'_>) -> Vec<Feature> {
    let described = described(job);
    let mut columns = lineage.columns(made.table);
    if columns.is_empty() {
        let names = described.iter().map(|(name, _)| (name.clone(), None));
        columns = names.collect();
    }
    columns.retain(|(column, _)| !made.key.contains(column));
    let feature = |(column, kind): (String, Option<String>)| {
        let description = described.iter().find(|(name, _)| *name == column);
        Feature {
            table: made.table.to_string(),
            job: job.name.clone(),
            kind,
            description: description.and_then(|(_, text)| text.clone()),
            about: made.about.cloned().unwrap_or_default(),
            from: lineage.roots(made.table, &column),
            column,
        }
    };
    columns.into_iter().map(feature).collect()
}

/// The columns that the spec speaks of, with what it says.
fn described(job: &Job) -> Vec<(String, Option<String>)> {
    match &job.kind {
        JobKind::Feature(job) => {
            let columns = job.columns.iter();
            let columns = columns.map(|(name, text)| (name.clone(), Some(text.clone())));
            columns.collect()
        }
        JobKind::Measures(job) => {
            let measures = job.measures.iter().flat_map(|measure| {
                let columns = measure.columns();
                columns.map(|column| (column, measure.description.clone()))
            });
            measures.collect()
        }
        _ => Vec::new(),
    }
}
