//! What must hold of a table before it is published.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Literal;

/// What must hold of a table before it is published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "check", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// No two rows agree on the columns
    Unique {
        #[schemars(length(min = 1))]
        columns: Vec<String>,
        #[serde(default)]
        severity: Severity,
    },
    /// The columns have a value in every row
    NotNull {
        #[schemars(length(min = 1))]
        columns: Vec<String>,
        #[serde(default)]
        severity: Severity,
    },
    /// The column holds nothing else than these values (or none)
    AcceptedValues {
        column: String,
        #[schemars(length(min = 1))]
        values: Vec<Literal>,
        #[serde(default)]
        severity: Severity,
    },
    /// The number of rows stays within so many per cent of what was published before
    RowCountChange {
        #[schemars(range(min = 0.0))]
        max_percent: f64,
        #[serde(default)]
        severity: Severity,
    },
    /// The SELECT returns no rows
    Sql {
        #[schemars(extend("format" = "plain-name"))]
        name: String,
        #[schemars(extend("format" = "sql-path"))]
        sql: String,
        #[serde(default)]
        severity: Severity,
    },
}

/// What a failed check does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is published
    #[default]
    Block,
    /// The summary says so
    Warn,
}

impl Check {
    pub fn severity(&self) -> Severity {
        match self {
            Self::Unique { severity, .. }
            | Self::NotNull { severity, .. }
            | Self::AcceptedValues { severity, .. }
            | Self::RowCountChange { severity, .. }
            | Self::Sql { severity, .. } => *severity,
        }
    }

    /// As in `unique(person_id)`, for reports.
    pub fn label(&self) -> String {
        match self {
            Self::Unique { columns, .. } => format!("unique({})", columns.join(", ")),
            Self::NotNull { columns, .. } => format!("not_null({})", columns.join(", ")),
            Self::AcceptedValues { column, .. } => format!("accepted_values({column})"),
            Self::RowCountChange { max_percent, .. } => format!("row_count_change({max_percent}%)"),
            Self::Sql { name, .. } => name.clone(),
        }
    }
}
