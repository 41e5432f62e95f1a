//! One person, as far as the lake knows: profile, features, records, identifiers, evidence and what happened when.

use std::collections::BTreeMap;

use c360_resolve::standardise::normalize;
use c360_spec::{IdentityJob, JobKind, ProfileJob, TableName};
use datafusion::arrow::array::StringArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, in_list, lit};
use datafusion::prelude::{DataFrame, ident};
use serde::Serialize;
use serde_json::Value;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::identity::RecordName;
use crate::json::{self, Row};
use crate::query::ReadAt;
use crate::session::Session;
use crate::{identity, udf};

/// How many of a person's latest facts a timeline holds.
const TIMELINE_ROWS: usize = 50;

/// Everything about one person.
#[derive(Debug, Clone, Serialize)]
pub struct PersonView {
    /// The person.
    pub person_id: String,
    /// The person id that was asked for, where that person has become part of this one since.
    pub resolved_from: Option<String>,
    /// The golden profile, where there is one.
    pub profile: Option<Row>,
    /// Feature table to the person's row.
    pub features: BTreeMap<String, Row>,
    /// The records that are this person.
    pub records: Vec<Row>,
    /// Their identifiers.
    pub identifiers: Vec<Row>,
    /// The evidence that joined them.
    pub links: Vec<Row>,
    /// Which record each column of the profile came from, those of a group too.
    pub provenance: Value,
    /// The latest facts, newest first.
    pub timeline: Vec<TimelineEntry>,
    /// What happened to the person.
    pub events: Vec<Row>,
}

/// One fact.
#[derive(Debug, Clone, Serialize)]
pub struct TimelineEntry {
    /// When it happened.
    pub at: String,
    /// The fact table.
    pub table: String,
    /// The row.
    pub summary: Row,
}

impl Engine {
    /// The person whose id, former id, record (its key, or `source:key`) or identifier `who` is; none where nobody is known
    /// by it.
    pub async fn show(&self, who: &str) -> Result<Option<PersonView>> {
        let tables = self.person_tables().await?;
        if !tables.contains(&identity::persons()) {
            let message = format!(
                "nobody is known yet: there is no table {}",
                identity::persons()
            );
            return Err(Error::invalid(message).with_hint("c360 run fills it from the sources"));
        }
        let session = self.session_with(&tables, &ReadAt::Newest).await?;
        let Some(person_id) = self.find(&session, who).await? else {
            return Ok(None);
        };
        let of = |table: TableName| person_rows(&session, table, &person_id);
        let records = of(identity::persons()).await?;
        let keys = record_keys(&records);
        let (profile, provenance) = self.profile(&session, &person_id).await?.unzip();
        Ok(Some(PersonView {
            resolved_from: (who != person_id && is_person_id(&session, who).await?)
                .then(|| who.to_string()),
            profile,
            provenance: provenance.unwrap_or_default(),
            features: self.person_features(&session, &person_id).await?,
            records: json::collect(
                matching(&session, identity::records(), &keys, "source", "key").await?,
            )
            .await?,
            identifiers: json::collect(
                matching(&session, identity::identifiers(), &keys, "source", "key").await?,
            )
            .await?,
            links: json::collect(
                matching(&session, identity::links(), &keys, "source_a", "key_a").await?,
            )
            .await?,
            timeline: self.timeline(&session, &person_id).await?,
            events: json::collect(person_events(&session, &person_id).await?).await?,
            person_id,
        }))
    }

    async fn person_tables(&self) -> Result<Vec<TableName>> {
        let tables = self.warehouse.tables().await?;
        Ok(tables
            .into_iter()
            .filter(|table| matches!(table.namespace(), "identity" | "customer"))
            .collect())
    }

