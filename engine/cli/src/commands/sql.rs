//! `c360 sql`: ask the lake.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use c360_flow::ReadAt;
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::rows::OutputArguments;
use crate::{interrupt, prompt};

/// Query the lake: one statement, a file, or a prompt
///
/// Without a statement and on a terminal, opens a prompt; else the statement is read from stdin.
/// Tables are those of `c360 tables`, functions those of `c360 functions` and of DataFusion. --epoch
/// reads the tables as an epoch published them, --as-of as they were at a time. Statements that would
/// write are refused.
#[derive(Debug, Args)]
pub struct Sql {
    /// The statement
    #[arg(
        short = 'c',
        long = "command",
        value_name = "SQL",
        conflicts_with = "file"
    )]
    statement: Option<String>,
    /// File that holds the statement
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
    /// Read the tables as this epoch published them
    #[arg(long, value_name = "N", conflicts_with = "as_of")]
    epoch: Option<u64>,
}

impl Sql {
    /// Answers one statement, or opens the prompt.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let output = self.output.output(context)?;
        let at = self.read_at(context);
        let statement = self.statement()?;
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let Some(statement) = statement else {
            return prompt::open(&engine, &at, &clock, &output, &context.console).await;
        };
        let answer = async {
            let statement = statement.trim().trim_end_matches(';');
            let rows = engine.query(statement, &at, &clock).await?;
            output.write(rows, &context.console).await
        };
        interrupt::until(answer).await
    }

    fn read_at(&self, context: &Context) -> ReadAt {
        match (self.epoch, context.global.as_of) {
            (Some(epoch), _) => ReadAt::Epoch(epoch),
            (None, Some(instant)) => ReadAt::Timestamp(instant),
            (None, None) => ReadAt::Newest,
        }
    }

    /// The statement; nothing when the prompt is wanted.
    fn statement(&self) -> Result<Option<String>, Failure> {
        if let Some(statement) = &self.statement {
            return Ok(Some(statement.clone()));
        }
        if let Some(file) = &self.file {
            return read(file).map(Some);
        }
        if std::io::stdin().is_terminal() {
            return Ok(None);
        }
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Failure::file("read", Path::new("stdin"), &error))?;
        Ok(Some(text))
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    let unread = |error| {
        let failure = Failure::file("read", file, &error);
        failure.hint("name a file that holds the statement, or give the statement itself with -c")
    };
    std::fs::read_to_string(file).map_err(unread)
}
