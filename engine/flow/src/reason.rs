//! Why something cannot be done, or not yet, and what to do about it.

use serde::Serialize;

use crate::room::Room;

/// What is in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Names the object.
    pub why: String,
    /// The next command, or what else would help.
    pub remedy: String,
}

impl Reason {
    /// What a run of the job mends.
    pub fn run_first(room: &Room<'_>, why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            remedy: format!("c360 run {}", room.job.name),
        }
    }

    /// A run of the job died between two commits.
    pub fn half_way(room: &Room<'_>) -> Self {
        Self::run_first(room, format!("a run of {} stopped half-way", room.job.name))
    }

    /// The job would make something else of the same inputs.
    pub fn spec_changed(room: &Room<'_>) -> Self {
        Self::run_first(room, format!("the spec of {} changed since", room.job.name))
    }
}
