//! Links and persons, or members of another entity, from records and identifiers.
//!
//! Full: all records at once. Incremental: the components that a change reaches, resolved by the same function. The
//! two tables are written one after the other, members last, so that after a crash between them the older cursor is
//! the one that is read.

use c360_catalog::{KeySet, Scope, Table};
use c360_spec::{Entity, IdentityJob, TableName};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::logical_expr::{in_list, lit};
use datafusion::prelude::{DataFrame, ident};
use std::sync::Arc;

use super::affected::{RECORD, affected};
use super::answer::{Answer, links_schema, members_schema};
use super::graph::{Graph, GraphRows, kind_names};
use super::rows::batches;
use super::{Stage, decisions, matches, upheaval};
use crate::cursor::{Planned, Work};
use crate::error::Result;
use crate::report::Outcome;
use crate::room::Room;
use crate::session::Session;
use crate::touched::{self, Touched};

/// Compares what both tables were made from with what there is now.
pub async fn decide(room: &Room<'_>, job: &IdentityJob) -> Result<Planned> {
    let entity = &job.entity;
    let mut inputs = vec![entity.records(), entity.identifiers()];
    inputs.extend(job.matching.as_ref().map(|_| matches()));
    if entity.is_person() {
        let decided = room.input_table_if_any(&decisions()).await?;
        inputs.extend(decided.map(|_| decisions()));
    }
    Planned::of(room, &Stage::Persons.tables(entity), &inputs, None).await
}

/// Brings links and members up to date.
pub async fn apply(
    room: &Room<'_>,
    job: &IdentityJob,
    planned: &Planned,
    outcome: &mut Outcome,
) -> Result<()> {
    let resolved = planned.output(&job.entity.members());
    if planned.decision.work == Work::Nothing {
        outcome.snapshot_id = resolved.and_then(Table::snapshot_id);
        return Ok(());
    }
    let session = planned.session(room).await?;
    let (graph, scope) = match (&planned.decision.work, resolved) {
        (Work::Incremental(since), Some(resolved)) => {
            session.register(resolved.name(), resolved.provider().await?)?;
            let deciding = deciding(&session, job).await?;
            session.register(&job.entity.identifiers(), deciding.into_view())?;
            let affected = affected(&job.entity, &session, planned, since).await?;
            let rows = GraphRows {
                records: affected.record_rows(&session).await?,
                identifiers: affected.identifiers.clone(),
                matches: affected.pair_rows(&session, planned, &matches()).await?,
                decisions: affected.pair_rows(&session, planned, &decisions()).await?,
            };
            (Graph::load(job, rows).await?, Some(affected.scope))
        }
        _ => {
            let rows = GraphRows {
                records: session.table(&job.entity.records()).await?,
                identifiers: deciding(&session, job).await?,
                matches: read(&session, planned, &matches()).await?,
                decisions: read(&session, planned, &decisions()).await?,
            };
            (Graph::load(job, rows).await?, None)
        }
    };
    let written = Written {
        room,
        entity: &job.entity,
        planned,
        scope: scope.as_ref(),
        answer: Arc::new(Answer::of(graph)?),
    };
    if job.entity.is_person() {
        let members = || written.ours(written.answer.members(), RECORD)?.collect();
        let warnings = upheaval::check(room, &session, resolved, scope.as_ref(), members).await?;
        outcome.warnings.extend(warnings);
    }
    written.links(outcome).await?;
    written.members(outcome).await
}

/// A table that is an input where the job has it.
async fn read(
    session: &Session,
    planned: &Planned,
    table: &TableName,
) -> Result<Option<DataFrame>> {
    match planned.input(table) {
        Ok(_) => session.table(table).await.map(Some),
        Err(_) => Ok(None),
    }
}

/// The identifiers that have a say in who is who.
async fn deciding(session: &Session, job: &IdentityJob) -> Result<DataFrame> {
    let kinds = kind_names(job);
    let kinds = kinds.iter().filter(|kind| job.identifier_decides(kind));
    let kinds = kinds.map(|kind| lit(kind.as_str())).collect();
    let all = session.table(&job.entity.identifiers()).await?;
    Ok(all.filter(in_list(ident("kind"), kinds, false))?)
}

/// An answer, and where it goes: everywhere, or to the affected records alone.
struct Written<'a> {
    room: &'a Room<'a>,
    entity: &'a Entity,
    planned: &'a Planned,
    scope: Option<&'a Touched>,
    answer: Arc<Answer>,
}

impl Written<'_> {
    async fn links(&self, outcome: &mut Outcome) -> Result<()> {
        let columns = ["source_a", "key_a"];
        let key = ["source_a", "key_a", "source_b", "key_b", "rule", "evidence"].map(String::from);
        let name = self.entity.links();
        let comment = format!(
            "one row a piece of evidence that two records are one {}",
            self.entity
        );
        let output = self.room.output(&name, &key, &comment);
        let rows = batches(links_schema(), self.ours(self.answer.links(), columns)?);
        let stamp = self.room.stamp(&self.planned.now);
        let committed = output
            .write(self.planned.output(&name), self.scope(columns), rows, stamp)
            .await?;
        outcome.wrote(&committed);
        Ok(())
    }

    async fn members(&self, outcome: &mut Outcome) -> Result<()> {
        let key = RECORD.map(String::from);
        let name = self.entity.members();
        let comment = format!(
            "one row a record, with the {} that it belongs to",
            self.entity
        );
        let output = self.room.output(&name, &key, &comment).distinct();
        let rows = self.ours(self.answer.members(), RECORD)?;
        let rows = batches(members_schema(self.entity), rows);
        let stamp = self.room.stamp(&self.planned.now);
        let committed = output
            .write(self.planned.output(&name), self.scope(RECORD), rows, stamp)
            .await?;
        outcome.committed(&committed);
        Ok(())
    }

    fn scope(&self, columns: [&str; 2]) -> Scope {
        let renamed = self.scope.map(|scope| scope.renamed(&columns));
        touched::scope(renamed.as_ref())
    }

    /// The rows that are ours to write: records that only helped to judge a limit keep what they have. `columns` name a
    /// row's record.
    fn ours<R>(
        &self,
        rows: R,
        columns: [&'static str; 2],
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send + use<R>>
    where
        R: Iterator<Item = Result<RecordBatch>> + Send,
    {
        let scope = self.scope.map(Touched::keys).transpose()?;
        Ok(rows.map(move |rows| match &scope {
            None => rows,
            Some(scope) => among(&rows?, columns, scope),
        }))
    }
}

/// The rows whose `columns` are in `scope`.
fn among(rows: &RecordBatch, columns: [&str; 2], scope: &KeySet) -> Result<RecordBatch> {
    let schema = rows.schema();
    let at = |column: &str| Ok::<_, crate::Error>(rows.column(schema.index_of(column)?).clone());
    let keep = scope.contains(&[at(columns[0])?, at(columns[1])?])?;
    Ok(filter_record_batch(rows, &keep)?)
}
