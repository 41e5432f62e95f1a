//! The evidence graph in memory: rows of records, identifiers and pairs as the kernel wants them, and its answer as
//! rows of `identity.links` and `identity.persons`, or of another entity's links and members.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use c360_resolve::cluster::{
    self, Evidence, Extra, Guard, KindRule, Limit, Refusal, Resolution, Rules, ScoredLink,
};
use c360_resolve::entity_id;
use c360_spec::{Entity, IdentifierRule, IdentityJob};
use datafusion::arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int32Array, RecordBatch, StringArray, StringBuilder,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef, UInt32Type};
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, ident};

use super::rows::{first_seen, pair_fields, positions, source_names, text, whole};
use crate::error::{Error, Result};

/// Records, their identifiers and the rules, with names turned into codes.
pub struct Graph {
    entity: Entity,
    sources: Vec<String>,
    kinds: Vec<String>,
    /// The attributes that rules look at.
    deciding: Vec<String>,
    rules: Rules,
    source: Vec<u16>,
    source_text: StringArray,
    key: StringArray,
    first_seen_at: Vec<i64>,
    attributes: Vec<Vec<u32>>,
    texts: Vec<StringArray>,
    record: Vec<u32>,
    kind: Vec<u16>,
    value: Vec<u32>,
    values: StringArray,
    scored: Vec<ScoredLink>,
    decided: Decided,
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

/// One code a row, equal for equal texts, and the texts by code.
fn encode(texts: &StringArray) -> Result<(Vec<u32>, StringArray)> {
    let coded = cast(
        texts,
        &DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8)),
    )?;
    let coded = coded.as_dictionary::<UInt32Type>();
    let codes = coded.keys().iter();
    let codes = codes
        .map(|code| code.unwrap_or(cluster::NULL_CODE))
        .collect();
    Ok((codes, coded.values().as_string::<i32>().clone()))
}

