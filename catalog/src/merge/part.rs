//! The part of a table that the rows of a merge stand for, where that is not all of it.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use iceberg::spec::Datum;

use super::scope::Covered;
use super::stretch::Stretch;
use crate::key_pages::Asked;
use crate::{KeySet, Result};

pub(super) enum Part {
    Keys(Covered),
    Stretch(Stretch),
}

impl Part {
    /// The columns that tell whether a row is in it, as in the table.
    pub(super) fn schema(&self) -> &SchemaRef {
        match self {
            Self::Keys(covered) => covered.schema(),
            Self::Stretch(stretch) => stretch.schema(),
        }
    }

    /// What pages are asked about. A stretch is told by the bounds of row groups.
    pub(super) fn asked(&self) -> Result<Vec<Asked>> {
        match self {
            Self::Keys(covered) => covered.asked(),
            Self::Stretch(_) => Ok(Vec::new()),
        }
    }

    /// Which of these rows of [`Self::schema`] are in it.
    pub(super) fn covers(&self, rows: &RecordBatch) -> Result<BooleanArray> {
        match self {
            Self::Keys(covered) => covered.keys().contains(rows.columns()),
            Self::Stretch(stretch) => stretch.covers(rows),
        }
    }

    /// A column of [`Self::schema`] by which most rows outside are told, with the values that rows inside have there.
    pub(super) fn first(&self) -> Result<Option<(usize, KeySet)>> {
        match self {
            Self::Keys(covered) => covered.keys().first(),
            Self::Stretch(_) => Ok(None),
        }
    }

    /// Whether rows with the given bounds may be in it. `bounds` gives least and greatest value of the column at an
    /// index, where known.
    pub(super) fn may_meet(&self, bounds: impl Fn(usize) -> Option<(Datum, Datum)>) -> bool {
        match self {
            Self::Keys(covered) => covered.may_meet(bounds),
            Self::Stretch(stretch) => stretch.may_meet(bounds(0)),
        }
    }
}
