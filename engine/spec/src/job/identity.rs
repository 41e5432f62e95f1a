//! `kind: identity`: which records are the same person, or the same of another entity.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Entity, Matching};
use crate::TableName;
use crate::document::escaped;

/// Which records are the same person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityJob {
    /// What the records are resolved into, in the singular; without it, persons. Another entity, such as `household`,
    /// has tables and ids of its own name
    #[serde(default, skip_serializing_if = "Entity::is_person")]
    #[schemars(with = "String", extend("format" = "plain-name"))]
    pub entity: Entity,
    /// Who has records
    #[schemars(length(min = 1))]
    pub records: Vec<RecordSource>,
    /// Rules, by kind of identifier
    #[serde(default)]
    pub identifiers: BTreeMap<String, IdentifierRule>,
    /// What may not differ inside a person
    #[serde(default)]
    pub guards: Vec<Guard>,
    /// A link that would give a person more records than this is refused
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub person_records_max: Option<u32>,
    /// Records that are probably the same person though they share no identifier
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matching>,
}

/// One source of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordSource {
    /// Name of the source in the identity tables
    pub source: String,
    /// Table that the records are read from
    pub from: TableName,
    /// SQL expression: what tells a record from the others of the source. Rows without it are
    /// skipped
    #[schemars(length(min = 1))]
    pub key: String,
    /// SQL expression: when the record was first seen. The earliest wins where rows share a key
    #[schemars(length(min = 1))]
    pub seen_at: String,
    /// SQL expressions, by attribute
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// SQL expressions giving the raw value, by kind of identifier
    #[serde(default)]
    pub identifiers: BTreeMap<String, String>,
}

/// How values of one kind of identifier are cleaned and trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifierRule {
    #[serde(default)]
    pub normalize: Normalize,
    /// Country of numbers without a country code, as two capital letters; phone only
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "region"))]
    pub region: Option<String>,
    /// Regular expression that a standardised value must match
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "regex"))]
    pub valid: Option<String>,
    /// Values that identify nobody, besides the shipped list of the normaliser
    #[serde(default)]
    pub blocked: Vec<String>,
    /// How many records may share a value
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<IdentifierLimit>,
    /// A link that would give a person more distinct values than this is refused
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_per_person: Option<u32>,
    /// Attributes that hold names: a link is refused if both sides have some and no two of them are alike
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agree_on: Vec<String>,
    /// Lower is stronger evidence, taken first
    #[serde(default = "default_rank")]
    pub rank: u16,
    /// Whether a shared value links records; false makes the kind a constraint only
    #[serde(default = "yes")]
    pub links: bool,
}

/// How many records may share a value; over it, the value links nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifierLimit {
    #[schemars(range(min = 1))]
    pub records: u32,
    /// Count only records first seen within any window of so many days
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub window_days: Option<u32>,
}

/// How values are standardised before they are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalize {
    Email,
    Phone,
    Name,
    Handle,
    Postcode,
    Text,
    #[default]
    None,
}

/// What may not differ inside a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    pub attribute: String,
    /// Distinct values that a person may have
    #[schemars(range(min = 1))]
    pub max_per_person: u32,
}

impl Default for IdentifierRule {
    fn default() -> Self {
        Self {
            normalize: Normalize::None,
            region: None,
            valid: None,
            blocked: Vec::new(),
            limit: None,
            max_per_person: None,
            agree_on: Vec::new(),
            rank: default_rank(),
            links: true,
        }
    }
}

impl IdentityJob {
    /// The attributes that decide who is linked, each with where it is named.
    pub fn deciding_attributes(&self) -> Vec<(String, &str)> {
        let mut attributes = Vec::new();
        for (at, guard) in self.guards.iter().enumerate() {
            attributes.push((format!("/guards/{at}/attribute"), guard.attribute.as_str()));
        }
        for (kind, rule) in &self.identifiers {
            for (at, attribute) in rule.agree_on.iter().enumerate() {
                let place = format!("/identifiers/{}/agree_on/{at}", escaped(kind));
                attributes.push((place, attribute.as_str()));
            }
        }
        attributes
    }

    /// Whether values of `kind` have a say in who is who: they link records, or a person has only so many.
    pub fn identifier_decides(&self, kind: &str) -> bool {
        let rule = self.identifiers.get(kind);
        rule.is_none_or(|rule| rule.links || rule.max_per_person.is_some())
    }
}

fn default_rank() -> u16 {
    10
}

fn yes() -> bool {
    true
}