impl Graph {
    /// Reads the rows of the queries.
    pub async fn load(job: &IdentityJob, rows: GraphRows) -> Result<Self> {
        let deciding = deciding_attributes(job);
        let records = whole(rows.records.select(record_columns(&deciding))?).await?;
        let identifiers = whole(rows.identifiers).await?;
        let sources = source_names(job);
        let kinds = kind_names(job);
        let source_text = text(&records, "source")?.clone();
        let source = positions(&source_text, &sources)?;
        let key = text(&records, "key")?.clone();
        let mut attributes = Vec::new();
        let mut texts = Vec::new();
        for attribute in &deciding {
            let (codes, values) = encode(text(&records, attribute)?)?;
            attributes.push(codes);
            texts.push(values);
        }
        let (value, values) = encode(text(&identifiers, "value")?)?;
        let named = Named::new(&source_text, &key);
        let record = named.rows(&identifiers, ["source", "key"])?;
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
        let kind = positions(text(&identifiers, "kind")?, &kinds)?;
        Ok(Self {
            entity: job.entity.clone(),
            rules: rules(job, &kinds, &deciding),
            first_seen_at: first_seen(&records)?,
            record,
            kind,
            value,
            sources,
            kinds,
            deciding,
            source,
            source_text,
            key,
            attributes,
            texts,
            values,
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
        let rows = self.kind.iter().zip(&self.value).zip(over.iter());
        let over = rows.filter(|(_, over)| *over == Some(true));
        Ok(over
            .map(|((kind, value), _)| {
                let kind = self.kinds[*kind as usize].as_str();
                (kind, self.values.value(*value as usize))
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
        let names: Vec<&str> = self.sources.iter().map(String::as_str).collect();
        let attributes: Vec<&[u32]> = self.attributes.iter().map(Vec::as_slice).collect();
        let texts: Vec<&StringArray> = self.texts.iter().collect();
        let records = cluster::Records {
            source: &self.source,
            source_names: &names,
            key: &self.key,
            first_seen_at: &self.first_seen_at,
            attributes: &attributes,
            texts: &texts,
        };
        let identifiers = cluster::Identifiers {
            record: &self.record,
            kind: &self.kind,
            value: &self.value,
            over_limit: None,
        };
        question(&records, &identifiers)
            .map_err(|error| Error::internal(format!("cannot resolve identities: {error}")))
    }

    /// Every record with its person, or what else is resolved, and its component.
    pub fn members(&self, resolution: &Resolution) -> Result<RecordBatch> {
        let initial = self.entity.initial();
        let ids = |anchors: &[u32]| -> ArrayRef {
            let names = anchors.iter().map(|anchor| {
                let row = *anchor as usize;
                entity_id(initial, self.source_text.value(row), self.key.value(row))
            });
            Arc::new(StringArray::from_iter_values(names))
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.source_text.clone()),
            Arc::new(self.key.clone()),
            ids(&resolution.person),
            ids(&resolution.component),
        ];
        Ok(RecordBatch::try_new(members_schema(&self.entity), columns)?)
    }

    /// Rows of links: every candidate link, followed or refused.
    pub fn links(&self, resolution: &Resolution) -> Result<RecordBatch> {
        let mut ends: [StringBuilder; 4] = std::array::from_fn(|_| StringBuilder::new());
        let mut rule = StringBuilder::new();
        let mut evidence = StringBuilder::new();
        let mut refused_by = StringBuilder::new();
        for link in &resolution.links {
            for (end, row) in [link.a, link.b]
                .map(|end| end as usize)
                .into_iter()
                .enumerate()
            {
                ends[2 * end].append_value(self.source_text.value(row));
                ends[2 * end + 1].append_value(self.key.value(row));
            }
            let (name, value) = self.evidence(link.evidence);
            rule.append_value(name);
            evidence.append_value(value);
            refused_by.append_option(link.refused_by.map(|refusal| self.refusal(refusal)));
        }
        let rank = resolution.links.iter().map(|link| i32::from(link.rank));
        let accepted: BooleanArray = resolution
            .links
            .iter()
            .map(|link| Some(link.accepted()))
            .collect();
        let mut columns: Vec<ArrayRef> = ends
            .iter_mut()
            .map(|end| Arc::new(end.finish()) as ArrayRef)
            .collect();
        columns.push(Arc::new(rule.finish()));
        columns.push(Arc::new(evidence.finish()));
        columns.push(Arc::new(Int32Array::from_iter_values(rank)));
        columns.push(Arc::new(accepted));
        columns.push(Arc::new(refused_by.finish()));
        Ok(RecordBatch::try_new(links_schema(), columns)?)
    }

    fn evidence(&self, evidence: Evidence) -> (&str, String) {
        match evidence {
            Evidence::Identifier { kind, value } => (
                &self.kinds[kind as usize],
                self.values.value(value as usize).to_string(),
            ),
            Evidence::MustLink => ("steward", String::new()),
            Evidence::Score { weight } => ("model", weight.to_string()),
        }
    }

    fn refusal(&self, refusal: Refusal) -> String {
        match refusal {
            Refusal::CannotLink => "steward".into(),
            Refusal::PersonRecordsMax => "person_records_max".into(),
            Refusal::Identifier { kind } => self.kinds[kind as usize].clone(),
            Refusal::Guard { guard } => {
                self.deciding[self.rules.guards[guard as usize].attribute].clone()
            }
            Refusal::AgreeOn => "agree_on".into(),
            Refusal::Contested => "contested".into(),
        }
    }
}

/// One row a record, with its person or what else is resolved.
pub fn members_schema(entity: &Entity) -> SchemaRef {
    let id = entity.id_column();
    let names = ["source", "key", &id, "component_id"];
    Arc::new(Schema::new(
        names
            .map(|name| Field::new(name, DataType::Utf8, false))
            .to_vec(),
    ))
}

/// One row a piece of evidence.
fn links_schema() -> SchemaRef {
    let mut fields = pair_fields();
    fields.extend(["rule", "evidence"].map(|name| Field::new(name, DataType::Utf8, false)));
    fields.push(Field::new("rank", DataType::Int32, false));
    fields.push(Field::new("accepted", DataType::Boolean, false));
    fields.push(Field::new("refused_by", DataType::Utf8, true));
    Arc::new(Schema::new(fields))
}

/// What the graph reads of a record: its name, when it was first seen, and the attributes that decide.
fn record_columns(deciding: &[String]) -> Vec<Expr> {
    let named = ["source", "key", "first_seen_at"];
    let deciding = deciding.iter().map(String::as_str);
    named.into_iter().chain(deciding).map(ident).collect()
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

/// Rows of records by source and key.
struct Named<'a>(HashMap<(&'a str, &'a str), u32>);

impl<'a> Named<'a> {
    fn new(source: &'a StringArray, key: &'a StringArray) -> Self {
        let names = source
            .iter()
            .zip(key)
            .map(|(s, k)| (s.unwrap_or(""), k.unwrap_or("")));
        Self(names.zip(0..).collect())
    }

    /// For each row of `batch` the row of the record that two of its columns name.
    fn rows(&self, batch: &RecordBatch, columns: [&str; 2]) -> Result<Vec<u32>> {
        let known = |found: Option<u32>| {
            found.ok_or_else(|| {
                Error::conflict("another run changed the records of identity in between")
                    .with_hint("run again")
            })
        };
        self.find(batch, columns)?.into_iter().map(known).collect()
    }

    /// The same, for tables that may name records that are gone, or not at hand.
    fn find(&self, batch: &RecordBatch, [source, key]: [&str; 2]) -> Result<Vec<Option<u32>>> {
        let names = text(batch, source)?.iter().zip(text(batch, key)?);
        let row = |(s, k): (Option<&str>, Option<&str>)| {
            self.0.get(&(s.unwrap_or(""), k.unwrap_or(""))).copied()
        };
        Ok(names.map(row).collect())
    }
}

impl Decided {
    /// Decisions about records that are gone say nothing, until they come back.
    fn of(decisions: &RecordBatch, named: &Named) -> Result<Self> {
        let same = decisions
            .column_by_name("same")
            .and_then(|column| column.as_boolean_opt())
            .ok_or_else(|| Error::internal("identity.decisions does not say what was decided"))?;
        let a = named.find(decisions, ["source_a", "key_a"])?;
        let b = named.find(decisions, ["source_b", "key_b"])?;
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
    let a = named.rows(matches, ["source_a", "key_a"])?;
    let b = named.rows(matches, ["source_b", "key_b"])?;
    let ends = a.into_iter().zip(b).zip(weights.values());
    let link = |((a, b), weight): ((u32, u32), &f64)| ScoredLink {
        a,
        b,
        rank,
        weight: *weight as f32,
    };
    Ok(ends.map(link).collect())
}
