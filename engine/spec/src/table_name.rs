//! The name of a table in the lake: `namespace.table`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// `namespace.table`; both parts match `[a-z][a-z0-9_]*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName {
    namespace: String,
    name: String,
}

/// A text that is not `namespace.table`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("table name `{0}` is not `namespace.table` in lower-case letters, digits and underscores")]
pub struct InvalidTableName(pub String);

impl TableName {
    /// Fails when a part does not match `[a-z][a-z0-9_]*`.
    pub fn new(namespace: &str, name: &str) -> Result<Self, InvalidTableName> {
        if is_plain_name(namespace) && is_plain_name(name) {
            Ok(Self {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            })
        } else {
            Err(InvalidTableName(format!("{namespace}.{name}")))
        }
    }

    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table beside this one, as in `raw.orders` → `raw.orders__rejects`. `suffix` is one of
    /// our own, made of lower-case letters and underscores.
    pub fn with_suffix(&self, suffix: &'static str) -> Self {
        Self {
            namespace: self.namespace.clone(),
            name: format!("{}{suffix}", self.name),
        }
    }
}

/// Whether the text matches `[a-z][a-z0-9_]*`.
pub fn is_plain_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.namespace, self.name)
    }
}

impl FromStr for TableName {
    type Err = InvalidTableName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (namespace, name) = text
            .split_once('.')
            .ok_or_else(|| InvalidTableName(text.to_owned()))?;
        Self::new(namespace, name)
    }
}

impl TryFrom<String> for TableName {
    type Error = InvalidTableName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TableName> for String {
    fn from(table: TableName) -> Self {
        table.to_string()
    }
}

impl JsonSchema for TableName {
    fn schema_name() -> Cow<'static, str> {
        "TableName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A table, as `namespace.table`",
            "type": "string",
            "format": "table-name",
            "pattern": "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$",
        })
    }
}
