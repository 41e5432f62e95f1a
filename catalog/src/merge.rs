//! Merges: the rows in a scope become exactly those that are given, and only the difference is
//! written.
//!
//! ```text
//!   live files ──▶ keys and row numbers ──▶ not among the rows   ──▶ position delete
//!                  (only key columns)   └─▶ among the rows: compare
//!                                           whole rows ─┬─ equal ──▶ left alone
//!                                                       └─ other ──▶ position delete + new row
//!   rows without a counterpart ────────────────────────────────────▶ new row
//! ```
//!
//! Data files whose last rows go are dropped whole.

mod collate;
mod find;
mod keys;
mod merger;
mod merging;
mod part;
mod scope;
mod stretch;
mod wanted;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};

use crate::commit::{Committed, Stamp};
use crate::{Kind, Result, Table};

pub use merger::Merger;

use merging::Merging;
use wanted::Wanted;

/// What the rows of a table, or of a part of it, should become.
#[derive(Clone, Debug)]
pub struct Merge {
    /// Columns that tell one row from another.
    pub key: Vec<String>,
    /// Which rows of the table `rows` stand for.
    pub scope: Scope,
    /// Each key once; columns are matched by name.
    pub rows: Vec<RecordBatch>,
}

/// A part of a table.
#[derive(Clone, Debug)]
pub enum Scope {
    /// All rows.
    Whole,
    /// The rows whose `columns` have one of the values in `keys`, a column of `keys` for each. A key with a null names
    /// no row.
    Keys {
        columns: Vec<String>,
        keys: RecordBatch,
    },
    /// The same, of which the caller knows where the live rows lie: nobody looks for them elsewhere.
    KeysAt {
        columns: Vec<String>,
        keys: RecordBatch,
        place: Place,
    },
}

/// Where rows lie: what they hold in a column that the table is sorted by.
#[derive(Clone, Debug)]
pub struct Place {
    /// The column.
    pub column: String,
    /// Each of the rows has one of these in it. No nulls.
    pub values: ArrayRef,
    /// Whether some may have nothing in it instead.
    pub nulls: bool,
}

impl Table {
    /// Makes the live rows in scope exactly the given ones, as one snapshot. Rows outside the
    /// scope are not touched; if nothing differs, the snapshot holds the stamp alone.
    ///
    /// # Errors
    /// *invalid* for a key twice among the rows, a row outside the scope, or unknown columns;
    /// *data* for a null in a required column; *conflict* when somebody else changed the table
    /// since.
    pub async fn merge(&self, merge: Merge, stamp: Stamp) -> Result<Committed> {
        let wanted = Arc::new(Wanted::new(self, merge)?);
        let mut base = self.clone();
        loop {
            match base.merge_wanted(&wanted, &stamp).await {
                // Upkeep came in between: the same rows want the same, they only lie elsewhere.
                Err(error) if error.kind() == Kind::Conflict => match base.moved().await? {
                    Some(moved) => base = moved,
                    None => return Err(error),
                },
                merged => return merged,
            }
        }
    }

    async fn merge_wanted(&self, wanted: &Arc<Wanted>, stamp: &Stamp) -> Result<Committed> {
        let mut merging = Merging::begin(self).await?;
        merging.add(wanted).await?;
        merging.commit(stamp).await
    }
}
