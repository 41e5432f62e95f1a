//! The persons of two records, with all that was weighed between them, in memory.

use std::collections::{BTreeMap, BTreeSet};

use c360_spec::{IdentifierRule, IdentityJob, TableName};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::logical_expr::{in_list, lit};
use datafusion::prelude::{DataFrame, ident};

use super::affected::{ENDS, RECORD};
use super::decisions::unknown;
use super::graph::{Graph, GraphRows};
use super::rows::{text, whole};
use super::why_not::{Decided, Exceeded, Shared};
use super::{RecordName, decisions, identifiers, links, persons, records};
use crate::error::{Error, Result};
use crate::session::Session;
use crate::touched::Touched;

/// A row of `identity.links`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    pub a: RecordName,
    pub b: RecordName,
    pub rule: String,
    pub evidence: String,
    pub refused_by: Option<String>,
}

/// A kind of identifier and a value.
type Value = (String, String);

/// Two persons, who may be one.
pub struct TwoPersons {
    pub person_ids: [String; 2],
    pub component_ids: [String; 2],
    /// The records of each.
    pub members: [BTreeSet<RecordName>; 2],
    /// Links among their records.
    pub links: Vec<LinkRow>,
    /// What stewards say of their records, pair by pair.
    pub decided: Vec<Decided>,
    /// Values that each has, those over their limit too.
    values: [BTreeSet<Value>; 2],
    /// How many records have each of those values.
    holders: BTreeMap<Value, u64>,
    over_limit: BTreeSet<Value>,
    /// Distinct values of each guarded attribute.
    guarded: Vec<[BTreeSet<String>; 2]>,
}

impl TwoPersons {
    /// Reads the persons of two records.
    pub async fn load(
        session: &Session,
        job: &IdentityJob,
        names: [&RecordName; 2],
    ) -> Result<Self> {
        let found = [
            place(session, names[0]).await?,
            place(session, names[1]).await?,
        ];
        let [person_ids, component_ids] =
            [0, 1].map(|column| found.clone().map(|place| place[column].clone()));
        let ids = person_ids.iter().map(|id| lit(id.as_str())).collect();
        let rows = session.table(&persons()).await?;
        let rows = whole(rows.filter(in_list(ident("person_id"), ids, false))?).await?;
        let all = RecordName::all(&rows, RECORD)?;
        let owners = text(&rows, "person_id")?;
        let members = [0, 1].map(|side| {
            let of = all.iter().zip(owners);
            let of = of.filter(|(_, owner)| *owner == Some(person_ids[side].as_str()));
            of.map(|(name, _)| name.clone()).collect()
        });
        let mut both = Self {
            person_ids,
            component_ids,
            members,
            links: Vec::new(),
            decided: Vec::new(),
            values: Default::default(),
            holders: BTreeMap::new(),
            over_limit: BTreeSet::new(),
            guarded: Vec::new(),
        };
        let touched = Touched::of_records(&all.into_iter().collect())?;
        both.read_pairs(session, &touched).await?;
        both.read_guarded(session, job, &touched).await?;
        both.read_values(session, job, &touched).await?;
        Ok(both)
    }

    async fn read_pairs(&mut self, session: &Session, touched: &Touched) -> Result<()> {
        let rows = whole(among(session, &links(), touched).await?).await?;
        let ends = RecordName::all(&rows, ENDS[0])?
            .into_iter()
            .zip(RecordName::all(&rows, ENDS[1])?);
        let said = |column: &str, row: usize| {
            let column = text(&rows, column)?;
            Ok::<_, Error>((!column.is_null(row)).then(|| column.value(row).to_owned()))
        };
        for (row, (a, b)) in ends.enumerate() {
            self.links.push(LinkRow {
                a,
                b,
                rule: said("rule", row)?.unwrap_or_default(),
                evidence: said("evidence", row)?.unwrap_or_default(),
                refused_by: said("refused_by", row)?,
            });
        }
        if session.table(&decisions()).await.is_err() {
            return Ok(());
        }
        let rows = whole(among(session, &decisions(), touched).await?).await?;
        let same = rows
            .column_by_name("same")
            .and_then(|same| same.as_boolean_opt());
        let same =
            same.ok_or_else(|| Error::internal("a decision does not say what was decided"))?;
        let ends = RecordName::all(&rows, ENDS[0])?
            .into_iter()
            .zip(RecordName::all(&rows, ENDS[1])?);
        let decided = ends
            .zip(same.values())
            .map(|((a, b), same)| Decided { a, b, same });
        self.decided = decided.collect();
        Ok(())
    }

    async fn read_guarded(
        &mut self,
        session: &Session,
        job: &IdentityJob,
        touched: &Touched,
    ) -> Result<()> {
        let rows = touched.narrow(session.table(&records()).await?, &RECORD)?;
        let rows = whole(rows).await?;
        let names = RecordName::all(&rows, RECORD)?;
        for guard in &job.guards {
            let values = text(&rows, &guard.attribute)?;
            self.guarded.push([0, 1].map(|side| {
                let own = names.iter().zip(values);
                let own = own.filter(|(name, _)| self.members[side].contains(name));
                own.filter_map(|(_, value)| value.map(str::to_owned))
                    .collect()
            }));
        }
        Ok(())
    }

