//! The rows that a change reaches: those that changed, those that name a record whose person changed, and with a
//! bridge all that share its value with one of them. Or those of a sample, with what the bridge adds.
//!
//! After a change rows are looked for in the table as it was made, which holds the same ones as the source did then,
//! together by person: who names a record that had a person lies with that person or nowhere.

use c360_catalog::Table;
use c360_spec::FactsJob;
use datafusion::arrow::datatypes::Schema;
use datafusion::common::JoinType;
use datafusion::logical_expr::{Expr, cast, lit, not};
use datafusion::prelude::{DataFrame, ident};

use super::met::{Met, ROWS_MAX};
use super::{PERSON, place};
use crate::cursor::{Cursor, Planned, Wanted};
use crate::error::{Error, Result};
use crate::expression;
use crate::identity;
use crate::sample::Sample;
use crate::session::Session;
use crate::touched::Touched;

/// Keys of rows, and with them what else tells which rows follow.
pub struct Reached<'a> {
    job: &'a FactsJob,
    key: &'a [String],
    keys: Touched,
    bridges: Touched,
    /// With whom the rows lie in the table; none where that is not known of all.
    persons: Option<Touched>,
    /// Whether some of them lie with nobody.
    nobody: bool,
}

/// What was found.
pub struct Found {
    /// The keys of the rows to compute.
    pub keys: Touched,
    /// All rows of the source that have these keys, where they are in memory.
    pub rows: Option<DataFrame>,
}

impl<'a> Reached<'a> {
    pub fn none(job: &'a FactsJob, key: &'a [String]) -> Self {
        let names: Vec<&str> = key.iter().map(String::as_str).collect();
        Self {
            job,
            key,
            keys: Touched::none(&names),
            bridges: Touched::none(job.bridge.as_deref().as_slice()),
            persons: Some(Touched::none(&[PERSON])),
            nobody: false,
        }
    }

    /// The rows to compute.
    pub async fn by(
        self,
        session: &Session,
        planned: &Planned,
        wanted: Wanted<'_>,
    ) -> Result<Found> {
        match wanted {
            Wanted::ChangedSince(since) => self.since(session, planned, since).await,
            Wanted::Sampled(sample) => Ok(Found {
                keys: self.sampled(session, sample).await?,
                rows: None,
            }),
        }
    }

    async fn sampled(mut self, session: &Session, sample: Sample) -> Result<Touched> {
        let rows = session.table(&self.job.from).await?;
        self.add(rows.clone().filter(sample.holds(self.key))?)
            .await?;
        if let Some(bridge) = &self.job.bridge {
            let bridged = self.bridges.narrow(rows, &[bridge])?;
            self.add(bridged).await?;
        }
        Ok(self.keys)
    }

    async fn since(
        mut self,
        session: &Session,
        planned: &Planned,
        since: &Cursor,
    ) -> Result<Found> {
        let raw = planned.input(&self.job.from)?;
        let made = planned.output(&self.job.table);
        let made = made.ok_or_else(|| Error::internal("changes to what was never made"))?;
        let mut met = Met::none(raw, made);
        self.add_changed(session, raw, since, &mut met).await?;
        let rows = as_in(&raw.schema(), session.read(made.provider().await?)?)?;
        let persons = planned.input(&identity::persons())?;
        self.add_naming(session, &rows, persons, since, &mut met)
            .await?;
        if let Some(bridge) = &self.job.bridge
            && !self.bridges.is_empty()
        {
            let bridged = self.bridges.narrow(rows, &[bridge])?;
            self.add_made(session, bridged, &mut met).await?;
        }
        Ok(Found {
            rows: met.rows(session)?,
            keys: match self.persons {
                Some(persons) => self.keys.lying_at(&persons, self.nobody),
                None => self.keys,
            },
        })
    }

    /// Rows of the source that are not what they were. New ones lie nowhere yet; of others that is not looked up.
    async fn add_changed(
        &mut self,
        session: &Session,
        raw: &Table,
        since: &Cursor,
        met: &mut Met,
    ) -> Result<()> {
        let changes = raw.changes(since.since(raw)).await?;
        if !changes.only_adds {
            self.persons = None;
        }
        if changes.is_empty {
            return Ok(());
        }
        if changes.rows_added > ROWS_MAX as u64 {
            met.give_up();
        }
        let columns = self.columns();
        let asked = || columns.iter().map(|column| ident(*column));
        let mut added = as_in(&raw.schema(), session.read(changes.added)?)?;
        if met.keeps() {
            let rows = met.read(added, &columns).await?;
            added = session.batches(rows[0].schema(), rows)?;
        }
        let removed = as_in(&raw.schema(), session.read(changes.removed)?)?;
        let changed = added.select(asked())?.union(removed.select(asked())?)?;
        self.add(changed).await
    }

