//! The command line as it was typed. Nothing is opened or looked up here.

use std::path::PathBuf;

use c360_flow::RecordName;
use c360_spec::MemoryLimit;
use clap::{Args, Parser, ValueEnum};
use jiff::Timestamp;

use crate::commands::Command;
use crate::exit::EXIT_CODES;

/// Customer 360 on an open lakehouse: files in, who is who, what is known about each person, and
/// one published epoch that any Iceberg reader can follow.
///
/// A project is a folder with a c360.yaml, contracts in schemas/, jobs in jobs/ and queries in
/// sql/. Begin with `c360 init my-shop --data FOLDER`, or see `c360 demo`.
#[derive(Debug, Parser)]
#[command(name = "c360", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Folder of the project; else the nearest folder upwards that holds a c360.yaml
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub project: Option<PathBuf>,
    /// Print JSON: results on stdout, errors on stderr
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// Memory that queries may use before they spill, as `70%` or `8GiB` [default: that of
    /// c360.yaml, else 70%]
    #[arg(
        long,
        global = true,
        value_name = "SIZE",
        help_heading = "Global options"
    )]
    pub memory_limit: Option<MemoryLimit>,
    /// Folder where queries spill what memory does not hold [default: the system's folder for
    /// temporary files]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub spill_dir: Option<PathBuf>,
    /// Threads to work with [default: one a processor]
    #[arg(long, global = true, value_name = "N", value_parser = thread_count,
          help_heading = "Global options")]
    pub threads: Option<usize>,
    /// Date or timestamp (UTC) that time-dependent SQL sees as $as_of; `sql` also reads the tables
    /// as they were then [default: that of c360.yaml, else today]
    #[arg(long, global = true, value_name = "TIME", value_parser = instant,
          help_heading = "Global options")]
    pub as_of: Option<Timestamp>,
    /// How log lines on stderr look
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        help_heading = "Global options"
    )]
    pub log_format: LogFormat,
    /// Log more; twice for even more
    #[arg(long, short, global = true, action = clap::ArgAction::Count,
          help_heading = "Global options")]
    pub verbose: u8,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One readable line an event
    #[default]
    Text,
    /// One JSON object an event
    Json,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    c360_spec::settings::parse_instant(text).ok_or_else(|| {
        "write a date or timestamp, such as 2011-12-10 or 2011-12-10T06:00:00Z".into()
    })
}

fn thread_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("write a number from 1".into()),
        Ok(count) => Ok(count),
    }
}

/// A record, as source:key.
pub fn record(text: &str) -> Result<RecordName, String> {
    RecordName::parse(text)
        .ok_or_else(|| "a record is named source:key, as in loyalty_members:2601".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_options_may_stand_behind_the_command() {
        let typed = [
            "c360",
            "plan",
            "--json",
            "--as-of",
            "2011-12-10",
            "--threads",
            "2",
        ];
        let arguments = Arguments::try_parse_from(typed).expect("arguments");
        assert!(arguments.global.json);
        assert_eq!(arguments.global.threads, Some(2));
        assert_eq!(
            arguments.global.as_of.map(|instant| instant.to_string()),
            Some("2011-12-10T00:00:00Z".to_owned())
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for nonsense in [
            ["--threads", "0"],
            ["--as-of", "yesterday"],
            ["--memory-limit", "lots"],
        ] {
            let typed = ["c360", "plan"].into_iter().chain(nonsense);
            assert!(Arguments::try_parse_from(typed).is_err(), "{nonsense:?}");
        }
    }
}
