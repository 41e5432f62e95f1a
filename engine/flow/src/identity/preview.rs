//! What the spec as it is now would make of the records as they are now: who would be merged, and who split. All in
//! memory, from the tables that records are read from; nothing is written.

use std::sync::Arc;

use c360_resolve::difference::{Difference, Regrouped};
use c360_resolve::events::Member;
use c360_spec::IdentityJob;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use serde::Serialize;

use super::answer::{Answer, members_schema};
use super::graph::{Graph, GraphRows};
use super::matching::in_memory::{self, ModelOf, Tried};
use super::rows::{text, whole};
use super::{ModelFile, RecordName, decisions, identifiers, matches, persons, records, undeclared};
use crate::cursor::Work;
use crate::error::Result;
use crate::room::Room;
use crate::session::Session;

/// What a run would change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// Persons now, and after a run.
    pub persons_before: u64,
    pub persons_after: u64,
    /// Persons with the same records as now.
    pub unchanged: u64,
    /// Persons that would hold records of several.
    pub merged: u64,
    /// Persons whose records would be in several.
    pub split: u64,
    /// Records whose person would have another id.
    pub records_moved: u64,
    /// Records that identity does not know yet, and those that are gone from their source.
    pub records_appeared: u64,
    pub records_gone: u64,
    /// By whose model records are matched, if the job declares matching.
    pub model: Option<ModelOf>,
    pub warnings: Vec<String>,
    /// The largest of those that would be merged, and split.
    pub merges: Vec<Example>,
    pub splits: Vec<Example>,
}

/// A person, and the first record of each part that it would be made of, or fall into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    pub person_id: String,
    pub records: u64,
    pub parts: Vec<RecordName>,
}

/// Resolves all records in memory and compares the persons with those of the lake.
pub async fn preview(
    room: &Room<'_>,
    job: &IdentityJob,
    file: Option<&ModelFile<'_>>,
    examples: usize,
) -> Result<Preview> {
    let before = room.output_table(&persons()).await?;
    let before = match &before {
        Some(table) => whole(room.runtime.session().read(table.provider().await?)?).await?,
        None => nobody(job),
    };
    let mut warnings = Vec::new();
    let (session, news) = read_records(room, job).await?;
    let model = match &job.matching {
        None if file.is_some() => return Err(undeclared(&room.job.name)),
        None => None,
        Some(matching) => {
            let tried = Tried {
                matching,
                file,
                news,
            };
            let (rows, of, told) = in_memory::matches(room, &session, job, &tried).await?;
            warnings.extend(told);
            session.hold(&matches(), rows)?;
            Some(of)
        }
    };
    let rows = GraphRows {
        records: session.table(&records()).await?,
        identifiers: session.table(&identifiers()).await?,
        matches: session.table(&matches()).await.ok(),
        decisions: session.table(&decisions()).await.ok(),
    };
    let answer = Arc::new(Answer::of(Graph::load(job, rows).await?)?);
    let after: Vec<RecordBatch> = answer.members().collect::<Result<_>>()?;
    let after = concat_batches(&members_schema(&job.entity), &after)?;
    let (before, after) = (members(&before)?, members(&after)?);
    let found = Difference::between(&before, &after);
    Ok(Preview {
        persons_before: count(&before),
        persons_after: count(&after),
        unchanged: found.unchanged,
        merged: found.merged.len() as u64,
        split: found.split.len() as u64,
        records_moved: found.moved,
        records_appeared: found.appeared,
        records_gone: found.gone,
        model,
        warnings,
        merges: found.merged.iter().take(examples).map(example).collect(),
        splits: found.split.iter().take(examples).map(example).collect(),
    })
}

/// A session that sees records and identifiers as a run would make them, and decisions; and whether a run would make
/// other records than there are.
async fn read_records(room: &Room<'_>, job: &IdentityJob) -> Result<(Session, bool)> {
    let planned = super::records::decide(room, job).await?;
    let raw = planned.session(room).await?;
    let made = super::records::made(&raw, job, None).await?;
    let session = room.runtime.session();
    session.hold(&records(), made.records().await?)?;
    session.hold(&identifiers(), made.identifiers().await?)?;
    let decided = room.input_table_if_any(&decisions()).await?;
    let session = session.with_tables(&decided).await?;
    Ok((session, planned.decision.work != Work::Nothing))
}

/// No row of `identity.persons`.
fn nobody(job: &IdentityJob) -> RecordBatch {
    RecordBatch::new_empty(members_schema(&job.entity))
}

fn members(persons: &RecordBatch) -> Result<Vec<Member<'_>>> {
    let [source, key, person] = ["source", "key", "person_id"].map(|column| text(persons, column));
    let (source, key, person) = (source?, key?, person?);
    let member = |row| Member {
        source: source.value(row),
        key: key.value(row),
        person_id: person.value(row),
    };
    Ok((0..persons.num_rows()).map(member).collect())
}

/// How many persons there are.
fn count(members: &[Member<'_>]) -> u64 {
    let ids: std::collections::HashSet<&str> = members.iter().map(|of| of.person_id).collect();
    ids.len() as u64
}

fn example(of: &Regrouped<'_>) -> Example {
    let name = |(source, key): &(&str, &str)| RecordName {
        source: (*source).to_owned(),
        key: (*key).to_owned(),
    };
    Example {
        person_id: of.person_id.to_owned(),
        records: of.records,
        parts: of.parts.iter().map(name).collect(),
    }
}
