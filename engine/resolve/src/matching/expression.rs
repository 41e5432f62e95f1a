//! Column expressions: what blocking rules and comparisons look at. All are computed once a distinct value.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::columns::{Column, Columns};
use super::error::{Error, Result};
use super::fingerprint::mix;
use super::nicknames::NameGroups;
use super::soundex::soundex;
use super::{form, key};
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
    /// What a name sounds like; missing when it has none of the letters A to Z.
    Soundex(String),
    /// The groups of names that a name is in, as a list; missing when it is in none.
    Nicknames { of: String, groups: NameGroups },
    /// A number, however it is written; missing when the text is none.
    Number(String),
    /// A place on the Earth, from two columns in degrees; missing when one of them is no such angle.
    Place { latitude: String, longitude: String },
    /// A set of values that one text holds; missing when it holds none, or more than anybody reads. A blocking rule
    /// brings together whose lists have an element in common.
    List { of: String, separator: String },
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
            Self::Username(of) | Self::Domain(of) | Self::Soundex(of) | Self::Number(of) => {
                vec![of]
            }
            Self::Nicknames { of, .. } | Self::List { of, .. } => vec![of],
            Self::Place {
                latitude,
                longitude,
            } => vec![latitude, longitude],
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
            Self::Together(of) => all(of).map(together),
            Self::AnyOrder(of) => all(of).map(|mut parts| {
                parts.sort_unstable();
                together(parts)
            }),
            Self::Place { .. } => form::place_text(text(0)?, text(1)?).map(|place| hash(&place)),
            _ => self.part(text(0)?).map(|part| hash(&part)),
        }
    }

    /// What it makes of the text of the one column that it reads; None where it reads several.
    fn part<'a>(&self, text: &'a str) -> Option<Cow<'a, str>> {
        match self {
            Self::Column(_) => Some(text.into()),
            Self::Substring { from, length, .. } => {
                Some(substring(text, from.saturating_sub(1), *length).into())
            }
            Self::Username(_) => username(text).map(Cow::from),
            Self::Domain(_) => domain(text).map(Cow::from),
            Self::Soundex(_) => soundex(text).map(Cow::from),
            Self::Nicknames { groups, .. } => groups.of(text).map(Cow::from),
            Self::Number(_) => form::number_text(text).map(Cow::from),
            Self::List { separator, .. } => form::list_text(text, separator).map(Cow::from),
            Self::Together(_) | Self::AnyOrder(_) | Self::Place { .. } => None,
        }
    }

    /// The expression's value for every record.
    pub(super) fn evaluate(&self, columns: &Columns) -> Result<Arc<Column>> {
        match self {
            Self::Column(of) => Ok(Arc::clone(columns.get(of)?)),
            Self::Together(of) => {
                let parts = of.iter().map(|of| columns.get(of).map(Arc::as_ref));
                let parts: Vec<&Column> = parts.collect::<Result<_>>()?;
                Ok(Arc::new(key::combine(&parts, columns.records())))
            }
            Self::AnyOrder(of) => any_order(of, columns).map(Arc::new),
            Self::Place {
                latitude,
                longitude,
            } => places(columns.get(latitude)?, columns.get(longitude)?).map(Arc::new),
            _ => derive(columns.get(self.columns()[0])?, |text| self.part(text)).map(Arc::new),
        }
    }

    /// A number for each element of a record's list, equal for equal elements, in the order of the list.
    pub(super) fn elements(&self, text: Option<&str>) -> Vec<u64> {
        let list = text.and_then(|text| self.part(text));
        list.map_or(Vec::new(), |list| form::listed(&list).map(hash).collect())
    }

    /// Whether its values are lists.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::List { .. })
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
            Self::Soundex(of) => write!(f, "soundex({of})"),
            Self::Nicknames { of, .. } => write!(f, "short forms of {of}"),
            Self::Number(of) | Self::List { of, .. } => write!(f, "{of}"),
            Self::Place {
                latitude,
                longitude,
            } => write!(f, "{latitude}, {longitude}"),
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
fn derive<'a>(
    column: &'a Column,
    change: impl Fn(&'a str) -> Option<Cow<'a, str>>,
) -> Result<Column> {
    let mut texts = Interner::new();
    let mut changed = Vec::with_capacity(column.distinct());
    for code in 0..column.distinct() as u32 {
        changed.push(match column.text(code).and_then(&change) {
            // A derived column has at most as many values as its origin, which had codes for all of them.
            Some(text) => texts.code(&text).map_err(|_| too_many(column.distinct()))?,
            None => NULL_CODE,
        });
    }
    let code = |code: &u32| changed.get(*code as usize).copied().unwrap_or(NULL_CODE);
    Ok(Column::new(
        column.codes.iter().map(code).collect(),
        Some(texts),
    ))
}

/// The place of each record.
fn places(latitude: &Column, longitude: &Column) -> Result<Column> {
    let mut texts = Interner::new();
    let mut known = HashMap::new();
    let mut codes = Vec::with_capacity(latitude.codes.len());
    for angles in latitude
        .codes
        .iter()
        .copied()
        .zip(longitude.codes.iter().copied())
    {
        let code = match known.get(&angles) {
            Some(code) => *code,
            None => {
                let code = place(latitude, longitude, angles, &mut texts)?;
                known.insert(angles, code);
                code
            }
        };
        codes.push(code);
    }
    Ok(Column::new(codes, Some(texts)))
}

fn place(
    latitude: &Column,
    longitude: &Column,
    angles: (u32, u32),
    texts: &mut Interner,
) -> Result<u32> {
    if angles.0 == NULL_CODE || angles.1 == NULL_CODE {
        return Ok(NULL_CODE);
    }
    let both = latitude.text(angles.0).zip(longitude.text(angles.1));
    match both.and_then(|(latitude, longitude)| form::place_text(latitude, longitude)) {
        Some(text) => texts
            .code(&text)
            .map_err(|_| too_many(latitude.codes.len())),
        None => Ok(NULL_CODE),
    }
}

fn too_many(rows: usize) -> Error {
    let max = NULL_CODE as usize;
    Error::TooMany { rows, max }
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
            codes.push(shared.code(text).map_err(|_| too_many(columns.records()))?);
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