    async fn find(&self, session: &Session, who: &str) -> Result<Option<String>> {
        let persons = session.table(&identity::persons()).await?;
        let direct = persons.clone().filter(ident("person_id").eq(lit(who)))?;
        if direct.count().await? > 0 {
            return Ok(Some(who.to_string()));
        }
        if let Some(successor) = successor(session, who).await? {
            return Ok(Some(successor));
        }
        let record = RecordName::parse(who).map(|name| {
            let is_of_source = ident("source").eq(lit(name.source));
            is_of_source.and(ident("key").eq(lit(name.key)))
        });
        for is_named in record.into_iter().chain([ident("key").eq(lit(who))]) {
            let named = persons.clone().filter(is_named)?;
            if let Some(person) = first_text(named, "person_id").await? {
                return Ok(Some(person));
            }
        }
        self.find_identifier(session, who).await
    }

    async fn find_identifier(&self, session: &Session, who: &str) -> Result<Option<String>> {
        let Ok((_, job)) = self.identity() else {
            return Ok(None);
        };
        let values: Vec<Expr> = spellings(job, who)?.into_iter().map(lit).collect();
        let owners = session
            .table(&identity::identifiers())
            .await?
            .filter(in_list(ident("value"), values, false))?
            .select(vec![ident("source").alias("s"), ident("key").alias("k")])?;
        let persons = session.table(&identity::persons()).await?;
        let found = persons.join(
            owners,
            datafusion::common::JoinType::LeftSemi,
            &["source", "key"],
            &["s", "k"],
            None,
        )?;
        first_text(found, "person_id").await
    }

    /// The profile, and where its values came from.
    async fn profile(&self, session: &Session, person_id: &str) -> Result<Option<(Row, Value)>> {
        for job in self.project.jobs.values() {
            if let JobKind::Profile(job) = &job.kind {
                let rows = person_rows(session, job.table.clone(), person_id).await?;
                let row = rows.into_iter().next();
                return Ok(row.map(|mut row| {
                    let origins = row.remove("provenance");
                    let origins = origins.and_then(|json| serde_json::from_str(json.get()).ok());
                    (row, by_column(job, origins.unwrap_or_default()))
                }));
            }
        }
        Ok(None)
    }

    async fn person_features(
        &self,
        session: &Session,
        person_id: &str,
    ) -> Result<BTreeMap<String, Row>> {
        let mut features = BTreeMap::new();
        for job in self.project.jobs.values() {
            let Some(made) = job.kind.features() else {
                continue;
            };
            if made.key == ["person_id"] {
                let rows = person_rows(session, made.table.clone(), person_id).await?;
                let row = rows.into_iter().next();
                features.extend(row.map(|row| (made.table.to_string(), row)));
            }
        }
        Ok(features)
    }

    async fn timeline(&self, session: &Session, person_id: &str) -> Result<Vec<TimelineEntry>> {
        let mut entries = Vec::new();
        for job in self.project.jobs.values() {
            let JobKind::Facts(job) = &job.kind else {
                continue;
            };
            entries.extend(latest_facts(session, &job.table, person_id).await?);
        }
        entries.sort_by(|a, b| b.at.cmp(&a.at));
        entries.truncate(TIMELINE_ROWS);
        Ok(entries)
    }
}

/// The table tells a group's origin once, under the group's name; told here is that of each of its columns.
fn by_column(job: &ProfileJob, origins: Value) -> Value {
    let Value::Array(origins) = origins else {
        return origins;
    };
    let mut told = Vec::new();
    for origin in origins {
        let mut groups = job.fields.iter().filter(|rule| rule.is_group());
        let Some(group) = groups.find(|group| origin["field"] == group.name) else {
            told.push(origin);
            continue;
        };
        for column in group.columns() {
            let mut of_column = origin.clone();
            of_column["field"] = column.into();
            told.push(of_column);
        }
    }
    Value::Array(told)
}

