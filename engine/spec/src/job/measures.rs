//! `kind: measures`: what is known of a person from the rows of one table, declared instead of written as SQL.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{About, Window};
use crate::TableName;

/// The longest window: a century.
const DAYS_MAX: u32 = 36_500;

/// Measures of the rows of one table: one row for each value of `by`, and of the columns in `per`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasuresJob {
    /// Table to fill
    pub table: TableName,
    /// Table whose rows are measured
    pub from: TableName,
    /// Column whose values the rows are measured by, and the table recomputed in part
    #[serde(default = "default_by")]
    pub by: String,
    /// Columns that part the rows of one such value further: one row for each combination
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per: Vec<String>,
    /// Column that holds a row's time
    pub at: String,
    /// SQL expression; rows for which it is not true are left out
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    #[schemars(length(min = 1))]
    pub measures: Vec<Measure>,
    /// Who answers for the features, and what they are for
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// As of every job that is computed by a column. Never empty once read
    #[serde(skip)]
    pub key: Vec<String>,
}

/// One thing measured, over one window of time or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Name of the column; a window adds its length, as in `spend_30_days`
    #[schemars(extend("format" = "plain-name"))]
    pub name: String,
    pub measure: Aggregate,
    /// SQL expression that is measured; only `count` needs none
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// SQL expression; rows for which it is not true do not count
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// How far back from the run's instant rows count
    #[serde(default = "default_windows")]
    #[schemars(length(min = 1))]
    pub windows: Vec<Length>,
    /// Of `top`: how many values
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub n: Option<u32>,
    /// Of `percentile`: which one, 50 is the median
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub percent: Option<f64>,
    /// Of `decayed_sum`: after so many days a value counts half
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.01, max = 36_500.0))]
    pub half_life_days: Option<f64>,
    /// What it tells
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// How the values of many rows become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// How many rows, or how many with a value
    Count,
    /// How many different values
    Distinct,
    Sum,
    Average,
    Minimum,
    Maximum,
    /// The earliest value; of several at one instant the least
    First,
    /// The latest value; of several at one instant the least
    Last,
    /// The value of most rows; of equally frequent ones the least
    MostFrequent,
    /// The `n` values of most rows, the most frequent first
    Top,
    /// The value below which `percent` of the values lie, between two values in proportion
    Percentile,
    /// The sum of values that lose half of their weight every `half_life_days`
    DecayedSum,
}

/// How far back rows count: so many days, as in `30d`, or `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Length {
    /// At most 36,500.
    Days(u32),
    All,
}

/// A text that is no length of a window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no length of a window")]
pub struct InvalidLength(pub String);

impl MeasuresJob {
    /// Which rows enter or leave as time passes.
    pub fn window(&self) -> Window {
        let lengths = self.measures.iter().flat_map(|measure| &measure.windows);
        let mut days: Vec<u32> = lengths.filter_map(|length| length.days()).collect();
        days.sort_unstable();
        days.dedup();
        Window {
            table: self.from.clone(),
            at: self.at.clone(),
            days,
        }
    }

    /// Whether figures change by themselves from one instant to the next.
    pub fn ages(&self) -> bool {
        let mut measures = self.measures.iter();
        measures.any(|measure| measure.measure == Aggregate::DecayedSum)
    }
}

impl Measure {
    /// Its columns, one a window.
    pub fn columns(&self) -> impl Iterator<Item = String> {
        self.windows.iter().map(|length| self.column(*length))
    }

    /// The column of one of its windows.
    pub fn column(&self, length: Length) -> String {
        match length {
            Length::All => self.name.clone(),
            Length::Days(days) => format!("{}_{days}_days", self.name),
        }
    }
}

impl Length {
    /// The days of a window that ends.
    pub fn days(self) -> Option<u32> {
        match self {
            Self::Days(days) => Some(days),
            Self::All => None,
        }
    }
}

impl FromStr for Length {
    type Err = InvalidLength;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || InvalidLength(text.to_owned());
        if text == "all" {
            return Ok(Self::All);
        }
        let days = text.strip_suffix('d').ok_or_else(refused)?;
        match days.parse() {
            Ok(days @ 1..=DAYS_MAX) if text.starts_with(|c: char| c.is_ascii_digit()) => {
                Ok(Self::Days(days))
            }
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(f, "{days}d"),
            Self::All => f.write_str("all"),
        }
    }
}

impl TryFrom<String> for Length {
    type Error = InvalidLength;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Length> for String {
    fn from(length: Length) -> Self {
        length.to_string()
    }
}

impl JsonSchema for Length {
    fn schema_name() -> Cow<'static, str> {
        "Length".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How far back rows count: days, as in `30d`, or `all`",
            "type": "string",
            "format": "window-length",
            "pattern": "^([1-9][0-9]{0,4}d|all)$",
        })
    }
}

fn default_by() -> String {
    "person_id".to_owned()
}

fn default_windows() -> Vec<Length> {
    vec![Length::All]
}
