//! `kind: publish`: a table that others read, checked before anyone sees it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Check;
use crate::TableName;

/// A table that others read; its changes are appended to `<table>_changes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishJob {
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
    /// What must hold before the rows become visible
    #[serde(default)]
    pub checks: Vec<Check>,
    /// Further tables that the epoch makes visible
    #[serde(default)]
    pub epoch: Vec<TableName>,
}

impl PublishJob {
    /// `<table>_changes`
    pub fn changes_table(&self) -> TableName {
        self.table.with_suffix("_changes")
    }

    pub(super) fn sql_files(&self) -> Vec<&str> {
        let checks = self.checks.iter().filter_map(|check| match check {
            Check::Sql { sql, .. } => Some(sql.as_str()),
            _ => None,
        });
        std::iter::once(self.sql.as_str()).chain(checks).collect()
    }
}
