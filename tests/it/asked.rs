//! What whoever runs the tests asks for by environment: more of them, others, longer.

use std::time::Duration;

/// The number in a variable, if it is set to one.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// How long writers write at once: `C360_TEST_WRITERS_SECONDS` asks for more than 4.
pub fn writing_time() -> Duration {
    let seconds = number("C360_TEST_WRITERS_SECONDS");
    Duration::from_secs(seconds.unwrap_or(4))
}
