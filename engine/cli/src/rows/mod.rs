//! Rows of a query on their way out: to a terminal, to stdout or into a file, in batches as they
//! come. Only a table view holds rows back, because it has to know how wide they are.

mod arguments;
mod batch;
mod destination;
mod parquet;
mod table;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use datafusion::arrow::datatypes::Schema;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

pub use self::arguments::OutputArguments;
use self::batch::Encoder;
pub use self::destination::Destination;
use crate::console::Console;
use crate::failure::Failure;
use crate::grid::terminal_width;
use crate::numbers::count;

/// A form of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A box for the eye, cut after --limit rows
    Table,
    /// With a header; lists and structures as JSON text
    Csv,
    /// One array of objects
    Json,
    /// One object a line
    Ndjson,
    /// Into a file
    Parquet,
}

impl Format {
    /// The format that a file's ending names.
    pub fn of_file(file: &Path) -> Option<Self> {
        match file.extension().and_then(OsStr::to_str)? {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "parquet" => Some(Self::Parquet),
            "txt" => Some(Self::Table),
            _ => None,
        }
    }
}

/// Where rows go, and how they look there.
#[derive(Debug, Clone)]
pub struct Output {
    pub format: Format,
    /// stdout where there is none
    pub file: Option<PathBuf>,
    /// rows of a table view
    pub limit: Option<usize>,
}

impl Output {
    /// Writes all rows. A file appears only when it is complete.
    pub async fn write(
        &self,
        rows: SendableRecordBatchStream,
        console: &Console,
    ) -> Result<(), Failure> {
        if !matches!(self.format, Format::Table | Format::Csv) {
            check_names(&rows.schema())?;
        }
        let mut destination = Destination::open(self.file.as_deref())?;
        let written = match self.format {
            Format::Table => self.table(rows, &mut destination, console).await?,
            Format::Parquet => parquet::write(rows, &mut destination).await?,
            Format::Csv => encoded(Encoder::Csv, rows, &mut destination).await?,
            Format::Json => encoded(Encoder::Json, rows, &mut destination).await?,
            Format::Ndjson => encoded(Encoder::Ndjson, rows, &mut destination).await?,
        };
        destination.close()?;
        if let Some(file) = &self.file {
            console.remark(&format!(
                "wrote {} to {}",
                count(written, "row"),
                file.display()
            ));
        }
        Ok(())
    }

    async fn table(
        &self,
        mut rows: SendableRecordBatchStream,
        destination: &mut Destination,
        console: &Console,
    ) -> Result<u64, Failure> {
        let on_terminal = self.file.is_none() && console.stdout_is_terminal;
        let mut view = table::View::new(rows.schema(), self.limit);
        while let Some(batch) = rows.next().await {
            if !view.add(&batch.map_err(query_failure)?)? {
                break;
            }
        }
        let width = if on_terminal { terminal_width() } else { None };
        destination.write(view.text(width).as_bytes())?;
        if view.is_cut() {
            console.note(&format!(
                "the first {} are shown: see more with --limit, or all with --format csv",
                count(view.len() as u64, "row")
            ));
        }
        Ok(view.len() as u64)
    }
}

/// What goes by the names of columns would lose one of two that share a name.
fn check_names(schema: &Schema) -> Result<(), Failure> {
    let mut names = BTreeSet::new();
    let mut fields = schema.fields().iter();
    match fields.find(|field| !names.insert(field.name())) {
        None => Ok(()),
        Some(twice) => {
            let message = format!("two columns are called {}", twice.name());
            Err(Failure::invalid(message).hint("name one of them otherwise, with AS"))
        }
    }
}

async fn encoded(
    encoder: Encoder,
    mut rows: SendableRecordBatchStream,
    destination: &mut Destination,
) -> Result<u64, Failure> {
    let mut written = 0;
    destination.write(&encoder.head(&rows.schema())?)?;
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(query_failure)?;
        destination.write(&encoder.rows(&batch, written == 0)?)?;
        written += batch.num_rows() as u64;
    }
    destination.write(encoder.tail())?;
    Ok(written)
}

/// A query that failed while its rows were read.
fn query_failure(error: datafusion::error::DataFusionError) -> Failure {
    c360_flow::Error::from(error).into()
}
