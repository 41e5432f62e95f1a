//! What happened to persons, as appended rows: created, merged, split, erased.
//!
//! Computed from the changes of `identity.persons` since the snapshot up to which events were written. A person is
//! named by its anchor record, so the anchor tells the story:
//!
//! ```text
//! an id that nobody has any more   its anchor record lives on in another person   merged into that one
//!                                  none of its records lives on                   erased
//! an id that nobody had before     its anchor record is new                       created
//!                                  its anchor record was in another person        split from that one
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use c360_catalog::Table;
use c360_resolve::person_id;
use datafusion::arrow::array::{
    ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::JoinType;
use datafusion::prelude::{DataFrame, ident};

use super::{events, persons};
use crate::conform::conform;
use crate::cursor::{Cursor, Decision, Work, decide as compare};
use crate::error::{Error, Result};
use crate::report::{Outcome, PersonCounts};
use crate::room::Room;
use crate::session::Session;

/// What there is to do, with everything pinned that it takes.
pub struct Planned {
    persons: Table,
    now: Cursor,
    /// What there is to do.
    pub decision: Decision,
}

/// Compares the snapshot up to which events were written with the newest one.
///
/// What happened does not depend on the rules, so another spec is no reason to write history anew.
pub async fn decide(room: &Room<'_>) -> Result<Planned> {
    let written = room.output_table(&events()).await?;
    let persons = room.input_table(&persons()).await?;
    let now = Cursor::of([&persons]);
    let decision = compare(written.as_ref(), FINGERPRINT, &now);
    Ok(Planned {
        persons,
        now,
        decision,
    })
}

const FINGERPRINT: &str = "identity.events";

/// Appends what happened.
pub async fn apply(room: &Room<'_>, planned: &Planned, outcome: &mut Outcome) -> Result<()> {
    let since = match &planned.decision.work {
        Work::Nothing => return Ok(()),
        Work::Full => None,
        Work::Incremental(cursor) => cursor.since(&planned.persons),
    };
    let session = room.runtime.session();
    let happened = match since {
        None => beginning(&session, &planned.persons).await?,
        Some(since) => since_then(&session, &planned.persons, since).await?,
    };
    outcome.persons = Some(count(&happened));
    let name = events();
    let output = room.output(&name, &[], "what happened to persons, oldest first");
    let table = output.prepare(&schema()).await?;
    let mut appender = table.appender();
    for some in happened.chunks(64 * 1024) {
        appender
            .write(conform(&rows(room, some)?, &table.schema())?)
            .await?;
    }
    let stamp = planned.now.stamp(room.clock, &room.job.name, FINGERPRINT);
    let committed = appender.commit(stamp).await?;
    outcome.wrote(&committed);
    Ok(())
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Happened {
    event: Event,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Created,
    Split,
    Merged,
    Erased,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Split => "split",
            Self::Merged => "merged",
            Self::Erased => "erased",
        }
    }
}

fn count(happened: &[Happened]) -> PersonCounts {
    let mut counts = PersonCounts::default();
    for happened in happened {
        match happened.event {
            Event::Created => counts.created += 1,
            Event::Split => counts.split += 1,
            Event::Merged => counts.merged += 1,
            Event::Erased => counts.erased += 1,
        }
    }
    counts
}

async fn beginning(session: &Session, persons: &Table) -> Result<Vec<Happened>> {
    let all = session.read(persons.provider().await?)?;
    let ids = ids(all.select(vec![ident("person_id")])?.distinct()?).await?;
    Ok(ids
        .into_iter()
        .map(|id| Happened {
            event: Event::Created,
            from: None,
            to: Some(id),
        })
        .collect())
}

async fn since_then(session: &Session, persons: &Table, since: i64) -> Result<Vec<Happened>> {
    let changes = persons.changes(Some(since)).await?;
    if changes.is_empty {
        return Ok(Vec::new());
    }
    let before = session.read(persons.at_snapshot(since)?.provider().await?)?;
    let after = session.read(persons.provider().await?)?;
    let removed = session.read(changes.removed)?;
    let added = session.read(changes.added)?;
    let gone = ids(unknown_to(removed.clone(), after)?).await?;
    let born = ids(unknown_to(added.clone(), before)?).await?;
    let was = Assignment::collect(removed).await?;
    let is = Assignment::collect(added).await?;
    let mut happened: Vec<Happened> = gone.iter().map(|id| fate(id, &was, &is)).collect();
    happened.extend(born.iter().map(|id| origin(id, &was, &is)));
    happened.sort();
    Ok(happened)
}

/// Distinct person ids of `rows` that no row of `others` has.
fn unknown_to(rows: DataFrame, others: DataFrame) -> Result<DataFrame> {
    let rows = rows.select(vec![ident("person_id")])?.distinct()?;
    let others = others.select(vec![ident("person_id").alias("other")])?;
    Ok(rows.join(others, JoinType::LeftAnti, &["person_id"], &["other"], None)?)
}

async fn ids(frame: DataFrame) -> Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    for batch in frame.collect().await? {
        let column = batch.column(0).as_string_opt::<i32>();
        ids.extend(column.into_iter().flatten().flatten().map(str::to_string));
    }
    Ok(ids)
}

/// Which person each changed record belongs to, on one side of the change.
struct Assignment {
    person: HashMap<(String, String), String>,
    records: BTreeMap<String, Vec<(String, String)>>,
}