async fn latest_facts(
    session: &Session,
    table: &TableName,
    person_id: &str,
) -> Result<Vec<TimelineEntry>> {
    let Ok(rows) = session.table(table).await else {
        return Ok(Vec::new());
    };
    let at = rows
        .schema()
        .fields()
        .iter()
        .find(|field| {
            matches!(
                field.data_type(),
                DataType::Timestamp(..) | DataType::Date32
            )
        })
        .map(|field| field.name().clone());
    let Some(at) = at else { return Ok(Vec::new()) };
    let latest = rows
        .filter(ident("person_id").eq(lit(person_id)))?
        .sort(vec![ident(&at).sort(false, false)])?
        .limit(0, Some(TIMELINE_ROWS))?;
    let entry = |mut summary: Row| {
        summary.remove("person_id");
        TimelineEntry {
            at: summary.text(&at).unwrap_or_default(),
            table: table.to_string(),
            summary,
        }
    };
    Ok(json::collect(latest)
        .await?
        .into_iter()
        .map(entry)
        .collect())
}

async fn person_rows(session: &Session, table: TableName, person_id: &str) -> Result<Vec<Row>> {
    let Ok(rows) = session.table(&table).await else {
        return Ok(Vec::new());
    };
    json::collect(rows.filter(ident("person_id").eq(lit(person_id)))?).await
}

fn record_keys(records: &[Row]) -> Vec<(String, String)> {
    let text = |row: &Row, column: &str| row.text(column).unwrap_or_default();
    records
        .iter()
        .map(|row| (text(row, "source"), text(row, "key")))
        .collect()
}

async fn matching(
    session: &Session,
    table: TableName,
    keys: &[(String, String)],
    source: &str,
    key: &str,
) -> Result<DataFrame> {
    let named = keys
        .iter()
        .map(|(s, k)| {
            ident(source)
                .eq(lit(s.as_str()))
                .and(ident(key).eq(lit(k.as_str())))
        })
        .reduce(Expr::or);
    Ok(session
        .table(&table)
        .await?
        .filter(named.unwrap_or(lit(false)))?)
}

async fn person_events(session: &Session, person_id: &str) -> Result<DataFrame> {
    let events = session.table(&identity::events()).await?;
    let about = ident("from_person_id")
        .eq(lit(person_id))
        .or(ident("to_person_id").eq(lit(person_id)));
    Ok(events.filter(about)?)
}

async fn is_person_id(session: &Session, who: &str) -> Result<bool> {
    Ok(person_events(session, who).await?.count().await? > 0)
}

/// Follows merges from a former person id to the person that it is now.
async fn successor(session: &Session, who: &str) -> Result<Option<String>> {
    let mut current = who.to_string();
    // A chain is no longer than the history of merges; the bound only stops a damaged one.
    for _ in 0..1000 {
        let merges = session
            .table(&identity::events())
            .await?
            .filter(
                ident("event")
                    .eq(lit("merged"))
                    .and(ident("from_person_id").eq(lit(current.as_str()))),
            )?
            .sort(vec![ident("occurred_at").sort(false, false)])?;
        let Some(next) = first_text(merges, "to_person_id").await? else {
            return Ok(None);
        };
        let living = session.table(&identity::persons()).await?;
        if living
            .filter(ident("person_id").eq(lit(next.as_str())))?
            .count()
            .await?
            > 0
        {
            return Ok(Some(next));
        }
        current = next;
    }
    Ok(None)
}

async fn first_text(frame: DataFrame, column: &str) -> Result<Option<String>> {
    let rows = json::collect(frame.limit(0, Some(1))?).await?;
    Ok(rows.first().and_then(|row| row.text(column)))
}

/// `who` as each kind of identifier would write it.
fn spellings(job: &IdentityJob, who: &str) -> Result<Vec<String>> {
    let mut spellings = vec![who.to_string()];
    for rule in job.identifiers.values() {
        let Some(kind) = identity::normalizer_name(rule.normalize) else {
            continue;
        };
        let normalizer = udf::normalizer(kind, rule.region.as_deref())?;
        let texts = StringArray::from(vec![who]);
        spellings.extend(
            normalize(&normalizer, &texts)
                .iter()
                .flatten()
                .map(str::to_string),
        );
    }
    spellings.sort();
    spellings.dedup();
    Ok(spellings)
}
