//! Time and identity of a run: handed in by the caller, so that no room asks the machine for either.

use jiff::Timestamp;

/// What a run knows about time and about itself.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Names the run in every commit, log line and event.
    pub run_id: String,
    /// When the run began.
    pub now: Timestamp,
    /// The instant that time-dependent SQL sees as `$as_of`.
    pub as_of: Timestamp,
}
