//! Conditions of a comparison level: what must hold between two records.

use serde::{Deserialize, Serialize};

use super::expression::Expression;

/// A condition on two records. A missing value satisfies none but [`Condition::Missing`] (and what is built on it).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// One of the two records, or both, has no value.
    Missing(Expression),
    /// One of the two records, or both, has no value that can be read as a date.
    NoDate(Expression),
    /// The same value.
    Equal(Expression),
    /// Each record's first column equals the other's second.
    Crossed(String, String),
    /// Jaro–Winkler similarity of the bytes, from 0 to 1.
    JaroWinkler {
        of: Expression,
        min: f64,
    },
    /// Jaro similarity of the bytes, from 0 to 1.
    Jaro {
        of: Expression,
        min: f64,
    },
    /// Insertions, deletions and substitutions of bytes.
    Levenshtein {
        of: Expression,
        max: u32,
    },
    /// As Levenshtein, and two neighbours that changed places count once.
    DamerauLevenshtein {
        of: Expression,
        max: u32,
    },
    /// Two ISO dates (or eight digits) at most so many days apart.
    DaysApart {
        of: Expression,
        max: u32,
    },
    /// Two dates with day and month swapped.
    DayMonthSwapped(Expression),
    /// One value is a single letter, and the other begins with it.
    Initial(Expression),
    /// Lists with at least so many elements in common.
    Overlap {
        of: Expression,
        min: u32,
    },
    /// Two numbers at most so far apart.
    Apart {
        of: Expression,
        max: f64,
    },
    /// Two numbers apart by at most this share of the one that is further from zero.
    ApartShare {
        of: Expression,
        max: f64,
    },
    /// Two places (`latitude,longitude` in degrees) at most so many kilometres apart on the sphere.
    Near {
        of: Expression,
        km: f64,
    },
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// Whatever is left.
    Otherwise,
}

impl Condition {
    /// All columns that the condition reads.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Crossed(first, second) => vec![first, second],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::columns).collect(),
            Self::Otherwise => Vec::new(),
            _ => self.expression().map_or(Vec::new(), Expression::columns),
        }
    }

    /// Whether the condition is that this expression is equal, and no more.
    pub(super) fn is_equal_on(&self, of: &Expression) -> bool {
        match self {
            Self::Equal(own) if own == of => true,
            _ => match (self.equal_columns(), of) {
                (Some(own), Expression::Column(_) | Expression::Together(_)) => own == of.columns(),
                _ => false,
            },
        }
    }

    /// The columns that must be equal, if nothing else is asked.
    pub(super) fn equal_columns(&self) -> Option<Vec<&str>> {
        match self {
            Self::Equal(Expression::Column(of)) => Some(vec![of]),
            Self::Equal(Expression::Together(of)) => Some(of.iter().map(String::as_str).collect()),
            Self::All(parts) if !parts.is_empty() => {
                let parts: Option<Vec<Vec<&str>>> = parts.iter().map(Self::equal_columns).collect();
                parts.map(|parts| parts.concat())
            }
            _ => None,
        }
    }

    fn expression(&self) -> Option<&Expression> {
        match self {
            Self::Missing(of) | Self::NoDate(of) | Self::Equal(of) | Self::DayMonthSwapped(of) => {
                Some(of)
            }
            Self::Initial(of) => Some(of),
            Self::JaroWinkler { of, .. } | Self::Jaro { of, .. } => Some(of),
            Self::Levenshtein { of, .. } | Self::DamerauLevenshtein { of, .. } => Some(of),
            Self::DaysApart { of, .. } | Self::Overlap { of, .. } => Some(of),
            Self::Apart { of, .. } | Self::ApartShare { of, .. } => Some(of),
            Self::Near { of, .. } => Some(of),
            Self::Crossed(..) | Self::All(_) | Self::Any(_) | Self::Otherwise => None,
        }
    }
}
