//! Where rows go and how they look, as a command is told.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Format, Output};
use crate::context::Context;
use crate::failure::Failure;

/// What a command that prints rows is told of them.
#[derive(Debug, Args)]
pub struct OutputArguments {
    /// How rows are printed [default: table on a terminal, csv elsewhere, json with --json]
    #[arg(long, short, value_enum)]
    format: Option<Format>,
    /// Write the rows to this file instead of stdout; its ending names the format
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Rows that a table view shows; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 500)]
    limit: usize,
}

impl OutputArguments {
    /// Where the rows go.
    pub fn output(&self, context: &Context) -> Result<Output, Failure> {
        let format = match (self.format, &self.output, context.console) {
            (Some(format), _, _) => format,
            (None, Some(file), _) => Format::of_file(file).ok_or_else(|| unknown_ending(file))?,
            (None, None, console) if console.json => Format::Json,
            (None, None, console) if console.stdout_is_terminal => Format::Table,
            (None, None, _) => Format::Csv,
        };
        if format == Format::Parquet && self.output.is_none() {
            return Err(Failure::invalid("parquet cannot be printed")
                .hint("name a file with --output FILE"));
        }
        let limit = (self.limit > 0).then_some(self.limit);
        Ok(Output {
            format,
            file: self.output.clone(),
            limit,
        })
    }
}

fn unknown_ending(file: &Path) -> Failure {
    Failure::invalid(format!(
        "the ending of `{}` names no format",
        file.display()
    ))
    .hint("end it in .csv, .json, .ndjson, .parquet or .txt, or name one with --format")
}