    /// Rows that name a record whose person is not what it was.
    async fn add_naming(
        &mut self,
        session: &Session,
        made: &DataFrame,
        persons: &Table,
        since: &Cursor,
        met: &mut Met,
    ) -> Result<()> {
        let mut left = Touched::none(&[PERSON]);
        let mut names_moved = lit(false);
        for (index, reference) in self.job.person.iter().enumerate() {
            let moved = Moved::of(session, persons, since, &reference.source).await?;
            let name =
                expression::parse_text(session, made, &reference.key, &place(self.job, index))?;
            if !moved.new.is_empty() {
                // Each by itself: a filter that asks about one column leaves out pages.
                let names_new = moved.new.holds(made, vec![name.clone()])?;
                let naming = made.clone().filter(names_new)?;
                self.add_made(session, naming, met).await?;
            }
            names_moved = names_moved.or(moved.known.holds(made, vec![name])?);
            left.extend(&moved.left)?;
        }
        if left.is_empty() {
            return Ok(());
        }
        let lay_there = left.narrow(made.clone(), &[PERSON])?;
        self.add_made(session, lay_there.filter(names_moved)?, met)
            .await
    }

    /// Adds rows of the table as it was made, but for those that are known.
    async fn add_made(&mut self, session: &Session, rows: DataFrame, met: &mut Met) -> Result<()> {
        let key = self.key.iter().map(ident).collect();
        let is_known = self.keys.holds(&rows, key)?;
        let mut columns = self.columns();
        columns.push(PERSON);
        let found = met.read(rows.filter(not(is_known))?, &columns).await?;
        let mut persons = found.iter().map(|rows| rows.column(columns.len() - 1));
        self.nobody |= persons.any(|persons| persons.null_count() > 0);
        let found = session.batches(found[0].schema(), found)?;
        if let Some(persons) = &mut self.persons {
            persons.add(found.clone(), vec![ident(PERSON)]).await?;
        }
        self.add(found).await
    }

    /// What is asked of rows: their keys, and what they may share with others.
    fn columns(&self) -> Vec<&'a str> {
        let job: &'a FactsJob = self.job;
        let key: &'a [String] = self.key;
        let mut columns: Vec<&str> = key.iter().map(String::as_str).collect();
        let bridge = job.bridge.as_deref();
        columns.extend(bridge.filter(|bridge| !key.iter().any(|column| column == bridge)));
        columns
    }

    async fn add(&mut self, rows: DataFrame) -> Result<()> {
        if let Some(bridge) = &self.job.bridge {
            self.bridges.add(rows.clone(), vec![ident(bridge)]).await?;
        }
        let key = self.key.iter().map(ident).collect();
        self.keys.add(rows, key).await
    }
}

/// What became of the persons of a source's records.
struct Moved {
    /// Keys of records that had a person, and have another one or none.
    known: Touched,
    /// The persons that they had.
    left: Touched,
    /// Keys of records that had none.
    new: Touched,
}

impl Moved {
    async fn of(session: &Session, persons: &Table, since: &Cursor, source: &str) -> Result<Self> {
        let mut moved = Self {
            known: Touched::none(&["key"]),
            left: Touched::none(&[PERSON]),
            new: Touched::none(&["key"]),
        };
        let changes = persons.changes(since.since(persons)).await?;
        if changes.is_empty {
            return Ok(moved);
        }
        let side = |provider| -> Result<DataFrame> {
            let rows = session
                .read(provider)?
                .filter(ident("source").eq(lit(source)))?;
            Ok(rows.select(vec![ident("key"), ident(PERSON)])?)
        };
        let before = session.read_once(side(changes.removed)?).await?;
        let after = session.read_once(side(changes.added)?).await?;
        let had = before.clone().except(after.clone())?;
        let had = session.read_once(had).await?;
        moved.known.add(had.clone(), vec![ident("key")]).await?;
        moved.left.add(had, vec![ident(PERSON)]).await?;
        let known = before.select(vec![ident("key").alias("c360_known")])?;
        let new = after.join(known, JoinType::LeftAnti, &["key"], &["c360_known"], None)?;
        moved.new.add(new, vec![ident("key")]).await?;
        Ok(moved)
    }
}

/// Rows with their columns in the types that these have in `schema` by now.
fn as_in(schema: &Schema, rows: DataFrame) -> Result<DataFrame> {
    let columns = rows.schema().fields().iter().map(|field| {
        let column = ident(field.name());
        match schema.field_with_name(field.name()) {
            Ok(now) if now.data_type() != field.data_type() => {
                cast(column, now.data_type().clone()).alias(field.name())
            }
            _ => column,
        }
    });
    let columns: Vec<Expr> = columns.collect();
    Ok(rows.select(columns)?)
}
