//! `schemas/<name>.yaml`: what the rows of a source must look like. Checking rows against it is
//! the business of whoever reads them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DataType, Literal, TableName};

/// What the rows of a source must look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Name of the contract; equal to the file's stem
    #[schemars(extend("format" = "plain-name"))]
    pub contract: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Columns that tell one row from another
    #[serde(default)]
    pub key: Vec<String>,
    #[schemars(length(min = 1))]
    pub columns: Vec<Column>,
    /// Strip white space around values
    #[serde(default = "yes")]
    pub trim: bool,
    /// Texts that mean "no value"
    #[serde(default = "empty_text")]
    pub null_values: Vec<String>,
    /// Texts that mean true and false, compared without regard to case
    #[serde(default)]
    pub booleans: Booleans,
    /// How many rows may be rejected before the run stops
    #[serde(default)]
    pub rejects: RejectLimits,
    /// What to do with columns that the contract does not name
    #[serde(default)]
    pub extra_columns: ExtraColumns,
}

/// One column of a contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name of the column, as in the file's header
    #[schemars(length(min = 1))]
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// A row without a value here is rejected
    #[serde(default)]
    pub required: bool,
    /// strftime patterns tried in order, for date and timestamp columns; default is ISO 8601
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("items" = {"type": "string", "format": "strftime"}))]
    pub formats: Vec<String>,
    /// The only values allowed
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_values: Vec<Literal>,
    /// Regular expression that a string must match
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "regex"))]
    pub pattern: Option<String>,
    /// Least value allowed
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Literal>,
    /// Greatest value allowed
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Literal>,
    /// Holds personal information. A remark for readers: no column's values are ever shown in
    /// logs, errors or plans, marked or not
    #[serde(default)]
    pub pii: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Texts that mean true and false, compared without regard to case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Booleans {
    #[serde(rename = "true")]
    pub truthy: Vec<String>,
    #[serde(rename = "false")]
    pub falsy: Vec<String>,
}

impl Default for Booleans {
    fn default() -> Self {
        let owned = |texts: [&str; 5]| texts.map(str::to_owned).to_vec();
        Self {
            truthy: owned(["true", "t", "yes", "y", "1"]),
            falsy: owned(["false", "f", "no", "n", "0"]),
        }
    }
}

/// How many rows may be rejected; over either limit the run stops before it commits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectLimits {
    /// Per cent of the rows read, 0 to 100
    #[serde(default = "one_percent")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub max_percent: f64,
    /// Number of rows
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rows: Option<u64>,
}

impl Default for RejectLimits {
    fn default() -> Self {
        Self {
            max_percent: one_percent(),
            max_rows: None,
        }
    }
}

/// What to do with columns that the contract does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExtraColumns {
    /// Leave them out
    #[default]
    Ignore,
    /// Refuse the file
    Reject,
}

impl Contract {
    /// A contract of these columns; whatever else may be said is as when nothing is.
    pub fn of(name: &str, columns: Vec<Column>) -> Self {
        Self {
            contract: name.to_owned(),
            description: None,
            key: Vec::new(),
            columns,
            trim: yes(),
            null_values: empty_text(),
            booleans: Booleans::default(),
            rejects: RejectLimits::default(),
            extra_columns: ExtraColumns::default(),
        }
    }

    /// The column of this name, compared exactly.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl Column {
    /// A column that may hold any value of the type, or none.
    pub fn new(name: &str, data_type: DataType) -> Self {
        Self {
            name: name.to_owned(),
            data_type,
            required: false,
            formats: Vec::new(),
            accepted_values: Vec::new(),
            pattern: None,
            min: None,
            max: None,
            pii: false,
            description: None,
        }
    }
}

/// `raw.<contract>`. The contract's name has been checked to be a plain name.
pub(crate) fn raw_table(contract: &str) -> TableName {
    TableName::new("raw", contract).expect("contract names are checked to be plain names")
}

fn yes() -> bool {
    true
}

fn empty_text() -> Vec<String> {
    vec![String::new()]
}

fn one_percent() -> f64 {
    1.0
}
