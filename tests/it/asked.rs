//! What whoever runs the tests asks for by environment: more of them, others, longer.

use std::ops::Range;
use std::time::Duration;

/// The number in a variable, if it is set to one.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Seeds: as many as the variable asks for, otherwise `usual`, from `C360_TEST_FIRST_SEED` on; or `C360_TEST_SEED` alone.
pub fn seeds(variable: &str, usual: u64) -> Range<u64> {
    if let Some(seed) = number("C360_TEST_SEED") {
        return seed..seed + 1;
    }
    let first = number("C360_TEST_FIRST_SEED").unwrap_or(0);
    first..first + number(variable).unwrap_or(usual)
}

/// How long writers write at once: `C360_TEST_WRITERS_SECONDS` asks for more than 4.
pub fn writing_time() -> Duration {
    let seconds = number("C360_TEST_WRITERS_SECONDS");
    Duration::from_secs(seconds.unwrap_or(4))
}
