//! The c360 binary: embeds the shipped retail project and hands over to the command line.

use std::process::ExitCode;

use c360_cli::Starter;
use include_dir::{Dir, include_dir};

static SCHEMAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemas");
static JOBS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/jobs");
static SQL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sql");

fn main() -> ExitCode {
    let starter = Starter {
        schemas: &SCHEMAS,
        jobs: &JOBS,
        sql: &SQL,
    };
    c360_cli::run(starter, std::env::args_os())
}
