//! The health of the evidence graph, from the tables as they are. Reads only.
//!
//! Identifiers' values are not shown: a digest (the first 12 hexadecimal digits of SHA-256) finds them in the lake.

mod bridges;

use std::sync::Arc;

use c360_spec::{IdentityJob, TableName};
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use serde::Serialize;

pub use self::bridges::Bridge;
use super::graph::{Graph, GraphRows};
use super::matching::skipped::{SkippedBlocks, skipped};
use super::{decisions, identifiers, links, persons, records};
use crate::error::Result;
use crate::json::{self, Row};
use crate::room::Room;
use crate::session::Session;

/// What there is to know of the graph's health.
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    pub records: u64,
    pub persons: u64,
    /// How many persons have how many records.
    pub sizes: Vec<Row>,
    pub largest: Vec<Row>,
    /// Evidence that alone holds parts of two records or more to their person, weakest first.
    pub bridges: Vec<Bridge>,
    pub weakest_matches: Vec<Row>,
    /// Kinds of identifiers, with how many values are one person's, a household's or junk, shared, over their limit.
    pub kinds: Vec<Row>,
    pub busiest_identifiers: Vec<Row>,
    /// Links by rule and by what refused them.
    pub rules: Vec<Row>,
    /// Blocks over `records_max`, by blocking rule.
    pub skipped_blocks: Vec<SkippedBlocks>,
    /// Stewards' decisions that change nothing.
    pub idle_decisions: Vec<Row>,
}

/// Looks at the whole graph; of each list but sizes, kinds and rules, the first `examples`.
pub async fn audit(room: &Room<'_>, job: &IdentityJob, examples: usize) -> Result<Audit> {
    let mut inputs = room
        .input_tables(&[records(), identifiers(), links(), persons()])
        .await?;
    let decided = room.input_table_if_any(&decisions()).await?;
    let has_decisions = decided.is_some();
    inputs.extend(decided);
    let session = room.runtime.session().with_tables(&inputs).await?;
    show_over_limit(&session, job).await?;
    let asked = Asked {
        room,
        session: &session,
    };
    let some = Some(examples);
    let sizes = asked.rows("sizes", include_str!("sizes.sql"), None).await?;
    let mut counts = (0, 0);
    for row in &sizes {
        let number = |name| {
            row.get(name)
                .and_then(|value| value.get().parse::<u64>().ok())
        };
        let (records, persons) = (
            number("records").unwrap_or(0),
            number("persons").unwrap_or(0),
        );
        counts = (counts.0 + records * persons, counts.1 + persons);
    }
    let followed = asked
        .frame("followed", include_str!("followed.sql"))
        .await?;
    Ok(Audit {
        records: counts.0,
        persons: counts.1,
        sizes,
        largest: asked
            .rows("largest", include_str!("largest.sql"), some)
            .await?,
        bridges: bridges::weakest(followed, job, examples).await?,
        weakest_matches: asked
            .rows("weakest_matches", include_str!("weakest_matches.sql"), some)
            .await?,
        kinds: asked.rows("kinds", include_str!("kinds.sql"), None).await?,
        busiest_identifiers: asked
            .rows("busiest", include_str!("busiest.sql"), some)
            .await?,
        rules: asked.rows("rules", include_str!("rules.sql"), None).await?,
        skipped_blocks: match &job.matching {
            Some(matching) => skipped(room, job, matching).await?,
            None => Vec::new(),
        },
        idle_decisions: match has_decisions {
            true => {
                let sql = include_str!("idle_decisions.sql");
                asked.rows("idle_decisions", sql, some).await?
            }
            false => Vec::new(),
        },
    })
}

/// Queries over the pinned tables.
struct Asked<'a> {
    room: &'a Room<'a>,
    session: &'a Session,
}

impl Asked<'_> {
    async fn frame(&self, name: &str, sql: &str) -> Result<datafusion::prelude::DataFrame> {
        self.session.select(name, sql, self.room.clock.as_of).await
    }

    async fn rows(&self, name: &str, sql: &str, most: Option<usize>) -> Result<Vec<Row>> {
        json::collect(self.frame(name, sql).await?.limit(0, most)?).await
    }
}

/// Shows the values over their limit as `audit.over_limit`: kind and value.
async fn show_over_limit(session: &Session, job: &IdentityJob) -> Result<()> {
    let rows = GraphRows {
        records: session.table(&records()).await?,
        identifiers: session.table(&identifiers()).await?,
        matches: None,
        decisions: None,
    };
    let graph = Graph::load(job, rows).await?;
    let (kinds, values): (Vec<&str>, Vec<&str>) = graph.over_limit()?.into_iter().unzip();
    let columns = ["kind", "value"].map(|name| Field::new(name, DataType::Utf8, false));
    let rows: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(kinds)),
        Arc::new(StringArray::from(values)),
    ];
    let rows = RecordBatch::try_new(Arc::new(Schema::new(columns.to_vec())), rows)?;
    let name = TableName::new("audit", "over_limit").expect("a plain name");
    session.hold(&name, rows)
}
