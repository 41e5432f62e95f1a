//! `kind: feature`: a table computed by one SQL file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::About;
use crate::TableName;

/// A table computed by one SQL file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureJob {
    /// Table to fill
    pub table: TableName,
    /// File with one SELECT; `$as_of` in it is the run's timestamp
    #[schemars(extend("format" = "sql-path"))]
    pub sql: String,
    /// Column by which the table is recomputed in part; without it, the table is one step
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Columns that tell rows apart. Never empty once read: the default is `by`
    #[serde(default)]
    pub key: Vec<String>,
    /// Which rows enter or leave as time passes
    #[serde(default)]
    pub windows: Vec<Window>,
    /// Who answers for the features, and what they are for
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// What columns of the table tell
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, String>,
}

/// Rows of a table that matter to the SQL for so many days after their time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub table: TableName,
    /// Column that holds the row's time
    pub at: String,
    /// Lengths of the windows in days, a century at most; without one, a row enters at its time and stays
    #[serde(default)]
    #[schemars(inner(range(min = 1, max = 36_500)))]
    pub days: Vec<u32>,
}
