//! Test cases as the columns that `resolve` reads, and its answers as the oracle gives them.

use arrow::array::{BooleanArray, StringArray};

use crate::cluster::oracle::{Case, NAMES, PlainLink, PlainRecord, PlainResolution};
use crate::cluster::*;

pub(super) const SOURCES: [&str; 3] = ["web", "crm", "loyalty"];
pub(super) const DAY_MICROSECONDS: i64 = 86_400_000_000;

/// A case as the columns that `resolve` reads. `names` lists the sources in any order.
pub(super) struct Columns {
    pub source: Vec<u16>,
    pub names: Vec<&'static str>,
    pub key: StringArray,
    pub first_seen_at: Vec<i64>,
    pub attributes: Vec<Vec<u32>>,
    pub record: Vec<u32>,
    pub kind: Vec<u16>,
    pub value: Vec<u32>,
    pub must: Vec<(u32, u32)>,
    pub cannot: Vec<(u32, u32)>,
    pub scored: Vec<ScoredLink>,
}

impl Columns {
    /// `spread` sets value codes apart, so that both ways of grouping are met.
    pub fn of(case: &Case, names: Vec<&'static str>, spread: u32) -> Self {
        let source = |r: &PlainRecord| {
            let at = names.iter().position(|name| *name == r.source);
            at.expect("named") as u16
        };
        let pairs =
            |pairs: &[(usize, usize)]| pairs.iter().map(|(a, b)| (*a as u32, *b as u32)).collect();
        let attributes = case.records.first().map_or(0, |r| r.attributes.len());
        let codes = |at: usize| {
            let values = case.records.iter().map(move |r| r.attributes[at]);
            values
                .map(|value| value.map_or(NULL_CODE, u32::from))
                .collect()
        };
        let identifiers = case.identifiers.iter();
        Self {
            source: case.records.iter().map(source).collect(),
            key: case.records.iter().map(|r| Some(r.key.as_str())).collect(),
            first_seen_at: case
                .records
                .iter()
                .map(|r| r.first_seen_day * DAY_MICROSECONDS)
                .collect(),
            attributes: (0..attributes).map(codes).collect(),
            record: identifiers.clone().map(|i| i.0 as u32).collect(),
            kind: identifiers.clone().map(|i| i.1 as u16).collect(),
            value: identifiers.map(|i| u32::from(i.2) * spread).collect(),
            must: pairs(&case.must),
            cannot: pairs(&case.cannot),
            scored: case
                .scored
                .iter()
                .map(|(a, b, rank, weight)| ScoredLink {
                    a: *a as u32,
                    b: *b as u32,
                    rank: *rank,
                    weight: f32::from(*weight),
                })
                .collect(),
            names,
        }
    }

    pub fn with<T>(
        &self,
        over: Option<&BooleanArray>,
        f: impl FnOnce(&Records, &Identifiers, &Extra) -> T,
    ) -> T {
        let attributes: Vec<&[u32]> = self.attributes.iter().map(Vec::as_slice).collect();
        let names = StringArray::from_iter_values(NAMES);
        let texts = vec![&names; attributes.len()];
        f(
            &Records {
                source: &self.source,
                source_names: &self.names,
                key: &self.key,
                first_seen_at: &self.first_seen_at,
                attributes: &attributes,
                texts: &texts,
            },
            &Identifiers {
                record: &self.record,
                kind: &self.kind,
                value: &self.value,
                over_limit: over,
            },
            &Extra {
                must_link: &self.must,
                cannot_link: &self.cannot,
                scored: &self.scored,
            },
        )
    }

    pub fn resolve(&self, rules: &Rules, over: Option<&BooleanArray>) -> Resolution {
        self.with(over, |r, i, e| resolve(r, i, e, rules))
            .expect("fitting columns")
    }

    pub fn over_limit(&self, rules: &Rules) -> BooleanArray {
        self.with(None, |r, i, _| over_limit(r, i, rules))
            .expect("fitting columns")
    }
}

/// Plain form, records renamed by `name`.
pub(super) fn plain(resolution: &Resolution, name: &dyn Fn(u32) -> usize) -> PlainResolution {
    let mut person = vec![0; resolution.person.len()];
    let mut component = person.clone();
    for row in 0..person.len() {
        let at = name(row as u32);
        if at >= person.len() {
            continue;
        }
        person[at] = name(resolution.person[row]);
        component[at] = name(resolution.component[row]);
    }
    let links = resolution
        .links
        .iter()
        .map(|link| plain_link(link, name))
        .collect();
    PlainResolution {
        person,
        component,
        links,
    }
}

pub(super) fn plain_link(link: &Link, name: &dyn Fn(u32) -> usize) -> PlainLink {
    let what = match link.evidence {
        Evidence::MustLink => "must".to_owned(),
        Evidence::Identifier { kind, .. } => format!("kind {kind}"),
        Evidence::Score { weight } => format!("score {weight}"),
    };
    let refused_by = link.refused_by.map(|refusal| format!("{refusal:?}"));
    (name(link.a), name(link.b), what, link.rank, refused_by)
}

pub(super) fn resolved(case: &Case) -> Resolution {
    Columns::of(case, SOURCES.to_vec(), 1).resolve(&case.rules, None)
}

pub(super) fn same(record: u32) -> usize {
    record as usize
}
