//! What keeps a run from its end: an error, or whoever started it and wants it no longer.

use crate::error::Error;
use crate::report::RunReport;

/// A run that is over.
#[derive(Debug)]
pub struct Ended {
    /// What the jobs did that came to their end.
    pub report: RunReport,
    /// What kept it from its own end; none: it got there.
    pub stop: Option<Stop>,
}

/// Why a job, and with it the run, did not come to its end.
#[derive(Debug)]
pub enum Stop {
    /// It failed.
    Failed(Error),
    /// The run was to stop; nothing is wrong.
    Interrupted,
}

impl Stop {
    /// What the ledger calls it.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// What is wrong, if anything is.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Interrupted => None,
        }
    }
}
