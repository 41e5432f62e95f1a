//! The c360 binary: the command line, with no functions but the shipped ones.

use std::process::ExitCode;

fn main() -> ExitCode {
    c360::main_with(c360::Functions::default())
}
