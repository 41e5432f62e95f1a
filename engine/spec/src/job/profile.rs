//! `kind: profile`: one row a person, each field by its survivorship rule.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::TableName;

/// One row a person, each field by its survivorship rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileJob {
    /// Table to fill
    pub table: TableName,
    /// Where values come from
    #[schemars(length(min = 1))]
    pub sources: Vec<ProfileSource>,
    /// What a profile holds
    #[schemars(length(min = 1))]
    pub fields: Vec<FieldRule>,
}

/// Values that one source offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileSource {
    /// Source of the records, as named by the identity job
    pub source: String,
    /// Table to read
    pub from: TableName,
    /// SQL expression giving the record's key
    #[schemars(length(min = 1))]
    pub key: String,
    /// SQL expression: when the values were true
    #[schemars(length(min = 1))]
    pub observed_at: String,
    /// SQL expressions, by value name
    pub fields: BTreeMap<String, String>,
}

/// How one field of the profile, or one group of them, is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// Name of the field
    pub name: String,
    /// The values it is chosen from: one, or a group taken from one record. Never empty once
    /// read: the default is the field's own name
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub of: Vec<String>,
    pub rule: Rule,
    /// How many values; `rule: top` only
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub n: Option<u32>,
    /// Sources, the most trusted first; `rule: source_order` only
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
}

/// A survivorship rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The value observed last
    Newest,
    /// The value observed first
    Oldest,
    /// The value that most records have
    MostFrequent,
    /// The values of the record with the fewest gaps
    MostComplete,
    /// The value of the first source in `order` that has one
    SourceOrder,
    /// A list of the `n` most frequent values
    Top,
}

impl FieldRule {
    /// Whether the field is a group taken from one record, which gives one column a value.
    pub fn is_group(&self) -> bool {
        self.of.len() > 1
    }

    /// The columns of the profile that the field gives: those of the group, else its own name.
    pub fn columns(&self) -> Vec<&str> {
        if self.is_group() {
            self.of.iter().map(String::as_str).collect()
        } else {
            vec![&self.name]
        }
    }
}

impl ProfileJob {
    pub(super) fn input_tables(&self) -> Vec<TableName> {
        let mut tables: Vec<_> = self
            .sources
            .iter()
            .map(|source| source.from.clone())
            .collect();
        tables.push(super::Entity::default().members());
        tables
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    use serde_json::Value;
    match Value::deserialize(from)? {
        Value::String(one) => Ok(vec![one]),
        many => serde_json::from_value(many).map_err(serde::de::Error::custom),
    }
}

fn one_or_many_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
        ],
    })
}
