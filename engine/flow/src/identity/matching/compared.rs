//! The records as the model sees them: one row a record, in anchor order, with the columns that it compares.

use std::collections::BTreeSet;

use c360_resolve::matching::Columns;
use c360_spec::{IdentityJob, Matching};
use datafusion::arrow::array::StringArray;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::JoinType;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::{DataFrame, ident};

use super::failed;
use crate::error::Result;
use crate::identity::records::attributes;
use crate::identity::rows::{text, whole};
use crate::identity::{identifiers, records};
use crate::session::Session;

/// All records, those that were seen first first.
pub struct Compared {
    rows: RecordBatch,
    /// The same rows, encoded.
    pub columns: Columns,
}

impl Compared {
    /// Reads records and identifiers.
    pub async fn load(session: &Session, job: &IdentityJob, matching: &Matching) -> Result<Self> {
        let names: BTreeSet<&str> = matching
            .columns()
            .into_iter()
            .map(|(_, name)| name)
            .collect();
        let own = attributes(job);
        let sources = job.records.iter();
        let kinds: BTreeSet<&str> = sources
            .flat_map(|source| source.identifiers.keys().map(String::as_str))
            .collect();
        let mut rows = session.table(&records()).await?;
        for kind in names.intersection(&kinds) {
            rows = with_identifier(session, rows, kind, own.contains(kind)).await?;
        }
        let mut wanted: Vec<Expr> = vec![ident("source"), ident("key")];
        wanted.extend(names.iter().map(|name| ident(*name)));
        let order = [
            ident("first_seen_at").sort(true, false),
            ident("source").sort(true, false),
            ident("key").sort(true, false),
        ];
        let rows = whole(rows.sort(order.to_vec())?.select(wanted)?).await?;
        let texts = names.iter().map(|name| Ok((*name, text(&rows, name)?)));
        let texts: Vec<(&str, &StringArray)> = texts.collect::<Result<_>>()?;
        let columns = Columns::encode(&texts).map_err(failed)?;
        Ok(Self { rows, columns })
    }

    /// Each record's place in anchor order, which is that of the rows.
    pub fn places(&self) -> Vec<u32> {
        (0..self.columns.records() as u32).collect()
    }

    /// Sources and keys of the records.
    pub fn names(&self) -> Result<(&StringArray, &StringArray)> {
        Ok((text(&self.rows, "source")?, text(&self.rows, "key")?))
    }
}

/// The rows with the record's least value of the kind, where it has no attribute of that name.
async fn with_identifier(
    session: &Session,
    rows: DataFrame,
    kind: &str,
    is_attribute: bool,
) -> Result<DataFrame> {
    let values = session
        .table(&identifiers())
        .await?
        .filter(ident("kind").eq(lit(kind)))?
        .aggregate(
            vec![
                ident("source").alias("c360_source"),
                ident("key").alias("c360_key"),
            ],
            vec![min(ident("value")).alias("c360_value")],
        )?;
    let joined = rows.join(
        values,
        JoinType::Left,
        &["source", "key"],
        &["c360_source", "c360_key"],
        None,
    )?;
    let value = match is_attribute {
        true => coalesce(vec![ident(kind), ident("c360_value")]),
        false => ident("c360_value"),
    };
    let joined = joined.with_column(kind, value)?;
    Ok(joined.drop_columns(&["c360_source", "c360_key", "c360_value"])?)
}
