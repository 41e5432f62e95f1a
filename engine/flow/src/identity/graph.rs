//! The evidence graph in memory: rows of records, identifiers and pairs as the kernel wants them. Texts become codes
//! batch by batch, since the rows themselves would take several times the memory.

use std::collections::BTreeSet;

use c360_resolve::cluster::{self, Extra, Guard, KindRule, Limit, Resolution, Rules, ScoredLink};
use c360_resolve::{Error as KernelError, Interner};
use c360_spec::{Entity, IdentifierRule, IdentityJob};
use datafusion::arrow::array::{AsArray, RecordBatch, StringArray, StringBuilder};
use datafusion::arrow::datatypes::Float64Type;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, ident};
use futures::TryStreamExt;

use super::affected::{ENDS, RECORD, VALUE};
use super::named::{Named, Names};
use super::rows::{first_seen, positions, source_names, text, whole};
use crate::error::{Error, Result};

/// Records, their identifiers and the rules, with names turned into codes.
pub struct Graph {
    pub(super) entity: Entity,
    pub(super) kinds: Vec<String>,
    /// The attributes that rules look at.
    pub(super) deciding: Vec<String>,
    pub(super) rules: Rules,
    pub(super) records: Records,
    /// What the codes of identifiers stand for.
    pub(super) values: Interner,
    identifiers: Identifiers,
    scored: Vec<ScoredLink>,
    decided: Decided,
}

/// What is known of records.
pub(super) struct Records {
    pub(super) names: Names,
    first_seen_at: Vec<i64>,
    /// Codes, attribute by attribute, and what they stand for.
    attributes: Vec<(Vec<u32>, StringArray)>,
}

/// One row an identifier of a record: their codes.
#[derive(Default)]
struct Identifiers {
    record: Vec<u32>,
    kind: Vec<u16>,
    value: Vec<u32>,
}

/// What a graph is made of: all rows, or those of what a change reaches.
pub struct GraphRows {
    pub records: DataFrame,
    pub identifiers: DataFrame,
    pub matches: Option<DataFrame>,
    pub decisions: Option<DataFrame>,
}

/// Pairs that stewards decided about.
#[derive(Default)]
struct Decided {
    same: Vec<(u32, u32)>,
    other: Vec<(u32, u32)>,
}

impl Graph {
    /// Reads the rows of the queries.
    pub async fn load(job: &IdentityJob, rows: GraphRows) -> Result<Self> {
        let deciding = deciding_attributes(job);
        let kinds = kind_names(job);
        let records = Records::read(rows.records, &deciding, source_names(job)).await?;
        let named = Named::of(&records.names);
        let mut values = Interner::new();
        let identifiers = Identifiers::read(rows.identifiers, &kinds, &named, &mut values).await?;
        let scored = match (&job.matching, rows.matches) {
            (Some(matching), Some(matches)) => {
                scored(&whole(matches).await?, &named, matching.rank)?
            }
            _ => Vec::new(),
        };
        let decided = match rows.decisions {
            Some(decisions) => Decided::of(&whole(decisions).await?, &named)?,
            None => Decided::default(),
        };
        drop(named);
        Ok(Self {
            entity: job.entity.clone(),
            rules: rules(job, &kinds, &deciding),
            records,
            values,
            identifiers,
            kinds,
            deciding,
            scored,
            decided,
        })
    }

    /// Runs the kernel.
    pub fn resolve(&self) -> Result<Resolution> {
        let extra = Extra {
            must_link: &self.decided.same,
            cannot_link: &self.decided.other,
            scored: &self.scored,
        };
        self.ask(|records, identifiers| cluster::resolve(records, identifiers, &extra, &self.rules))
    }

    /// Kinds and values that so many records share that they are nobody's.
    pub fn over_limit(&self) -> Result<BTreeSet<(&str, &str)>> {
        let over = self
            .ask(|records, identifiers| cluster::over_limit(records, identifiers, &self.rules))?;
        let Identifiers { kind, value, .. } = &self.identifiers;
        let rows = kind.iter().zip(value).zip(over.iter());
        let over = rows.filter(|(_, over)| *over == Some(true));
        Ok(over
            .map(|((kind, value), _)| {
                let kind = self.kinds[*kind as usize].as_str();
                (kind, self.values.value(*value))
            })
            .collect())
    }

    fn ask<T>(
        &self,
        question: impl FnOnce(
            &cluster::Records,
            &cluster::Identifiers,
        ) -> std::result::Result<T, c360_resolve::Error>,
    ) -> Result<T> {
        let Records {
            names,
            first_seen_at,
            attributes,
        } = &self.records;
        let sources: Vec<&str> = names.sources.iter().map(String::as_str).collect();
        let codes: Vec<&[u32]> = attributes.iter().map(|(codes, _)| &codes[..]).collect();
        let texts: Vec<&StringArray> = attributes.iter().map(|(_, texts)| texts).collect();
        let records = cluster::Records {
            source: &names.source,
            source_names: &sources,
            key: &names.key,
            first_seen_at,
            attributes: &codes,
            texts: &texts,
        };
        let identifiers = cluster::Identifiers {
            record: &self.identifiers.record,
            kind: &self.identifiers.kind,
            value: &self.identifiers.value,
            over_limit: None,
        };
        question(&records, &identifiers).map_err(failed)
    }
}

