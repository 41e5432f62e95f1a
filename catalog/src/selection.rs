//! Which rows of a data file to read, by position, and the same as a Parquet access plan per row
//! group. Pure; the footers come from the caller.

use std::ops::Range;
use std::sync::Arc;

use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::file::metadata::ParquetMetaData;

use crate::deletes::Positions;
use crate::error::{Error, Result};
use crate::fileset::LiveFile;

/// Rows of one file. Positions are sorted, each once, below the file's row count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    All,
    Except(Positions),
    Only(Positions),
}

/// A data file and the rows of it to read.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) file: LiveFile,
    pub(crate) rows: Rows,
}

impl Unit {
    /// The file's live rows; nothing where all are deleted.
    pub(crate) fn live(file: &LiveFile) -> Option<Self> {
        let rows = match &file.deleted {
            None => Rows::All,
            Some(positions) => Rows::Except(Arc::clone(positions)),
        };
        Self::new(file, rows)
    }

    /// `rows` of the file; nothing where that is no row.
    pub(crate) fn new(file: &LiveFile, rows: Rows) -> Option<Self> {
        let unit = Self {
            file: file.clone(),
            rows,
        };
        (unit.row_count() > 0).then_some(unit)
    }

    pub(crate) fn row_count(&self) -> u64 {
        let total = self.file.entry.record_count();
        match &self.rows {
            Rows::All => total,
            Rows::Except(positions) => total - positions.len() as u64,
            Rows::Only(positions) => positions.len() as u64,
        }
    }

    /// The rows' share of what the file takes.
    pub(crate) fn size_bytes(&self) -> u64 {
        let entry = &self.file.entry;
        let (all, size) = (entry.record_count(), entry.file_size_in_bytes());
        let share = u128::from(size) * u128::from(self.row_count()) / u128::from(all.max(1));
        u64::try_from(share).unwrap_or(size)
    }
}

impl Rows {
    /// The plan that reads these rows of a file with the given footer.
    ///
    /// # Errors
    /// *data* when the footer counts other rows than the manifest: positions would then point at
    /// the wrong rows.
    pub(crate) fn access_plan(
        &self,
        footer: &ParquetMetaData,
        row_count: u64,
    ) -> Result<ParquetAccessPlan> {
        let mut start = 0;
        let mut groups = Vec::with_capacity(footer.num_row_groups());
        for group in footer.row_groups() {
            let end = start + group.num_rows() as u64;
            groups.push(self.access(start..end));
            start = end;
        }
        if start != row_count {
            return Err(Error::data(format!(
                "the Parquet footer counts {start} rows, the manifest {row_count}"
            )));
        }
        Ok(ParquetAccessPlan::new(groups))
    }

    /// What to read of the row group that holds the rows `group`.
    fn access(&self, group: Range<u64>) -> RowGroupAccess {
        let (positions, listed_are_read) = match self {
            Rows::All => return RowGroupAccess::Scan,
            Rows::Except(positions) => (positions, false),
            Rows::Only(positions) => (positions, true),
        };
        let first = positions.partition_point(|position| *position < group.start);
        let last = positions.partition_point(|position| *position < group.end);
        let listed = &positions[first..last];
        let rows = group.end - group.start;
        match (listed.len() as u64, listed_are_read) {
            (0, true) => RowGroupAccess::Skip,
            (0, false) => RowGroupAccess::Scan,
            (n, true) if n == rows => RowGroupAccess::Scan,
            (n, false) if n == rows => RowGroupAccess::Skip,
            _ => RowGroupAccess::Selection(selection(listed, group, listed_are_read)),
        }
    }
}

/// Alternating runs of listed and unlisted rows.
fn selection(listed: &[u64], group: Range<u64>, listed_are_read: bool) -> RowSelection {
    let run = |rows: u64, is_listed: bool| {
        let rows = rows as usize;
        if is_listed == listed_are_read {
            RowSelector::select(rows)
        } else {
            RowSelector::skip(rows)
        }
    };
    let mut selectors = Vec::new();
    let mut cursor = group.start;
    for chunk in listed.chunk_by(|a, b| a + 1 == *b) {
        let first = chunk[0];
        if first > cursor {
            selectors.push(run(first - cursor, false));
        }
        selectors.push(run(chunk.len() as u64, true));
        cursor = first + chunk.len() as u64;
    }
    if cursor < group.end {
        selectors.push(run(group.end - cursor, false));
    }
    RowSelection::from(selectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(of: &[u64]) -> Positions {
        Arc::new(of.to_vec())
    }

    fn selectors(access: RowGroupAccess) -> Vec<RowSelector> {
        match access {
            RowGroupAccess::Selection(selection) => selection.into(),
            other => panic!("expected a selection, found {other:?}"),
        }
    }

    #[test]
    fn deleted_rows_are_skipped() {
        let rows = Rows::Except(positions(&[10, 11, 14]));
        let (select, skip) = (RowSelector::select, RowSelector::skip);
        assert_eq!(
            selectors(rows.access(10..16)),
            [skip(2), select(2), skip(1), select(1)]
        );
        assert_eq!(rows.access(0..10), RowGroupAccess::Scan);
        assert_eq!(rows.access(10..12), RowGroupAccess::Skip);
    }

    #[test]
    fn only_listed_rows_are_read() {
        let rows = Rows::Only(positions(&[10, 11, 14]));
        let (select, skip) = (RowSelector::select, RowSelector::skip);
        assert_eq!(
            selectors(rows.access(9..15)),
            [skip(1), select(2), skip(2), select(1)]
        );
        assert_eq!(rows.access(0..10), RowGroupAccess::Skip);
        assert_eq!(rows.access(10..12), RowGroupAccess::Scan);
    }
}
