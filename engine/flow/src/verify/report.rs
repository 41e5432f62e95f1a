//! What a verification has to say, as values that print as text or as JSON.

use c360_spec::TableName;
use serde::Serialize;

use super::compare::Comparison;
use crate::reason::Reason;
use crate::room::Room;
use crate::sample::Sample;

/// What became of each table.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// Of which keys rows were compared; none: of all.
    pub sample: Option<Sample>,
    /// In the order in which they are made.
    pub tables: Vec<VerifiedTable>,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// What became of one table.
#[derive(Debug, Clone, Serialize)]
pub struct VerifiedTable {
    /// The table.
    pub table: String,
    /// The job that makes it.
    pub job: String,
    /// Whether it is what it should be.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Whether a table is what its inputs make of it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is, cell for cell.
    Same {
        /// Its rows that were compared.
        rows: u64,
        /// Its rows; more than were compared where only a sample was.
        rows_total: u64,
    },
    /// It is not.
    Differs(Comparison),
    /// It cannot be made from what it says that it was made from.
    Broken(Reason),
    /// Nobody can tell, or not before a run.
    NotVerified(Reason),
    /// A sample of it cannot be made.
    NotSampled(Reason),
}

impl VerifiedTable {
    /// A table that cannot be made for a sample.
    pub(super) fn not_sampled(room: &Room<'_>, table: &TableName, why: &str) -> Self {
        let job = &room.job.name;
        Self {
            table: table.to_string(),
            job: job.clone(),
            verdict: Verdict::NotSampled(Reason {
                why: why.to_owned(),
                remedy: format!("c360 verify {job}"),
            }),
        }
    }

    /// Whether the table is to be made anew.
    pub fn is_wrong(&self) -> bool {
        matches!(self.verdict, Verdict::Differs(_) | Verdict::Broken(_))
    }
}

impl Verification {
    /// Tables that are not what they should be.
    pub fn wrong(&self) -> impl Iterator<Item = &VerifiedTable> {
        self.tables.iter().filter(|table| table.is_wrong())
    }

    /// How many tables are what they should be, and their rows that were compared.
    pub fn same(&self) -> (u64, u64) {
        let rows = self.tables.iter().filter_map(|table| match table.verdict {
            Verdict::Same { rows, .. } => Some(rows),
            _ => None,
        });
        rows.fold((0, 0), |(tables, sum), rows| (tables + 1, sum + rows))
    }

    /// The jobs to run in full, in their order.
    pub fn jobs_to_repair(&self) -> Vec<&str> {
        let mut jobs: Vec<&str> = self.wrong().map(|table| table.job.as_str()).collect();
        jobs.dedup();
        jobs
    }
}