impl Records {
    async fn read(rows: DataFrame, deciding: &[String], sources: Vec<String>) -> Result<Self> {
        let mut rows = rows
            .select(record_columns(deciding))?
            .execute_stream()
            .await?;
        let (mut source, mut key) = (Vec::new(), StringBuilder::new());
        let mut first_seen_at = Vec::new();
        let mut codes = vec![Vec::new(); deciding.len()];
        let mut texts = vec![Interner::new(); deciding.len()];
        while let Some(batch) = rows.try_next().await? {
            source.extend(positions(text(&batch, RECORD[0])?, &sources)?);
            key.append_array(text(&batch, RECORD[1])?)?;
            first_seen_at.extend(first_seen(&batch)?);
            let columns = codes.iter_mut().zip(&mut texts).zip(deciding);
            for ((codes, texts), attribute) in columns {
                let known = texts.codes(text(&batch, attribute)?).map_err(failed)?;
                codes.extend(known);
            }
        }
        let texts = texts.iter().map(|texts| {
            let values = (0..texts.len()).map(|code| texts.value(code as u32));
            StringArray::from_iter_values(values)
        });
        let names = Names {
            sources,
            source,
            key: key.finish(),
        };
        Ok(Self {
            names,
            first_seen_at,
            attributes: codes.into_iter().zip(texts).collect(),
        })
    }
}

impl Identifiers {
    async fn read(
        rows: DataFrame,
        kinds: &[String],
        named: &Named<'_>,
        values: &mut Interner,
    ) -> Result<Self> {
        let mut read = Self::default();
        let mut rows = rows.execute_stream().await?;
        while let Some(batch) = rows.try_next().await? {
            read.record.extend(named.rows(&batch, RECORD)?);
            read.kind.extend(positions(text(&batch, VALUE[0])?, kinds)?);
            let codes = values.codes(text(&batch, VALUE[1])?).map_err(failed)?;
            read.value.extend(codes);
        }
        Ok(read)
    }
}

fn failed(error: KernelError) -> Error {
    let message = format!("cannot resolve identities: {error}");
    match error {
        KernelError::TooMany { .. } => Error::invalid(message),
        _ => Error::internal(message),
    }
}

/// What the graph reads of a record: its name, when it was first seen, and the attributes that decide.
fn record_columns(deciding: &[String]) -> Vec<Expr> {
    let named = RECORD.into_iter().chain(["first_seen_at"]);
    let deciding = deciding.iter().map(String::as_str);
    named.chain(deciding).map(ident).collect()
}

/// Every kind that a source has or a rule names, sorted.
pub fn kind_names(job: &IdentityJob) -> Vec<String> {
    let used = job
        .records
        .iter()
        .flat_map(|source| source.identifiers.keys());
    let mut kinds: Vec<String> = used.chain(job.identifiers.keys()).cloned().collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Every attribute that decides who is linked, sorted.
fn deciding_attributes(job: &IdentityJob) -> Vec<String> {
    let named = job.deciding_attributes().into_iter();
    let mut attributes: Vec<String> = named.map(|(_, name)| name.to_owned()).collect();
    attributes.sort();
    attributes.dedup();
    attributes
}

fn rules(job: &IdentityJob, kinds: &[String], deciding: &[String]) -> Rules {
    // Both are there: they were gathered from the rules.
    let attribute = |name: &String| deciding.partition_point(|other| other < name);
    let default = IdentifierRule::default();
    let kind = |name: &String| {
        let rule = job.identifiers.get(name).unwrap_or(&default);
        KindRule {
            links: rule.links,
            rank: rule.rank,
            limit: rule.limit.as_ref().map(|limit| Limit {
                records: limit.records,
                window_days: limit.window_days,
            }),
            max_per_person: rule.max_per_person,
            agree_on: rule.agree_on.iter().map(attribute).collect(),
        }
    };
    let guard = |guard: &c360_spec::Guard| Guard {
        attribute: attribute(&guard.attribute),
        max_per_person: guard.max_per_person,
    };
    Rules {
        kinds: kinds.iter().map(kind).collect(),
        guards: job.guards.iter().map(guard).collect(),
        person_records_max: job.person_records_max,
    }
}

impl Decided {
    /// Decisions about records that are gone say nothing, until they come back.
    fn of(decisions: &RecordBatch, named: &Named) -> Result<Self> {
        let same = decisions
            .column_by_name("same")
            .and_then(|column| column.as_boolean_opt())
            .ok_or_else(|| Error::internal("identity.decisions does not say what was decided"))?;
        let [a, b] = ENDS.map(|end| named.find(decisions, end));
        let (a, b) = (a?, b?);
        let mut decided = Self::default();
        for ((a, b), same) in a.into_iter().zip(b).zip(same) {
            if let (Some(a), Some(b), Some(same)) = (a, b, same) {
                let pairs = if same {
                    &mut decided.same
                } else {
                    &mut decided.other
                };
                pairs.push((a, b));
            }
        }
        Ok(decided)
    }
}

/// Matches as links of the model.
fn scored(matches: &RecordBatch, named: &Named, rank: u16) -> Result<Vec<ScoredLink>> {
    let weights = matches
        .column_by_name("weight")
        .and_then(|column| column.as_primitive_opt::<Float64Type>())
        .ok_or_else(|| Error::internal("identity.matches has no weights"))?;
    let [a, b] = ENDS.map(|end| named.rows(matches, end));
    let ends = a?.into_iter().zip(b?).zip(weights.values());
    let link = |((a, b), weight): ((u32, u32), &f64)| ScoredLink {
        a,
        b,
        rank,
        weight: *weight as f32,
    };
    Ok(ends.map(link).collect())
}