impl Assignment {
    async fn collect(frame: DataFrame) -> Result<Self> {
        let mut all = Self {
            person: HashMap::new(),
            records: BTreeMap::new(),
        };
        let columns = vec![ident("source"), ident("key"), ident("person_id")];
        for batch in frame.select(columns)?.collect().await? {
            let text = |column: usize| {
                let texts = batch.column(column).as_string_opt::<i32>();
                texts.ok_or_else(|| {
                    Error::internal("identity.persons holds something other than text")
                })
            };
            let (source, key, person) = (text(0)?, text(1)?, text(2)?);
            for row in 0..batch.num_rows() {
                let record = (source.value(row).to_string(), key.value(row).to_string());
                let person = person.value(row).to_string();
                all.records
                    .entry(person.clone())
                    .or_default()
                    .push(record.clone());
                all.person.insert(record, person);
            }
        }
        for records in all.records.values_mut() {
            records.sort();
        }
        Ok(all)
    }

    fn records(&self, person: &str) -> &[(String, String)] {
        self.records.get(person).map_or(&[], Vec::as_slice)
    }

    /// The record that a person is named after, if it is among the changed ones.
    fn anchor(&self, person: &str) -> Option<&(String, String)> {
        self.records(person)
            .iter()
            .find(|(source, key)| person_id(source, key) == person)
    }
}

/// What became of a person whose id nobody has any more.
fn fate(id: &str, was: &Assignment, is: &Assignment) -> Happened {
    let by_anchor = was.anchor(id).and_then(|record| is.person.get(record));
    let into = by_anchor
        .cloned()
        .or_else(|| most_frequent(was.records(id), is));
    let event = if into.is_some() {
        Event::Merged
    } else {
        Event::Erased
    };
    Happened {
        event,
        from: Some(id.to_string()),
        to: into,
    }
}

/// The person that most of the records now belong to; of equals the first by id.
fn most_frequent(records: &[(String, String)], is: &Assignment) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for person in records.iter().filter_map(|record| is.person.get(record)) {
        *counts.entry(person).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts
        .into_iter()
        .find(|(_, count)| *count == most)
        .map(|(person, _)| person.to_string())
}

/// Where a person whose id nobody had before came from.
fn origin(id: &str, was: &Assignment, is: &Assignment) -> Happened {
    let from = is
        .anchor(id)
        .and_then(|record| was.person.get(record))
        .cloned();
    let event = if from.is_some() {
        Event::Split
    } else {
        Event::Created
    };
    Happened {
        event,
        from,
        to: Some(id.to_string()),
    }
}

fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text("event", false),
        text("from_person_id", true),
        text("to_person_id", true),
        text("run_id", false),
        Field::new(
            "occurred_at",
            DataType::Timestamp(TimeUnit::Microsecond, None),
            false,
        ),
    ]))
}

fn rows(room: &Room<'_>, happened: &[Happened]) -> Result<RecordBatch> {
    let now = room.clock.now.as_microsecond();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(
            happened.iter().map(|one| one.event.name()),
        )),
        Arc::new(
            happened
                .iter()
                .map(|one| one.from.as_deref())
                .collect::<StringArray>(),
        ),
        Arc::new(
            happened
                .iter()
                .map(|one| one.to.as_deref())
                .collect::<StringArray>(),
        ),
        Arc::new(StringArray::from(vec![
            room.clock.run_id.as_str();
            happened.len()
        ])),
        Arc::new(TimestampMicrosecondArray::from(vec![now; happened.len()])),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row<'a> = (&'a str, &'a str);

    /// Records of source `s`, each with the key of its person's anchor.
    fn assignment(rows: &[Row<'_>]) -> Assignment {
        let mut all = Assignment {
            person: HashMap::new(),
            records: BTreeMap::new(),
        };
        for (key, anchor) in rows {
            let record = ("s".to_string(), (*key).to_string());
            let person = person_id("s", anchor);
            all.records
                .entry(person.clone())
                .or_default()
                .push(record.clone());
            all.person.insert(record, person);
        }
        all
    }

    fn check_fate(was: &[Row<'_>], is: &[Row<'_>], person: &str, event: Event, into: Option<&str>) {
        let happened = fate(&person_id("s", person), &assignment(was), &assignment(is));
        assert_eq!(happened.event, event);
        assert_eq!(happened.to, into.map(|anchor| person_id("s", anchor)));
    }

    #[test]
    fn a_person_whose_anchor_moved_was_merged() {
        check_fate(
            &[("b", "b"), ("c", "b")],
            &[("b", "a"), ("c", "d")],
            "b",
            Event::Merged,
            Some("a"),
        );
    }

    #[test]
    fn a_person_whose_anchor_is_gone_was_merged_into_where_most_records_went() {
        check_fate(
            &[("b", "b"), ("c", "b")],
            &[("c", "d")],
            "b",
            Event::Merged,
            Some("d"),
        );
    }

    #[test]
    fn a_person_without_records_was_erased() {
        check_fate(&[("b", "b")], &[], "b", Event::Erased, None);
    }

    #[test]
    fn a_person_around_a_known_record_was_split_off() {
        let happened = origin(
            &person_id("s", "c"),
            &assignment(&[("c", "a")]),
            &assignment(&[("c", "c")]),
        );
        assert_eq!(
            (happened.event, happened.from),
            (Event::Split, Some(person_id("s", "a")))
        );
    }
}
