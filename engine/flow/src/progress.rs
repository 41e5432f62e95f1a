//! How a run tells its caller how far it is. Drawing is the caller's business.

/// Receives a run's progress.
pub trait Progress: Send + Sync {
    /// A job begins; `total_bytes` is known where files are read.
    fn job_started(&self, job: &str, total_bytes: Option<u64>);
    /// `bytes` more have been read.
    fn advanced(&self, job: &str, bytes: u64);
    /// The job ended, well or not.
    fn job_finished(&self, job: &str);
}

/// Says nothing.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn job_started(&self, _job: &str, _total_bytes: Option<u64>) {}
    fn advanced(&self, _job: &str, _bytes: u64) {}
    fn job_finished(&self, _job: &str) {}
}
