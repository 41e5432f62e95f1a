//! `kind: source`: files become the rows of a raw table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TableName;
use crate::contract::raw_table;

/// Files become the rows of `raw.<contract>`; rows that break the contract go to
/// `raw.<contract>__rejects`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceJob {
    /// The contract that the rows must keep
    #[schemars(extend("format" = "plain-name"))]
    pub contract: String,
    /// File names and globs, relative to the project's `data`
    #[schemars(length(min = 1), extend("items" = {"type": "string", "format": "data-path"}))]
    pub files: Vec<String>,
    /// There may be no file yet: the table is then there and empty, for the SQL that reads it
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    pub format: Format,
    #[serde(default)]
    pub mode: Mode,
    /// Column that tells which version of a key wins: the greatest (upsert, cdc) or the least
    /// (append with a key)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_by: Option<String>,
    /// Which column of the files says what became of the row; cdc only
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<OperationColumn>,
}

/// How the files are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Format {
    Csv(CsvFormat),
    Ndjson(NdjsonFormat),
    Parquet,
}

impl Format {
    /// How characters are encoded; Parquet has but one way.
    pub fn encoding(&self) -> Encoding {
        match self {
            Self::Csv(format) => format.encoding,
            Self::Ndjson(format) => format.encoding,
            Self::Parquet => Encoding::Utf8,
        }
    }
}

/// Separated values with a header row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CsvFormat {
    /// One ASCII character
    #[serde(default = "comma")]
    #[schemars(extend("format" = "ascii-character"))]
    pub delimiter: char,
    /// One ASCII character
    #[serde(default = "double_quote")]
    #[schemars(extend("format" = "ascii-character"))]
    pub quote: char,
    #[serde(default)]
    pub encoding: Encoding,
    #[serde(default)]
    pub compression: Compression,
}

/// One JSON object a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NdjsonFormat {
    #[serde(default)]
    pub encoding: Encoding,
    #[serde(default)]
    pub compression: Compression,
}

/// How characters are encoded in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "latin-1")]
    Latin1,
    // Latin-1 with the euro sign and typographic quotes: what most programs mean by it.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// By the file's name: `.gz` is gzip
    #[default]
    Auto,
    None,
    Gzip,
}

/// What a new row does to the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Rows are only added
    #[default]
    Append,
    /// A row replaces the older one of its key
    Upsert,
    /// Rows are inserts, updates and deletes
    Cdc,
}

/// Which column of a cdc file says what became of the row. In a CSV or Parquet file without the
/// column every row is an insert; a row whose operation is missing or empty is rejected, and
/// NDJSON names it in every record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationColumn {
    pub column: String,
    #[serde(default = "insert_codes")]
    pub insert: Vec<String>,
    #[serde(default = "update_codes")]
    pub update: Vec<String>,
    #[serde(default = "delete_codes")]
    pub delete: Vec<String>,
}

impl Default for CsvFormat {
    fn default() -> Self {
        Self {
            delimiter: comma(),
            quote: double_quote(),
            encoding: Encoding::default(),
            compression: Compression::default(),
        }
    }
}

impl SourceJob {
    /// `raw.<contract>`
    pub fn table(&self) -> TableName {
        raw_table(&self.contract)
    }

    /// `raw.<contract>__rejects`
    pub fn rejects_table(&self) -> TableName {
        self.table().with_suffix("__rejects")
    }

    /// `raw.<contract>__deleted`, of modes in which rows disappear
    pub fn deleted_table(&self) -> Option<TableName> {
        (self.mode != Mode::Append).then(|| self.table().with_suffix("__deleted"))
    }

    pub(super) fn output_tables(&self) -> Vec<TableName> {
        let mut tables = vec![self.table(), self.rejects_table()];
        tables.extend(self.deleted_table());
        tables
    }
}

fn comma() -> char {
    ','
}

fn double_quote() -> char {
    '"'
}

fn insert_codes() -> Vec<String> {
    vec!["I".to_owned()]
}

fn update_codes() -> Vec<String> {
    vec!["U".to_owned()]
}

fn delete_codes() -> Vec<String> {
    vec!["D".to_owned()]
}
