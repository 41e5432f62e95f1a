//! The c360 binary: the command line, with no functions but the shipped ones.

use std::process::ExitCode;

/// Gives back what is no longer in use, which the C library's allocator hardly does under many threads.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    c360::main_with(c360::Functions::default())
}
