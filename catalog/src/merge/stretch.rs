//! A stretch of a table: the rows whose value in a column lies from one on and below another. Values are compared as they
//! are sorted, nulls first.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::row::{RowConverter, Rows, SortField};
use iceberg::spec::Datum;

use crate::{Result, datum};

/// A column's values as bytes that compare as the values are sorted.
#[derive(Clone)]
pub(super) struct Sorting {
    /// The column.
    schema: SchemaRef,
    converter: Arc<RowConverter>,
}

/// A value of the column, encoded.
pub(super) type Encoded = Vec<u8>;

impl Sorting {
    /// By the one column of `schema`; none where files tell its bounds otherwise than it is sorted.
    pub(super) fn by(schema: SchemaRef) -> Result<Option<Self>> {
        let data_type = schema.field(0).data_type();
        let tells = data_type.is_integer()
            || data_type.is_string()
            || matches!(data_type, DataType::Date32 | DataType::Timestamp(..));
        if !tells {
            return Ok(None);
        }
        let converter = RowConverter::new(vec![SortField::new(data_type.clone())])?;
        Ok(Some(Self {
            converter: Arc::new(converter),
            schema,
        }))
    }

    /// The column's values in rows that have it.
    pub(super) fn encode(&self, rows: &RecordBatch) -> Result<Rows> {
        let column = rows.schema_ref().index_of(self.schema.field(0).name())?;
        let column = rows.column(column).clone();
        Ok(self.converter.convert_columns(&[column])?)
    }

    fn bound(&self, value: &Datum) -> Option<Encoded> {
        let value = datum::array(value, self.schema.field(0).data_type())?;
        let rows = self.converter.convert_columns(&[value]).ok()?;
        Some(rows.row(0).data().to_vec())
    }
}

/// The rows between two values.
pub(super) struct Stretch {
    pub(super) sorting: Sorting,
    /// From the beginning, if none.
    pub(super) from: Option<Encoded>,
    /// To the end, if none.
    pub(super) below: Option<Encoded>,
}

impl Stretch {
    /// The column, as in the table.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.sorting.schema
    }

    /// Which of these rows of the column lie in it.
    pub(super) fn covers(&self, rows: &RecordBatch) -> Result<BooleanArray> {
        let values = self.sorting.encode(rows)?;
        let lies = values.iter().map(|value| self.holds(value.data()));
        Ok(lies.map(Some).collect())
    }

    fn holds(&self, value: &[u8]) -> bool {
        let begun = self.from.as_deref().is_none_or(|from| value >= from);
        begun && self.below.as_deref().is_none_or(|below| value < below)
    }

    /// Whether rows with the given least and greatest value may lie in it. These say nothing of nulls, which come first.
    pub(super) fn may_meet(&self, bounds: Option<(Datum, Datum)>) -> bool {
        let Some((least, greatest)) = bounds else {
            return true;
        };
        let may_have_nulls = self.from.is_none() && self.schema().field(0).is_nullable();
        let ends_before = |from: &Encoded| {
            let greatest = self.sorting.bound(&greatest);
            greatest.is_some_and(|greatest| greatest < *from)
        };
        let begins_after = |below: &Encoded| {
            let least = self.sorting.bound(&least);
            least.is_some_and(|least| least >= *below)
        };
        let is_apart = self.from.as_ref().is_some_and(ends_before)
            || self.below.as_ref().is_some_and(begins_after);
        may_have_nulls || !is_apart
    }
}
