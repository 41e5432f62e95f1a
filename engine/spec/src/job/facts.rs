//! `kind: facts`: every row of a source with the person it belongs to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TableName;

/// Every row of a table, with its `person_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactsJob {
    /// Table to fill
    pub table: TableName,
    /// Table to read
    pub from: TableName,
    /// Which records a row may belong to; the first that is known wins
    #[schemars(length(min = 1))]
    pub person: Vec<PersonReference>,
    /// Column by whose value a row without a person takes the one person known for that value
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
}

/// A record that a row may belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonReference {
    /// Source of the record, as named by the identity job
    pub source: String,
    /// SQL expression giving the record's key
    #[schemars(length(min = 1))]
    pub key: String,
}
