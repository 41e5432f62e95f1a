//! Matches of records in memory, for a run that is only tried out.

use c360_spec::{IdentityJob, Matching};
use datafusion::arrow::array::RecordBatch;
use serde::Serialize;

use super::compared::Compared;
use super::import::{ModelFile, read};
use super::model::{self, current, learn_declared};
use super::prepared::Prepared;
use super::{joins, left_out, linkage};
use crate::error::Result;
use crate::room::Room;
use crate::session::Session;

/// Whose model the matches are by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelOf {
    /// The newest of `identity.models`.
    Newest,
    /// One that was trained for the purpose, as a run would.
    Trained,
    /// A file's.
    File,
}

/// What to match by.
pub struct Tried<'a> {
    pub matching: &'a Matching,
    /// A model that is not in use yet.
    pub file: Option<&'a ModelFile<'a>>,
    /// Whether the records differ from those in the lake.
    pub news: bool,
}

/// The matches of the records in `session`, with warnings.
pub async fn matches(
    room: &Room<'_>,
    session: &Session,
    job: &IdentityJob,
    tried: &Tried<'_>,
) -> Result<(RecordBatch, ModelOf, Vec<String>)> {
    let planned = model::decide(room, tried.matching).await?;
    let (of, current, compared) = match (tried.file, &planned.table) {
        (Some(file), _) => {
            let (current, compared) = read(session, job, file).await?;
            (ModelOf::File, current, compared)
        }
        (None, Some(table)) if !planned.would_train(tried.news) => {
            let current = current(room, session, table).await?;
            let compared = Compared::load(session, job, &current.model).await?;
            (ModelOf::Newest, current, compared)
        }
        _ => {
            let (current, compared) = learn_declared(room, session, job, tried.matching).await?;
            (ModelOf::Trained, current, compared)
        }
    };
    let prepared = Prepared::by(&compared, &current)?;
    let warnings = left_out(&prepared.blocks, &current.model);
    let linkage = linkage(&compared, &current, prepared)?;
    Ok((joins(&compared, &linkage.joins)?, of, warnings))
}
