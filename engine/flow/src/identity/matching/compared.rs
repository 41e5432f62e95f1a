//! The records as the model sees them: one row a record, with the columns that it compares.

use std::collections::BTreeSet;

use c360_resolve::cluster::{Records, anchor_places};
use c360_resolve::matching::Columns;
use c360_spec::{IdentityJob, Matching};
use datafusion::arrow::array::StringArray;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, ident};

use super::failed;
use crate::error::Result;
use crate::identity::records;
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
    pub async fn load(session: &Session, job: &IdentityJob, matching: &Matching) -> Result<Self> {
        Self::of(job, whole(rows(session, matching).await?).await?)
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
        });
        Ok(Self {
            rows,
            columns,
            places,
        })
    }

    /// Sources and keys of the records.
    pub fn names(&self) -> Result<(&StringArray, &StringArray)> {
        Ok((text(&self.rows, "source")?, text(&self.rows, "key")?))
    }
}

/// One row a record: its name, when it was first seen, and the columns that are compared, in no particular order.
pub async fn rows(session: &Session, matching: &Matching) -> Result<DataFrame> {
    let compared = matching.columns().into_iter().map(|(_, name)| name);
    let compared: BTreeSet<&str> = compared.collect();
    let wanted: Vec<Expr> = NAMED.into_iter().chain(compared).map(ident).collect();
    Ok(session.table(&records()).await?.select(wanted)?)
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
