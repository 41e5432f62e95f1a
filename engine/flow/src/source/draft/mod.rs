//! A contract and a job drafted from files: the columns of the first, each of the narrowest type that takes all values
//! of its first rows. A draft is a proposal. What a sample cannot tell (what is required, which texts mean nothing, how
//! rows change) is left to whoever reads it; so is the key, since rows that share a wrong one would count once.

mod trial;

use std::collections::HashSet;
use std::sync::Arc;

use c360_spec::{Column, Contract, DataType, Format, Mode, SourceJob, TableName, spelling};
use datafusion::arrow::record_batch::RecordBatch;
use futures::TryStreamExt;

use super::discover::{SourceFile, discover};
use super::read::{Head, Reader};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::row_hash::RowHasher;
use trial::Trial;

/// Rows that are looked at; a few more where a chunk ends later.
const SAMPLE_ROWS: u64 = 100_000;

/// A proposal.
#[derive(Debug)]
pub struct Draft {
    pub contract: Contract,
    pub job: SourceJob,
    /// The file that was looked at.
    pub file: String,
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows among them that could not be read: of other columns, or with bytes that are no text.
    pub broken_rows: u64,
    /// Columns that could be the key: each of the rows has a value of its own.
    pub unique: Vec<String>,
    /// Columns that no contract can have, by name or otherwise told.
    pub left_out: Vec<String>,
}

impl Engine {
    /// Drafts the contract `name` of the rows in `files`, which are globs as in a job, with `key` as its key.
    ///
    /// Fails with *invalid* for a name that no table can have, globs that match nothing and a key that is no column, and
    /// with *data* where the first file cannot be read.
    pub async fn draft(&self, name: &str, files: &[String], key: &[String]) -> Result<Draft> {
        TableName::new("raw", name).map_err(|error| Error::invalid(error.to_string()))?;
        let file = self.first_file(files).await?;
        let (stores, spill_dir) = (self.warehouse.stores(), self.runtime.spill_dir());
        let head = Head::of(stores, spill_dir, &file).await?;
        let path = file.path.clone();
        let job = SourceJob {
            contract: name.to_owned(),
            files: files.to_vec(),
            optional: false,
            format: head.format,
            mode: Mode::Append,
            order_by: None,
            op: None,
        };
        let (columns, mut left_out) = nameable(head.columns);
        left_out.extend(head.left_out);
        let contract = Contract::of(name, columns);
        check_key(&contract, key, &path)?;
        let mut sample = Sample::new(&contract, &job)?;
        let reader = Arc::new(Reader::new(stores, spill_dir, &contract, &job)?);
        let mut chunks = reader.read(vec![file], 1);
        while let Some(chunk) = chunks.try_next().await? {
            sample.see(&chunk.rows, chunk.records)?;
            if sample.rows >= SAMPLE_ROWS {
                break;
            }
        }
        let (rows, broken_rows) = (sample.rows, sample.broken_rows);
        let (columns, unique) = sample.columns(contract.columns, key);
        Ok(Draft {
            contract: Contract {
                key: key.to_vec(),
                columns,
                ..contract
            },
            job,
            file: path,
            rows,
            broken_rows,
            unique,
            left_out,
        })
    }

    async fn first_file(&self, globs: &[String]) -> Result<SourceFile> {
        let data = &self.project.settings.data;
        let found = discover(self.warehouse.stores(), data, globs).await?;
        found.files.into_iter().next().ok_or_else(|| {
            let message = format!("no file in {data} is called {}", globs.join(" or "));
            Error::invalid(message)
                .with_hint("name files by paths or globs that start at the project's data folder")
        })
    }
}

/// The columns that a contract can name, each once whatever its case, and what the others are.
fn nameable(columns: Vec<Column>) -> (Vec<Column>, Vec<String>) {
    let mut names = HashSet::new();
    let mut left_out = Vec::new();
    let mut kept = Vec::with_capacity(columns.len());
    for (at, column) in columns.into_iter().enumerate() {
        if column.name.is_empty() {
            left_out.push(format!("number {}, which has no name,", at + 1));
        } else if names.insert(column.name.to_lowercase()) {
            kept.push(column);
        } else {
            left_out.push(format!("{}, which another is called,", column.name));
        }
    }
    (kept, left_out)
}

fn check_key(contract: &Contract, key: &[String], file: &str) -> Result<()> {
    let names: Vec<&str> = contract
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let Some(unknown) = key.iter().find(|name| !names.contains(&name.as_str())) else {
        return Ok(());
    };
    let error = Error::invalid(format!("source file {file} has no column {unknown}"));
    Err(match spelling::hint(unknown, names) {
        Some(hint) => error.with_hint(hint),
        None => error,
    })
}

/// What the rows that were looked at say of the columns.
struct Sample {
    columns: Vec<Seen>,
    rows: u64,
    broken_rows: u64,
}

/// A column in the sample.
struct Seen {
    /// Of a text column: its types.
    trial: Option<Trial>,
    /// What it holds, as long as each row holds something else.
    unique: Option<HashSet<u128>>,
    hasher: RowHasher,
}

impl Sample {
    fn new(contract: &Contract, job: &SourceJob) -> Result<Self> {
        let schema = c360_catalog::contract_schema(contract);
        let is_text = job.format != Format::Parquet;
        let columns = contract.columns.iter().map(|column| {
            Ok(Seen {
                trial: match is_text {
                    true => Some(Trial::of(&column.name, job)?),
                    false => None,
                },
                unique: Some(HashSet::new()),
                hasher: RowHasher::new(&schema, std::slice::from_ref(&column.name))?,
            })
        });
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            rows: 0,
            broken_rows: 0,
        })
    }

    /// Takes in rows that were made of so many records.
    fn see(&mut self, rows: &RecordBatch, records: u64) -> Result<()> {
        self.rows += records;
        self.broken_rows += records - rows.num_rows() as u64;
        for (seen, values) in self.columns.iter_mut().zip(rows.columns()) {
            if let Some(trial) = &mut seen.trial {
                trial.see(values);
            }
            let Some(known) = &mut seen.unique else {
                continue;
            };
            let hashes = seen.hasher.hash(rows)?;
            if values.null_count() > 0 || !hashes.iter().all(|hash| known.insert(*hash)) {
                seen.unique = None;
            }
        }
        Ok(())
    }

    /// The columns with the types that were found, those of the key required; and the names of those that could be it.
    fn columns(self, columns: Vec<Column>, key: &[String]) -> (Vec<Column>, Vec<String>) {
        let mut found = Vec::with_capacity(columns.len());
        let mut unique = Vec::new();
        for (column, seen) in columns.into_iter().zip(self.columns) {
            let mut column = match seen.trial {
                Some(trial) => trial.column(),
                None => column,
            };
            column.required = key.contains(&column.name);
            let is_float = matches!(column.data_type, DataType::Float | DataType::Double);
            if seen.unique.is_some() && !is_float && self.rows > 1 {
                unique.push(column.name.clone());
            }
            found.push(column);
        }
        (found, unique)
    }
}
