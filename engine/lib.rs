//! The whole `c360` command as a function, with the shipped retail project in it: for programs that add SQL functions of
//! their own. `examples/own_functions.rs` is one.

use std::process::ExitCode;

use c360_cli::Starter;
use include_dir::{Dir, include_dir};

pub use c360_flow::Functions;
/// What functions are written against, in the version that c360 is built with.
pub use c360_flow::datafusion;

static SCHEMAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemas");
static JOBS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/jobs");
static SQL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sql");

/// Runs the command line that the process was started with; SQL may call `functions` too.
pub fn main_with(functions: Functions) -> ExitCode {
    let starter = Starter {
        schemas: &SCHEMAS,
        jobs: &JOBS,
        sql: &SQL,
    };
    c360_cli::run(starter, functions, std::env::args_os())
}
