//! How much a job would read and write, as far as the lists of files and the ledger tell: no row of a table that a job
//! reads is looked at. What only a run can find out is estimated by what such runs did, or said not to be known.

use serde::Serialize;

use crate::cursor::{Planned, Work};
use crate::error::Result;
use crate::ledger::JobEntry;
use crate::report::Action;
use crate::source;

/// Rows and bytes that a job would read and write; none: not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// Rows of files, or of the tables that it reads. Of a change: those that were added to its inputs and that are
    /// gone from them; whatever these touch is read besides, of a table of one step all there is.
    pub rows_to_read: Option<u64>,
    /// Bytes that these rows take as they are stored. Columns that nobody asks for are left unread.
    pub bytes_to_read: Option<u64>,
    /// Rows of the main output that are inserted, updated or deleted.
    pub rows_to_write: Option<u64>,
    /// Bytes of data and delete files.
    pub bytes_to_write: Option<u64>,
    /// Which of the figures are estimates; the others are exact.
    pub estimated: Vec<&'static str>,
}

impl Effort {
    fn none() -> Self {
        Self {
            rows_to_read: Some(0),
            bytes_to_read: Some(0),
            rows_to_write: Some(0),
            bytes_to_write: Some(0),
            estimated: Vec::new(),
        }
    }
}

/// What a job would read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// Rows that are there now and were not, or all.
    pub rows_added: Option<u64>,
    /// Rows that were there and are not.
    pub rows_removed: Option<u64>,
    bytes: Option<u64>,
    /// Whether rows were never counted.
    are_rows_likely: bool,
    are_bytes_likely: bool,
}

impl Reading {
    /// Of the files to read.
    pub fn files(work: &source::Work) -> Self {
        Self {
            rows_added: work.likely_rows(),
            rows_removed: Some(0),
            bytes: Some(work.bytes()),
            are_rows_likely: work.bytes() > 0,
            are_bytes_likely: false,
        }
    }

    /// Of the inputs: what changed in them, or all.
    pub async fn tables(planned: &Planned) -> Result<Self> {
        let (mut added, mut removed, mut bytes) = (0, 0, 0);
        for input in &planned.inputs {
            let changes = match &planned.decision.work {
                Work::Nothing => continue,
                Work::Incremental(since) => input.changes(since.since(input)).await?,
                Work::Full => input.changes(None).await?,
            };
            added += changes.rows_added;
            removed += changes.rows_removed;
            bytes += changes.size_bytes;
        }
        Ok(Self {
            rows_added: Some(added),
            rows_removed: Some(removed),
            bytes: Some(bytes),
            ..Self::default()
        })
    }

    /// What other jobs will write first, as far as that is known.
    pub fn after<'a>(before: impl Iterator<Item = &'a Effort> + Clone) -> Self {
        let sum = |figure: fn(&Effort) -> Option<u64>| -> Option<u64> {
            before.clone().map(figure).sum()
        };
        Self {
            rows_added: sum(|effort| effort.rows_to_write),
            rows_removed: None,
            bytes: sum(|effort| effort.bytes_to_write),
            are_rows_likely: true,
            are_bytes_likely: true,
        }
    }

    /// Whether rows were estimated.
    pub fn is_estimated(&self) -> bool {
        self.are_rows_likely
    }

    /// What is read and, going by when the job `last` did the like, written.
    pub fn effort(&self, action: Action, last: Option<&JobEntry>) -> Effort {
        if action == Action::Nothing {
            return Effort::none();
        }
        let rows_to_read = self
            .rows_added
            .map(|rows| rows + self.rows_removed.unwrap_or(0));
        let likely = last.map(|last| likely(last, rows_to_read));
        let [rows_to_write, bytes_to_write] = likely.unwrap_or_default();
        let figures = [
            ("rows_to_read", rows_to_read, self.are_rows_likely),
            ("bytes_to_read", self.bytes, self.are_bytes_likely),
            ("rows_to_write", rows_to_write, true),
            ("bytes_to_write", bytes_to_write, true),
        ];
        let estimated = figures.iter();
        let estimated = estimated.filter(|(_, figure, is_likely)| *is_likely && figure.is_some());
        Effort {
            rows_to_read,
            bytes_to_read: self.bytes,
            rows_to_write,
            bytes_to_write,
            estimated: estimated.map(|(name, ..)| *name).collect(),
        }
    }
}

/// Rows and bytes that a job would write: of rows of files as much a row as it wrote last, else as much as it wrote.
fn likely(last: &JobEntry, rows_to_read: Option<u64>) -> [Option<u64>; 2] {
    let wrote = [
        last.inserted + last.updated + last.deleted,
        last.bytes_written,
    ];
    match last.rows_in {
        0 => wrote.map(Some),
        rows_in => wrote.map(|figure| {
            let scaled = u128::from(figure) * u128::from(rows_to_read?) / u128::from(rows_in);
            u64::try_from(scaled).ok()
        }),
    }
}
