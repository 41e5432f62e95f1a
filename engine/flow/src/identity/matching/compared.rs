//! The records as the model sees them: one row a record, with the columns that it compares.

use c360_resolve::cluster::{Records, anchor_places};
use c360_resolve::matching::{Columns, Model};
use c360_spec::spelling::nearest;
use c360_spec::{IdentityJob, RecordSource};
use datafusion::arrow::array::StringArray;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, ident};

use super::failed;
use crate::error::{Error, Result};
use crate::identity::records;
use crate::identity::records::attributes;
use crate::identity::rows::{first_seen, positions, source_names, text, whole};
use crate::session::Session;

/// Records, encoded.
pub struct Compared {
    rows: RecordBatch,
    /// The columns that are compared.
    pub columns: Columns,
    /// Each record's place in anchor order.
    pub places: Vec<u32>,
}

impl Compared {
    /// All records.
    pub async fn load(session: &Session, job: &IdentityJob, model: &Model) -> Result<Self> {
        Self::of(job, whole(rows(session, job, model).await?).await?)
    }

    /// The records of rows that [`rows`] made.
    pub fn of(job: &IdentityJob, rows: RecordBatch) -> Result<Self> {
        let columns = Columns::encode(&compared(&rows)?).map_err(failed)?;
        let sources = source_names(job);
        let source = positions(text(&rows, "source")?, &sources)?;
        let names: Vec<&str> = sources.iter().map(String::as_str).collect();
        let places = anchor_places(&Records {
            source: &source,
            source_names: &names,
            key: text(&rows, "key")?,
            first_seen_at: &first_seen(&rows)?,
            attributes: &[],
            texts: &[],
        });
        Ok(Self {
            rows,
            columns,
            places,
        })
    }

    /// The rows that they were read from.
    pub fn rows(&self) -> &RecordBatch {
        &self.rows
    }

    /// Sources and keys of the records.
    pub fn names(&self) -> Result<(&StringArray, &StringArray)> {
        Ok((text(&self.rows, "source")?, text(&self.rows, "key")?))
    }
}

/// One row a record: its name, when it was first seen, and the columns that are compared, in no particular order.
pub async fn rows(session: &Session, job: &IdentityJob, model: &Model) -> Result<DataFrame> {
    check_columns(job, model)?;
    let wanted = NAMED.into_iter().chain(model.columns());
    let wanted: Vec<Expr> = wanted.map(ident).collect();
    Ok(session.table(&records()).await?.select(wanted)?)
}

/// Fails when the model compares what records do not have: an imported one, since the spec is checked for its own.
fn check_columns(job: &IdentityJob, model: &Model) -> Result<()> {
    let known = attributes(job);
    let Some(column) = model.columns().difference(&known).copied().next() else {
        return Ok(());
    };
    let message = format!("the model compares `{column}`, which records do not have");
    let is_kind = |source: &RecordSource| source.identifiers.contains_key(column);
    Err(
        Error::invalid(message).with_hint(match nearest(column, known) {
            _ if job.records.iter().any(is_kind) => {
                format!("name {column} under matching too: records hold what matching compares")
            }
            Some(near) => {
                format!("did you mean {near}? name the attribute {column} in the identity job")
            }
            None => format!("add an attribute {column} to the sources of the identity job"),
        }),
    )
}

/// What stands before the columns that are compared.
const NAMED: [&str; 3] = ["source", "key", "first_seen_at"];

/// The columns that are compared, by name.
pub fn compared(rows: &RecordBatch) -> Result<Vec<(&str, &StringArray)>> {
    let fields = rows.schema_ref().fields().iter().skip(NAMED.len());
    fields
        .map(|field| Ok((field.name().as_str(), text(rows, field.name())?)))
        .collect()
}
