//! What happened to persons, or to another entity, as appended rows: created, merged, split, erased.
//!
//! Told from the changes of `identity.persons`, or the entity's members, since the snapshot up to which events were
//! written: the kernel [`c360_resolve::events`] compares the touched persons' records before and after.

use std::sync::Arc;

use c360_catalog::{Evolution, Table};
use c360_resolve::events::{Change, Event, Member, events as compare_persons};
use c360_spec::Entity;
use datafusion::arrow::array::{
    ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::{filter_record_batch, not};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::prelude::{DataFrame, ident};

use crate::conform::conform;
use crate::cursor::{Cursor, Decision, Work, decide as compare};
use crate::error::{Error, Result};
use crate::instant;
use crate::output::unchanged;
use crate::report::{EntityCounts, Outcome, PersonCounts};
use crate::room::Room;
use crate::session::Session;
use crate::touched::Touched;

/// What there is to do, with everything pinned that it takes.
pub struct Planned {
    written: Option<Table>,
    members: Table,
    now: Cursor,
    /// What there is to do.
    pub decision: Decision,
}

/// Compares the snapshot up to which events were written with the newest one.
///
/// What happened does not depend on the rules, so another spec is no reason to write history anew.
pub async fn decide(room: &Room<'_>, entity: &Entity) -> Result<Planned> {
    let written = room.output_table(&entity.events()).await?;
    let members = room.input_table(&entity.members()).await?;
    let now = Cursor::of([&members]);
    let inputs = std::slice::from_ref(&members);
    let decision = compare(written.as_ref(), FINGERPRINT, inputs, &now);
    Ok(Planned {
        written,
        members,
        now,
        decision,
    })
}

const FINGERPRINT: &str = "identity.events";

/// Appends what happened.
pub async fn apply(
    room: &Room<'_>,
    entity: &Entity,
    planned: &Planned,
    outcome: &mut Outcome,
) -> Result<()> {
    let session = room.runtime.session();
    let known = match &planned.decision.work {
        Work::Nothing => return Ok(()),
        Work::Incremental(since) => match since.since(&planned.members) {
            Some(since) => Known::since(&session, entity, &planned.members, since).await?,
            None => Known::beginning(&session, entity, &planned.members).await?,
        },
        Work::Full if planned.has_begun() => {
            outcome.warnings.push(gap(entity, &planned.decision));
            Known::nothing()
        }
        Work::Full => Known::beginning(&session, entity, &planned.members).await?,
    };
    let happened = known.events()?;
    let counts = count(&happened);
    match entity.is_person() {
        true => outcome.persons = Some(counts),
        false => {
            outcome.entities = Some(EntityCounts {
                entity: entity.to_string(),
                counts,
            });
        }
    }
    let name = entity.events();
    let comment = format!("what happened to each {entity}, oldest first");
    let output = room.output(&name, &[], &comment);
    let table = output.prepare(&schema(entity), Evolution::Widen).await?;
    unchanged(&table, planned.written.as_ref())?;
    let mut appender = table.appender();
    for some in happened.chunks(64 * 1024) {
        appender
            .write(conform(&rows(room, entity, some)?, &table.schema())?)
            .await?;
    }
    let stamp = planned.now.stamp(room.clock, &room.job.name, FINGERPRINT);
    let committed = appender.commit(stamp).await?;
    outcome.wrote(&committed);
    Ok(())
}

impl Planned {
    /// Whether the log tells a story already.
    fn has_begun(&self) -> bool {
        let written = self.written.as_ref().and_then(Table::snapshot_id);
        written.is_some()
    }
}

/// A log that lost its place goes on from here: to begin it anew would tell everything twice.
fn gap(entity: &Entity, decision: &Decision) -> String {
    format!(
        "{} does not tell what happened since it was last written: {}",
        entity.events(),
        decision.why
    )
}

/// Records with their persons, or what else is resolved, on both sides of the change: `source`, `key` and the id.
pub(super) struct Known {
    before: Vec<RecordBatch>,
    after: Vec<RecordBatch>,
}

impl Known {
    fn nothing() -> Self {
        Self {
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Nobody was known before. One record a person is enough to tell that it was created.
    async fn beginning(session: &Session, entity: &Entity, members: &Table) -> Result<Self> {
        let all = session.read(members.provider().await?)?.aggregate(
            vec![ident(entity.id_column())],
            vec![
                min(ident("source")).alias("source"),
                min(ident("key")).alias("key"),
            ],
        )?;
        Ok(Self {
            before: Vec::new(),
            after: collect(all, entity).await?,
        })
    }

    /// Every record of every person that gained, lost or changed one. Before the change these were the same records,
    /// but for the rows that came and went.
    async fn since(
        session: &Session,
        entity: &Entity,
        members: &Table,
        since: i64,
    ) -> Result<Self> {
        let id = entity.id_column();
        let changes = members.changes(Some(since)).await?;
        let removed = collect(session.read(changes.removed)?, entity).await?;
        let added = collect(session.read(changes.added)?, entity).await?;
        let mut touched = Touched::none(&[&id]);
        for rows in removed.iter().chain(&added) {
            touched.add_rows(rows)?;
        }
        let after = session.read(members.provider().await?)?;
        let after = collect(touched.narrow(after, &[&id])?, entity).await?;
        let mut came = Touched::none(&["source", "key", &id]);
        added.iter().try_for_each(|rows| came.add_rows(rows))?;
        let came = came.keys()?;
        let stayed = |rows: &RecordBatch| -> Result<RecordBatch> {
            Ok(filter_record_batch(
                rows,
                &not(&came.contains(rows.columns())?)?,
            )?)
        };
        let stayed = after.iter().map(stayed);
        let before = stayed.chain(removed.into_iter().map(Ok));
        Ok(Self {
            before: before.collect::<Result<_>>()?,
            after,
        })
    }

    pub(super) fn of(before: Vec<RecordBatch>, after: Vec<RecordBatch>) -> Self {
        Self { before, after }
    }

    pub(super) fn counts(&self) -> Result<PersonCounts> {
        Ok(count(&self.events()?))
    }

    fn events(&self) -> Result<Vec<Event<'_>>> {
        Ok(compare_persons(
            &members(&self.before)?,
            &members(&self.after)?,
        ))
    }
}

pub(super) async fn collect(members: DataFrame, entity: &Entity) -> Result<Vec<RecordBatch>> {
    let columns = vec![ident("source"), ident("key"), ident(entity.id_column())];
    Ok(members.select(columns)?.collect().await?)
}

fn members(batches: &[RecordBatch]) -> Result<Vec<Member<'_>>> {
    let mut members = Vec::new();
    for batch in batches {
        let text = |column: usize| {
            let texts = batch.column(column).as_string_opt::<i32>();
            texts.ok_or_else(|| {
                Error::internal("a table of who is who holds something other than text")
            })
        };
        let (source, key, person_id) = (text(0)?, text(1)?, text(2)?);
        members.extend((0..batch.num_rows()).map(|row| Member {
            source: source.value(row),
            key: key.value(row),
            person_id: person_id.value(row),
        }));
    }
    Ok(members)
}

fn count(happened: &[Event<'_>]) -> PersonCounts {
    let mut counts = PersonCounts::default();
    for event in happened {
        match event.change {
            Change::Created => counts.created += 1,
            Change::Split => counts.split += 1,
            Change::Merged => counts.merged += 1,
            Change::Erased => counts.erased += 1,
        }
    }
    counts
}

fn schema(entity: &Entity) -> SchemaRef {
    let id = entity.id_column();
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text("event", false),
        text(&format!("from_{id}"), true),
        text(&format!("to_{id}"), true),
        text("run_id", false),
        Field::new("occurred_at", instant::data_type(), false),
    ]))
}

fn rows(room: &Room<'_>, entity: &Entity, happened: &[Event<'_>]) -> Result<RecordBatch> {
    let now = room.clock.now.as_microsecond();
    let words = happened.iter().map(|event| event.change.as_str());
    let from: StringArray = happened.iter().map(|event| event.from).collect();
    let to: StringArray = happened.iter().map(|event| event.to).collect();
    let run = vec![room.clock.run_id.as_str(); happened.len()];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(words)),
        Arc::new(from),
        Arc::new(to),
        Arc::new(StringArray::from(run)),
        Arc::new(TimestampMicrosecondArray::from(vec![now; happened.len()])),
    ];
    Ok(RecordBatch::try_new(schema(entity), columns)?)
}
