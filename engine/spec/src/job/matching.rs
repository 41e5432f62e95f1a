//! Matching: records that share no identifier, and are probably the same person all the same.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which records may be the same person, and what speaks for it.
///
/// A *column* is an attribute of the records or a kind of identifier; of a record with several
/// values of the kind, the least counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matching {
    /// Which records meet at all
    #[schemars(length(min = 1))]
    pub blocking: Vec<BlockingRule>,
    /// What is compared where they meet
    #[schemars(length(min = 1))]
    pub comparisons: Vec<Comparison>,
    /// The share of all true pairs that the `certain` blocking rules are held to bring together
    #[serde(default = "default_recall")]
    #[schemars(range(min = 0.01, max = 1.0))]
    pub recall: f64,
    /// Lower is stronger evidence, taken first; shares its scale with the identifiers' ranks
    #[serde(default = "default_rank")]
    pub rank: u16,
}

/// Records with the same values of all columns meet; a record without one of them meets nobody. A
/// column counts whole, unless `first`, `sound` or `each` says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockingRule {
    #[schemars(length(min = 1))]
    pub on: Vec<String>,
    /// Columns of which only so many first characters count
    #[serde(default)]
    pub first: BTreeMap<String, NonZeroU32>,
    /// Columns of which only the sound counts
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sound: BTreeMap<String, Sound>,
    /// Columns that hold lists, each with what stands between the elements: records with one in
    /// common meet
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each: BTreeMap<String, Separator>,
    /// Whether the pairs are nearly always one person: what share of all pairs is one person is
    /// learnt from them
    #[serde(default)]
    pub certain: bool,
    /// A block of more records brings nobody together, and the run says so
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2))]
    pub records_max: Option<u32>,
}

/// What stands between the elements of a list; blanks around these do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Separator(#[schemars(length(min = 1))] pub String);

/// How a name is turned into its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sound {
    Soundex,
}

/// One piece of evidence, from agreement by degrees to none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "compare", rename_all = "snake_case", deny_unknown_fields)]
pub enum Comparison {
    /// Forename and surname: alike, swapped, a known short form, or shortened to an initial
    Name {
        forename: String,
        surname: String,
        /// Which forenames are short forms of which
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nicknames: Option<Nicknames>,
    },
    /// A date: mistyped, day and month swapped, or not far off
    DateOfBirth { column: String },
    /// An e-mail address, or its part before the @
    Email { column: String },
    /// A phone number, or one slip apart
    Phone { column: String },
    /// A personal number, or one or two slips apart
    Identifier { column: String },
    /// Street, postcode and town, which move together
    Address {
        street: String,
        postcode: String,
        town: String,
    },
    /// A postcode, or its first `area` characters
    Postcode {
        column: String,
        #[serde(default = "default_area")]
        #[schemars(range(min = 1))]
        area: u32,
    },
    /// Equal or not; a rare value weighs more
    Exact { column: String },
    /// A number: equal, or not far off; a text that is no number says nothing
    Number {
        column: String,
        /// Apart by at most so much, ascending
        #[serde(default)]
        #[schemars(inner(range(min = 0.0)))]
        within: Vec<f64>,
        /// Apart by at most so many percent of the greater number, ascending
        #[serde(default)]
        #[schemars(inner(range(min = 0.0, max = 100.0)))]
        within_percent: Vec<f64>,
    },
    /// A place, by its angles in degrees: the same, or near; what is no such angle says nothing
    Location {
        latitude: String,
        longitude: String,
        /// Apart by at most so many kilometres, ascending
        #[schemars(length(min = 1), inner(range(min = 0.0)))]
        within_km: Vec<f64>,
    },
    /// Several values in one text: the same, or some in common
    List {
        column: String,
        #[serde(default)]
        separator: Separator,
        /// So many elements in common or more, descending
        #[serde(default = "default_common")]
        #[schemars(length(min = 1), inner(range(min = 1)))]
        common: Vec<u32>,
    },
}

/// Groups of forenames that one person may go by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nicknames {
    /// The shipped list of English names and their short forms
    #[serde(default)]
    pub english: bool,
    /// Further groups, each a name and its short forms
    #[serde(default)]
    pub groups: Vec<Vec<String>>,
}

impl Matching {
    /// The columns that are read, each with where it is named.
    pub fn columns(&self) -> Vec<(String, &str)> {
        let mut columns = Vec::new();
        for (at, rule) in self.blocking.iter().enumerate() {
            for (part, column) in rule.on.iter().enumerate() {
                columns.push((format!("/blocking/{at}/on/{part}"), column.as_str()));
            }
        }
        for (at, comparison) in self.comparisons.iter().enumerate() {
            for (key, column) in comparison.columns() {
                columns.push((format!("/comparisons/{at}/{key}"), column));
            }
        }
        columns
    }
}

impl Comparison {
    fn columns(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Name {
                forename, surname, ..
            } => vec![("forename", forename), ("surname", surname)],
            Self::Location {
                latitude,
                longitude,
                ..
            } => vec![("latitude", latitude), ("longitude", longitude)],
            Self::Address {
                street,
                postcode,
                town,
            } => vec![("street", street), ("postcode", postcode), ("town", town)],
            Self::DateOfBirth { column }
            | Self::Email { column }
            | Self::Phone { column }
            | Self::Identifier { column }
            | Self::Postcode { column, .. }
            | Self::Number { column, .. }
            | Self::List { column, .. }
            | Self::Exact { column } => vec![("column", column)],
        }
    }
}

impl Default for Separator {
    fn default() -> Self {
        Self(";".into())
    }
}

fn default_common() -> Vec<u32> {
    vec![1]
}

fn default_recall() -> f64 {
    0.7
}

fn default_rank() -> u16 {
    100
}

fn default_area() -> u32 {
    3
}
