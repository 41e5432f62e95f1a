//! Exit codes: one a kind of failure, documented here and nowhere else.

use std::process::ExitCode;

use c360_flow::Kind;

use crate::console::Console;
use crate::failure::Failure;

/// Shown under `c360 --help` and by `c360 help exit-codes`.
pub const EXIT_CODES: &str = "\
Exit codes:
    0  done; also when there was nothing to do
    1  internal: a fault of c360, please report it
    2  invalid: correct the command line, the project's files or the SQL
    3  data: correct or quarantine the input; or a table that `verify` found wrong
       or `drift --max-psi` found moved
    4  conflict: somebody else committed first, run again
    5  unavailable: something outside is missing, full, locked or down, retry later
    6  there is something to do; by `plan --exit-code` and `status --exit-code` only
  130  interrupted with Ctrl-C, a run also by SIGTERM; what was committed stays, run
       again to go on";

/// What `plan --exit-code` and `status --exit-code` end with where there is something to do.
const WORK_TO_DO: u8 = 6;

/// What a shell calls a process that SIGINT ended.
pub const INTERRUPTED: u8 = 130;

/// The code of a kind of failure.
pub fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Internal => 1,
        Kind::Invalid => 2,
        Kind::Data => 3,
        Kind::Conflict => 4,
        Kind::Unavailable => 5,
    }
}

/// Prints help, the version or a usage error: as clap made it, or the error as JSON.
pub fn usage(error: &clap::Error, console: &Console) -> ExitCode {
    if error.use_stderr() && console.json {
        return failure(&mistyped(&error.render().to_string()), console);
    }
    // a reader that hung up does not change what the command line was
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(code(Kind::Invalid))
    } else {
        ExitCode::SUCCESS
    }
}

/// The failure that clap's text tells of: paragraphs, of which the first says what is wrong and one may give a tip.
fn mistyped(text: &str) -> Failure {
    let paragraph = |start: &str| {
        let mut paragraphs = text.split("\n\n").map(str::trim);
        let found = paragraphs.find_map(|it| it.strip_prefix(start));
        found.map(|it| it.lines().map(str::trim).collect::<Vec<_>>().join(" "))
    };
    let message = paragraph("error: ").unwrap_or_else(|| "no command is given".to_owned());
    let hint = paragraph("tip: ").unwrap_or_else(|| "see `c360 --help`".to_owned());
    Failure::invalid(message).hint(hint)
}

/// Prints a failure and picks its code.
pub fn failure(failure: &Failure, console: &Console) -> ExitCode {
    match failure {
        // `c360 sql … | head` has got what it wanted
        Failure::ReaderGone => ExitCode::SUCCESS,
        Failure::WorkToDo => ExitCode::from(WORK_TO_DO),
        Failure::Told(kind) => ExitCode::from(code(*kind)),
        Failure::Interrupted => {
            console.note("interrupted; what was committed stays, run again to go on");
            ExitCode::from(INTERRUPTED)
        }
        Failure::Error(report) => {
            console.error(report);
            ExitCode::from(code(report.kind))
        }
    }
}
