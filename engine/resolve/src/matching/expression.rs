//! Column expressions: what blocking rules and comparisons look at. All are computed once a distinct value.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::columns::{Column, Columns};
use super::error::{Error, Result};
use super::fingerprint::mix;
use super::key;
use crate::cluster::NULL_CODE;
use crate::intern::Interner;

/// A column, a part of one, or several as one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expression {
    /// The value itself.
    Column(String),
    /// `length` characters from the `from`-th on, counted from 1 as in SQL.
    Substring {
        of: String,
        from: usize,
        length: usize,
    },
    /// What stands before the first `@`; missing when nothing does.
    Username(String),
    /// What stands after the first `@`; missing when nothing does.
    Domain(String),
    /// All columns at once; missing when one of them is. Only equality can be asked of it.
    Together(Vec<String>),
    /// All columns in whatever order: `Anna | Lee` equals `Lee | Anna`. Missing when one of them is.
    AnyOrder(Vec<String>),
}

impl Expression {
    /// The whole column.
    pub fn column(name: &str) -> Self {
        Self::Column(name.into())
    }

    /// The first characters of a column.
    pub fn prefix(of: &str, length: usize) -> Self {
        let (of, from) = (of.into(), 1);
        Self::Substring { of, from, length }
    }

    /// The columns that are read.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Column(of) | Self::Substring { of, .. } => vec![of],
            Self::Username(of) | Self::Domain(of) => vec![of],
            Self::Together(of) | Self::AnyOrder(of) => of.iter().map(String::as_str).collect(),
        }
    }

    /// A number for the value of one record, equal for equal values; none where it is missing. `text` tells the
    /// record's text in each of [`Self::columns`].
    pub(super) fn hash<'a>(&self, text: impl Fn(usize) -> Option<&'a str>) -> Option<u64> {
        let all = |of: &[String]| -> Option<Vec<u64>> {
            (0..of.len()).map(|part| text(part).map(hash)).collect()
        };
        match self {
            Self::Column(_) => text(0).map(hash),
            Self::Substring { from, length, .. } => {
                text(0).map(|text| hash(substring(text, from.saturating_sub(1), *length)))
            }
            Self::Username(_) => text(0).and_then(username).map(hash),
            Self::Domain(_) => text(0).and_then(domain).map(hash),
            Self::Together(of) => all(of).map(together),
            Self::AnyOrder(of) => all(of).map(|mut parts| {
                parts.sort_unstable();
                together(parts)
            }),
        }
    }

    /// The expression's value for every record.
    pub(super) fn evaluate(&self, columns: &Columns) -> Result<Arc<Column>> {
        match self {
            Self::Column(of) => Ok(Arc::clone(columns.get(of)?)),
            Self::Substring { of, from, length } => {
                let skip = from.saturating_sub(1);
                derive(columns.get(of)?, |text| {
                    Some(substring(text, skip, *length))
                })
                .map(Arc::new)
            }
            Self::Username(of) => derive(columns.get(of)?, username).map(Arc::new),
            Self::Domain(of) => derive(columns.get(of)?, domain).map(Arc::new),
            Self::Together(of) => {
                let parts = of.iter().map(|of| columns.get(of).map(Arc::as_ref));
                let parts: Vec<&Column> = parts.collect::<Result<_>>()?;
                Ok(Arc::new(key::combine(&parts, columns.records())))
            }
            Self::AnyOrder(of) => any_order(of, columns).map(Arc::new),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(of) => write!(f, "{of}"),
            Self::Substring { of, from, length } => write!(f, "substr({of}, {from}, {length})"),
            Self::Username(of) => write!(f, "username({of})"),
            Self::Domain(of) => write!(f, "domain({of})"),
            Self::Together(of) => write!(f, "{}", of.join(" + ")),
            Self::AnyOrder(of) => write!(f, "any order of {}", of.join(", ")),
        }
    }
}

/// A number for a text.
pub(super) fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

fn together(parts: Vec<u64>) -> u64 {
    parts.into_iter().fold(0, |all, part| mix(all ^ part))
}

fn substring(text: &str, skip: usize, length: usize) -> &str {
    let at = |count: usize| {
        text.char_indices()
            .nth(count)
            .map_or(text.len(), |(at, _)| at)
    };
    &text[at(skip)..at(skip.saturating_add(length))]
}

fn username(text: &str) -> Option<&str> {
    let name = text.split('@').next().unwrap_or(text);
    (!name.is_empty()).then_some(name)
}

fn domain(text: &str) -> Option<&str> {
    text.split_once('@')
        .map(|(_, domain)| domain)
        .filter(|domain| !domain.is_empty())
}

/// Another text for each distinct value.
fn derive(column: &Column, change: impl Fn(&str) -> Option<&str>) -> Result<Column> {
    let mut texts = Interner::new();
    let mut changed = Vec::with_capacity(column.distinct());
    for code in 0..column.distinct() as u32 {
        let text = column.text(code).and_then(&change);
        // A derived column has at most as many values as its origin, which had codes for all of them.
        let too_many = |_| Error::TooMany {
            rows: column.distinct(),
            max: NULL_CODE as usize,
        };
        changed.push(
            text.map_or(Ok(NULL_CODE), |text| texts.code(text))
                .map_err(too_many)?,
        );
    }
    let code = |code: &u32| changed.get(*code as usize).copied().unwrap_or(NULL_CODE);
    Ok(Column::new(
        column.codes.iter().map(code).collect(),
        Some(texts),
    ))
}

/// Codes of the sets of values. Columns with equal texts must first speak of the same codes.
fn any_order(of: &[String], columns: &Columns) -> Result<Column> {
    let mut shared = Interner::new();
    let mut parts: Vec<(&Column, Vec<u32>)> = Vec::with_capacity(of.len());
    for name in of {
        let column = columns.get(name)?;
        let mut codes = Vec::with_capacity(column.distinct());
        for code in 0..column.distinct() as u32 {
            let text = column.text(code).unwrap_or_default();
            let too_many = |_| Error::TooMany {
                rows: columns.records(),
                max: NULL_CODE as usize,
            };
            codes.push(shared.code(text).map_err(too_many)?);
        }
        parts.push((column, codes));
    }
    let mut numbers = HashMap::new();
    let code = |record: usize| {
        let part = |(column, codes): &(&Column, Vec<u32>)| {
            codes.get(column.codes[record] as usize).copied()
        };
        let Some(mut set) = parts.iter().map(part).collect::<Option<Vec<u32>>>() else {
            return NULL_CODE;
        };
        set.sort_unstable();
        let next = numbers.len() as u32;
        *numbers.entry(set).or_insert(next)
    };
    let codes = (0..columns.records()).map(code).collect();
    Ok(Column::new(codes, None))
}
