//! The feature room: one SQL file, one table.

use c360_spec::FeatureJob;

use crate::derived::{Derivation, Query};

/// What the job derives.
pub fn derivation(job: &FeatureJob) -> Derivation<'_> {
    Derivation {
        table: &job.table,
        query: Query::File(&job.sql),
        by: job.by.as_deref(),
        key: &job.key,
        windows: job.windows.clone(),
    }
}
