//! Where rows go and how they look, as a command is told.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

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
        let ending = self.output.as_deref().and_then(Format::of_file);
        if let (Some(format), Some(ending)) = (self.format, ending)
            && format != ending
        {
            return Err(other_ending(format, ending));
        }
        let format = match (self.format, &self.output, context.console) {
            (Some(format), _, _) => format,
            (None, Some(file), _) => ending.ok_or_else(|| unknown_ending(file))?,
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

fn other_ending(format: Format, ending: Format) -> Failure {
    let [format, ending] = [format, ending].map(|format| {
        let value = format.to_possible_value().expect("no format is hidden");
        value.get_name().to_owned()
    });
    Failure::invalid(format!(
        "--format says {format}, and the file's ending {ending}"
    ))
    .hint("leave --format out, or end the file in another way")
}
