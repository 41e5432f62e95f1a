//! The command line: the only part of c360 that prints, reads the environment and the home folder,
//! and picks exit codes. Everything it says is computed elsewhere.
//!
//! One command, one file in [`commands`]. Arguments are recorded first ([`arguments`]), working
//! objects are built from them second ([`context`]).

mod arguments;
mod commands;
mod console;
mod context;
mod demo;
mod exit;
mod failure;
mod grid;
mod interrupt;
mod logging;
mod memory;
mod numbers;
mod progress;
mod project_files;
mod prompt;
mod query_failure;
mod reference;
mod rows;
mod starter;
mod summary;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::console::Console;
use crate::context::Context;
use crate::failure::Failure;

pub use reference::reference;
pub use starter::Starter;

/// Runs one command line; `starter` is the project that `init` and `demo` write out.
pub fn run(starter: Starter, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(usage) => return exit::usage(&usage),
    };
    logging::start(&arguments.global);
    let console = Console::new(arguments.global.json);
    let context = Context {
        console,
        starter,
        global: arguments.global,
    };
    let outcome = runtime(&context).and_then(|runtime| {
        let outcome = runtime.block_on(commands::run(arguments.command, &context));
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => exit::failure(&failure, &context.console),
    }
}

/// Deep query plans recurse; two megabytes a thread are not enough for them in a debug build.
const THREAD_STACK_BYTES: usize = 8 << 20;

fn runtime(context: &Context) -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = context.global.threads {
        builder.worker_threads(threads);
    }
    builder
        .enable_all()
        .thread_stack_size(THREAD_STACK_BYTES)
        .build()
        .map_err(|error| Failure::unavailable("threads cannot be started").caused_by(&error))
}
