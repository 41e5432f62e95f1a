//! `c360 draft`: a contract and a job for files that nobody described yet.

use std::path::PathBuf;

use c360_flow::Draft as Drafted;
use c360_spec::{Column, Encoding, Format};
use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::count;
use crate::starter::write_new;
use crate::yaml_text::{quoted, scalar};

/// Draft a contract and a job for files of a source
///
/// Reads the first rows of the first file and writes schemas/NAME.yaml, each column of the
/// narrowest type that takes all of its values, and jobs/NAME.yaml. Whole numbers become long, other
/// numbers decimals, and codes such as 0049 stay text, as do dates of which nobody can tell day from
/// month. Both files are yours to correct; existing ones are never overwritten.
#[derive(Debug, Args)]
pub struct Draft {
    /// Name of contract, job and table: raw.NAME
    name: String,
    /// Names or globs of the files, seen from the project's data folder: customers*.csv, in quotes.
    /// CSV, NDJSON (.ndjson, .jsonl, .json) or Parquet, text also as .gz
    #[arg(required = true)]
    files: Vec<String>,
    /// Columns that tell rows apart: rows that agree in all of them count once [default: none]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    key: Vec<String>,
}

impl Draft {
    /// Writes the two files.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = context.engine().await?;
        let drafted = engine.draft(&self.name, &self.files, &self.key).await?;
        let path = |folder: &str| PathBuf::from(format!("{folder}/{}.yaml", self.name));
        let files = vec![
            (path("schemas"), contract(&drafted).into_bytes()),
            (path("jobs"), job(&drafted).into_bytes()),
        ];
        let written = write_new(&context.root()?, files)?;
        for column in &drafted.left_out {
            let why = "is left out: a contract has no such column";
            context.console.remark(&format!("column {column} {why}"));
        }
        if drafted.job.format.encoding() == Encoding::Windows1252 {
            let remark = format!("{} is no UTF-8: it is read as windows-1252", drafted.file);
            context.console.remark(&remark);
        }
        if drafted.broken_rows > 0 {
            let rows = count(drafted.broken_rows, "row");
            let why = "could not be read: they have other columns, or bytes that are no text";
            context.console.remark(&format!("{rows} {why}"));
        }
        if context.console.json {
            return context.console.json(&json!({
                "contract": written[0],
                "job": written[1],
                "file": drafted.file,
                "rows": drafted.rows,
                "broken_rows": drafted.broken_rows,
                "key": drafted.contract.key,
                "could_be_key": drafted.unique,
                "columns": drafted.contract.columns.len(),
                "left_out": drafted.left_out,
            }));
        }
        context.console.text(&summary(&drafted, &self.name))
    }
}

fn summary(drafted: &Drafted, name: &str) -> String {
    let columns = count(drafted.contract.columns.len() as u64, "column");
    let rows = count(drafted.rows, "row");
    let file = &drafted.file;
    let mut text = format!(
        "wrote schemas/{name}.yaml and jobs/{name}.yaml: {columns}, from {rows} of {file}\n"
    );
    if drafted.contract.key.is_empty() && !drafted.unique.is_empty() {
        let unique = drafted.unique.join(", ");
        text += &format!("no key yet; in these rows no value occurs twice of: {unique}\n");
    }
    text + &format!("next: correct them, then c360 run {name}")
}

fn contract(drafted: &Drafted) -> String {
    let contract = &drafted.contract;
    let key: Vec<String> = contract.key.iter().map(|name| scalar(name)).collect();
    let columns: Vec<String> = contract.columns.iter().map(column).collect();
    format!(
        "# Drafted from {} of {}. Correct types and key, say what is required, and what columns mean.\n\
         contract: {}\n\
         key: [{}]\n\
         columns:\n{}",
        count(drafted.rows, "row"),
        quoted(&drafted.file),
        scalar(&contract.contract),
        key.join(", "),
        columns.concat()
    )
}

fn column(column: &Column) -> String {
    let mut parts = vec![
        format!("name: {}", scalar(&column.name)),
        format!("type: {}", scalar(&column.data_type.to_string())),
    ];
    if column.required {
        parts.push("required: true".to_owned());
    }
    if let [format] = &column.formats[..] {
        parts.push(format!("formats: [{}]", quoted(format)));
    }
    format!("  - {{{}}}\n", parts.join(", "))
}

fn job(drafted: &Drafted) -> String {
    let files: Vec<String> = drafted.job.files.iter().map(|file| quoted(file)).collect();
    let format = &drafted.job.format;
    let mut said = vec![match format {
        Format::Csv(_) => "type: csv".to_owned(),
        Format::Ndjson(_) => "type: ndjson".to_owned(),
        Format::Parquet => "type: parquet".to_owned(),
    }];
    if let Format::Csv(csv) = format
        && csv.delimiter != ','
    {
        let delimiter = quoted(&csv.delimiter.to_string());
        said.push(format!("delimiter: {delimiter}"));
    }
    if format.encoding() == Encoding::Windows1252 {
        said.push("encoding: windows-1252".to_owned());
    }
    let format = said.join(", ");
    format!(
        "# A draft. Rows are added, each key once; where they change or go, see the modes upsert and cdc.\n\
         job: {name}\n\
         kind: source\n\
         contract: {name}\n\
         files: [{}]\n\
         format: {{{format}}}\n\
         mode: append\n",
        files.join(", "),
        name = scalar(&drafted.job.contract)
    )
}
