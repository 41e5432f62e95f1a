//! `c360 exit-codes`, which exists for `c360 help exit-codes`.

use clap::Args;

use crate::context::Context;
use crate::exit::EXIT_CODES;
use crate::failure::Failure;

/// What each exit code asks of you
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct ExitCodes {}

impl ExitCodes {
    /// Prints them.
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        context.console.text(EXIT_CODES)
    }
}
