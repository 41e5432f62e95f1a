//! Evidence that alone holds a person's parts together.

use std::collections::HashMap;

use c360_resolve::bridge::cut_off;
use c360_spec::{IdentifierRule, IdentityJob};
use datafusion::arrow::array::RecordBatch;
use datafusion::prelude::DataFrame;
use serde::Serialize;

use crate::error::Result;
use crate::identity::rows::{PAIR, text, whole};

/// A value or a match without which a person would fall apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bridge {
    pub person_id: String,
    /// The kind of identifier, `model` or `steward`.
    pub rule: String,
    /// A match's mean weight.
    pub weight: Option<f64>,
    /// How many records it holds to the larger part of the person.
    pub records: u32,
}

/// Fewer records on the smaller side are an ordinary newcomer.
const RECORDS_MIN: u32 = 2;

/// The weakest bridges among followed links: of the highest rank, then of the least weight.
pub async fn weakest(followed: DataFrame, job: &IdentityJob, most: usize) -> Result<Vec<Bridge>> {
    let rows = whole(followed).await?;
    let links = Links::of(&rows)?;
    let cut = cut_off(links.records, links.evidence.len(), &links.holds);
    let evidence = links.evidence.into_iter().zip(cut);
    let mut bridges: Vec<Bridge> = evidence
        .filter(|(_, records)| *records >= RECORDS_MIN)
        .map(|((person_id, rule, evidence), records)| Bridge {
            person_id: person_id.to_owned(),
            rule: rule.to_owned(),
            weight: (rule == "model").then(|| evidence.parse().ok()).flatten(),
            records,
        })
        .collect();
    let weight = |bridge: &Bridge| bridge.weight.unwrap_or(f64::INFINITY);
    bridges.sort_by(|a, b| {
        let rank = rank(job, &b.rule).cmp(&rank(job, &a.rule));
        rank.then(weight(a).total_cmp(&weight(b)))
            .then(b.records.cmp(&a.records))
            .then_with(|| (&a.person_id, &a.rule).cmp(&(&b.person_id, &b.rule)))
    });
    bridges.truncate(most);
    Ok(bridges)
}

/// When links of a rule are taken: lower is stronger.
fn rank(job: &IdentityJob, rule: &str) -> u16 {
    match (rule, &job.matching) {
        ("steward", _) => 0,
        ("model", Some(matching)) => matching.rank,
        _ => job
            .identifiers
            .get(rule)
            .map_or(IdentifierRule::default().rank, |rule| rule.rank),
    }
}

/// Links as the kernel wants them. A value is one piece of evidence in a person, however many links it made; each match
/// and each decision is one of its own.
struct Links<'a> {
    records: usize,
    /// Person, rule and evidence.
    evidence: Vec<(&'a str, &'a str, &'a str)>,
    holds: Vec<(u32, u32)>,
}

impl<'a> Links<'a> {
    fn of(rows: &'a RecordBatch) -> Result<Self> {
        let [source_a, key_a, source_b, key_b] = PAIR.map(|column| text(rows, column));
        let ends = [(source_a?, key_a?), (source_b?, key_b?)];
        let [person, rule, evidence] =
            ["person_id", "rule", "evidence"].map(|column| text(rows, column));
        let (person, rule, evidence) = (person?, rule?, evidence?);
        let mut records: HashMap<(&str, &str), u32> = HashMap::new();
        let mut values: HashMap<(&str, &str, &str), u32> = HashMap::new();
        let mut links = Self {
            records: 0,
            evidence: Vec::new(),
            holds: Vec::new(),
        };
        for row in 0..rows.num_rows() {
            let what = (person.value(row), rule.value(row), evidence.value(row));
            let next = links.evidence.len() as u32;
            let piece = match what.1 {
                "model" | "steward" => next,
                _ => *values.entry(what).or_insert(next),
            };
            if piece == next {
                links.evidence.push(what);
            }
            for (source, key) in &ends {
                let next = records.len() as u32;
                let name = (source.value(row), key.value(row));
                links
                    .holds
                    .push((*records.entry(name).or_insert(next), piece));
            }
        }
        links.records = records.len();
        links.holds.sort_unstable();
        links.holds.dedup();
        Ok(links)
    }
}
