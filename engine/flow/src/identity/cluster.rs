//! Links and persons, from records and identifiers.
//!
//! Full: all records at once. Incremental: the components that a change reaches, resolved by the same function. The
//! two tables are written one after the other, persons last, so that after a crash between them the older cursor is
//! the one that is read.

use c360_catalog::{Scope, Table};
use c360_spec::{IdentityJob, TableName};
use datafusion::arrow::array::{BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::execution::SendableRecordBatchStream;
use std::collections::HashSet;

use super::affected::{Affected, affected};
use super::graph::{Graph, GraphRows};
use super::rows::{stream, whole};
use super::{decisions, identifiers, links, matches, persons, records};
use crate::cursor::{Planned, Work};
use crate::error::Result;
use crate::report::Outcome;
use crate::room::Room;
use crate::session::Session;
use crate::touched::{self, Touched};

/// Compares what both tables were made from with what there is now.
pub async fn decide(room: &Room<'_>, job: &IdentityJob) -> Result<Planned> {
    let mut inputs = vec![records(), identifiers()];
    inputs.extend(job.matching.as_ref().map(|_| matches()));
    let decided = room.output_table(&decisions()).await?;
    inputs.extend(decided.map(|_| decisions()));
    Planned::of(room, &[links(), persons()], &inputs, None).await
}

/// Brings links and persons up to date.
pub async fn apply(
    room: &Room<'_>,
    job: &IdentityJob,
    planned: &Planned,
    outcome: &mut Outcome,
) -> Result<()> {
    let resolved = planned.output(&persons());
    if planned.decision.work == Work::Nothing {
        outcome.snapshot_id = resolved.and_then(Table::snapshot_id);
        return Ok(());
    }
    let session = planned.session(room).await?;
    let (graph, scope) = match (&planned.decision.work, resolved) {
        (Work::Incremental(since), Some(resolved)) => {
            session.register(resolved.name(), resolved.provider().await?)?;
            held(&session, &identifiers()).await?;
            let affected: Affected = affected(&session, planned, since).await?;
            let rows = GraphRows {
                records: affected.record_rows(&session).await?,
                identifiers: affected.identifier_rows(&session).await?,
                matches: affected.pair_rows(&session, planned, &matches()).await?,
                decisions: affected.pair_rows(&session, planned, &decisions()).await?,
            };
            (Graph::load(job, rows).await?, Some(affected.scope))
        }
        _ => {
            let rows = GraphRows {
                records: session.table(&records()).await?,
                identifiers: session.table(&identifiers()).await?,
                matches: session.table(&matches()).await.ok(),
                decisions: session.table(&decisions()).await.ok(),
            };
            (Graph::load(job, rows).await?, None)
        }
    };
    let resolution = graph.resolve()?;
    let written = Written {
        room,
        planned,
        scope: scope.as_ref(),
    };
    written.links(graph.links(&resolution)?, outcome).await?;
    written.persons(graph.persons(&resolution)?, outcome).await
}

/// Reads a table once, for what asks it several times.
async fn held(session: &Session, table: &TableName) -> Result<()> {
    let rows = whole(session.table(table).await?).await?;
    session.register(table, session.rows(rows)?.into_view())
}

/// Where the answer goes: everywhere, or to the affected records alone.
struct Written<'a> {
    room: &'a Room<'a>,
    planned: &'a Planned,
    scope: Option<&'a Touched>,
}

impl Written<'_> {
    async fn links(&self, rows: RecordBatch, outcome: &mut Outcome) -> Result<()> {
        let columns = ["source_a", "key_a"];
        let key = ["source_a", "key_a", "source_b", "key_b", "rule", "evidence"].map(String::from);
        let name = links();
        let output = self.room.output(
            &name,
            &key,
            "one row a piece of evidence that two records are one person",
        );
        let rows = self.rows(rows, columns).await?;
        let stamp = self.room.stamp(&self.planned.now);
        let committed = output
            .write(
                self.planned.output(&name),
                self.scope(columns).await?,
                rows,
                stamp,
            )
            .await?;
        outcome.wrote(&committed);
        Ok(())
    }

    async fn persons(&self, rows: RecordBatch, outcome: &mut Outcome) -> Result<()> {
        let columns = ["source", "key"];
        let key = columns.map(String::from);
        let name = persons();
        let output = self.room.output(
            &name,
            &key,
            "one row a record, with the person that it belongs to",
        );
        let rows = self.rows(rows, columns).await?;
        let stamp = self.room.stamp(&self.planned.now);
        let committed = output
            .write(
                self.planned.output(&name),
                self.scope(columns).await?,
                rows,
                stamp,
            )
            .await?;
        outcome.committed(&committed);
        Ok(())
    }

    async fn scope(&self, columns: [&str; 2]) -> Result<Scope> {
        let renamed = self.scope.map(|scope| scope.renamed(&columns));
        touched::scope(&self.room.runtime.session(), renamed.as_ref()).await
    }

    /// The rows that are ours to write: records that only helped to judge a limit keep what they have.
    async fn rows(
        &self,
        rows: RecordBatch,
        columns: [&str; 2],
    ) -> Result<SendableRecordBatchStream> {
        let rows = match self.scope {
            None => rows,
            Some(scope) => members(&rows, columns, scope)?,
        };
        Ok(stream(rows))
    }
}

/// The rows whose `columns` are in `scope`.
fn members(rows: &RecordBatch, columns: [&str; 2], scope: &Touched) -> Result<RecordBatch> {
    let Some(values) = scope.values() else {
        return Ok(rows.slice(0, 0));
    };
    let converter = RowConverter::new(vec![SortField::new(DataType::Utf8); 2])?;
    let known = converter.convert_columns(values.columns())?;
    let known: HashSet<_> = known.iter().collect();
    let at =
        |column: &str| Ok::<_, crate::Error>(rows.column(rows.schema().index_of(column)?).clone());
    let found = converter.convert_columns(&[at(columns[0])?, at(columns[1])?])?;
    let keep: BooleanArray = found.iter().map(|row| Some(known.contains(&row))).collect();
    Ok(filter_record_batch(rows, &keep)?)
}