    async fn read_values(
        &mut self,
        session: &Session,
        job: &IdentityJob,
        touched: &Touched,
    ) -> Result<()> {
        let all = session.table(&identifiers()).await?;
        let own = whole(touched.narrow(all.clone(), &RECORD)?).await?;
        let names = RecordName::all(&own, RECORD)?;
        for (name, value) in names.iter().zip(values(&own)?) {
            for side in [0, 1] {
                if self.members[side].contains(name) {
                    self.values[side].insert(value.clone());
                }
            }
        }
        // Limits are judged by all records that have a value.
        let mut reached = Touched::none(&["kind", "value"]);
        reached
            .add(session.rows(own)?, vec![ident("kind"), ident("value")])
            .await?;
        let holding = reached.narrow(all, &["kind", "value"])?;
        let mut holders = Touched::none(&RECORD);
        holders
            .add(holding.clone(), RECORD.map(ident).to_vec())
            .await?;
        let holding = whole(holding).await?;
        for value in values(&holding)? {
            *self.holders.entry(value).or_default() += 1;
        }
        let rows = GraphRows {
            records: holders.narrow(session.table(&records()).await?, &RECORD)?,
            identifiers: session.rows(holding)?,
            matches: None,
            decisions: None,
        };
        let graph = Graph::load(job, rows).await?;
        let over = graph.over_limit()?.into_iter();
        self.over_limit = over
            .map(|(kind, value)| (kind.to_owned(), value.to_owned()))
            .collect();
        Ok(())
    }

    /// Whether a link has an end in each of the two persons.
    pub fn between(&self, link: &LinkRow) -> bool {
        let [first, second] = &self.members;
        (first.contains(&link.a) && second.contains(&link.b))
            || (first.contains(&link.b) && second.contains(&link.a))
    }

    /// Values that both have, by kind.
    pub fn shared(&self, job: &IdentityJob) -> Vec<Shared> {
        let shared = self.values[0].intersection(&self.values[1]);
        let default = IdentifierRule::default();
        shared
            .map(|value| Shared {
                kind: value.0.clone(),
                records: self.holders[value],
                over_limit: self.over_limit.contains(value),
                links: job.identifiers.get(&value.0).unwrap_or(&default).links,
            })
            .collect()
    }

    /// What the two would have too much of as one person.
    pub fn exceeded(&self, job: &IdentityJob) -> Vec<Exceeded> {
        let mut exceeded = Vec::new();
        let mut judge = |limit: &str, most: u32, sizes: [usize; 2], together: usize| {
            // What either has too much of already keeps no further record out.
            if together > most as usize && together > sizes[0].max(sizes[1]) {
                exceeded.push(Exceeded {
                    limit: limit.to_owned(),
                    most: u64::from(most),
                    together: together as u64,
                });
            }
        };
        if let Some(most) = job.person_records_max {
            let sizes = [0, 1].map(|side| self.members[side].len());
            judge("person_records_max", most, sizes, sizes[0] + sizes[1]);
        }
        for (guard, [a, b]) in job.guards.iter().zip(&self.guarded) {
            let together = a.union(b).count();
            judge(
                &guard.attribute,
                guard.max_per_person,
                [a.len(), b.len()],
                together,
            );
        }
        for (kind, rule) in &job.identifiers {
            let counted = |value: &&Value| value.0 == *kind && !self.over_limit.contains(*value);
            let [a, b] = [0, 1].map(|side| self.values[side].iter().filter(counted).count());
            let together = self.values[0]
                .union(&self.values[1])
                .filter(counted)
                .count();
            if let Some(most) = rule.max_per_person {
                judge(kind, most, [a, b], together);
            }
        }
        exceeded
    }
}

/// The person and the component of a record.
async fn place(session: &Session, record: &RecordName) -> Result<[String; 2]> {
    let of_name = ident("source")
        .eq(lit(record.source.as_str()))
        .and(ident("key").eq(lit(record.key.as_str())));
    let found = whole(session.table(&persons()).await?.filter(of_name)?).await?;
    if found.num_rows() == 0 {
        return Err(unknown(record));
    }
    let part = |column| Ok::<_, Error>(text(&found, column)?.value(0).to_owned());
    Ok([part("person_id")?, part("component_id")?])
}

/// The rows of a table of pairs both of whose records are among `touched`.
async fn among(session: &Session, table: &TableName, touched: &Touched) -> Result<DataFrame> {
    let mut rows = session.table(table).await?;
    for end in ENDS {
        rows = touched.renamed(&end).narrow(rows, &end)?;
    }
    Ok(rows)
}

/// Kind and value of each row.
fn values(rows: &RecordBatch) -> Result<Vec<Value>> {
    let rows = text(rows, "kind")?.iter().zip(text(rows, "value")?);
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(rows
        .map(|(kind, value)| (text(kind), text(value)))
        .collect())
}
