//! The command line: the only part of c360 that prints, reads the environment and the home folder,
//! and picks exit codes. Everything it says is computed elsewhere.
//!
//! One command, one file in [`commands`]. Arguments are recorded first ([`arguments`]), working
//! objects are built from them second ([`context`]).

mod allocator;
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
mod markup;
mod memory;
mod numbers;
mod panic;
mod progress;
mod project_files;
mod prompt;
mod reference;
mod row_table;
mod rows;
mod starter;
mod summary;
mod yaml_text;

use std::ffi::OsString;
use std::process::ExitCode;

use c360_flow::Functions;
use clap::Parser;

use crate::arguments::Arguments;
use crate::console::Console;
use crate::context::Context;
use crate::failure::Failure;

pub use reference::reference;
pub use starter::Starter;

/// Runs one command line; `starter` is the project that `init` and `demo` write out, `functions` is what SQL may call
/// beside the functions of c360 and DataFusion.
pub fn run(
    starter: Starter,
    functions: Functions,
    arguments: impl IntoIterator<Item = OsString>,
) -> ExitCode {
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(usage) => {
            let json = typed.iter().any(|word| word == "--json");
            return exit::usage(&usage, &Console::new(json));
        }
    };
    logging::start(&arguments.global);
    let console = Console::new(arguments.global.json);
    let context = Context {
        console,
        starter,
        functions,
        global: arguments.global,
    };
    allocator::bound_heaps(context.global.threads);
    let outcome = panic::caught(|| {
        bound_kernels(&context)?;
        let runtime = runtime(&context)?;
        let outcome = runtime.block_on(commands::run(arguments.command, &context));
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => exit::failure(&failure, &context.console),
    }
}

/// Gives the kernels of identity and profiles as many threads as queries get.
fn bound_kernels(context: &Context) -> Result<(), Failure> {
    let Some(threads) = context.global.threads else {
        return Ok(());
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| Failure::unavailable("threads cannot be started").caused_by(&error))
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
