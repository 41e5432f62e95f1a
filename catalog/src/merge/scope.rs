//! The part of a table that a merge covers, as a set of keys with their least and greatest values,
//! so that files and row groups outside need not be opened.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};
use iceberg::spec::Datum;

use super::Place;
use super::keys::columns_of;
use crate::columns::field_id;
use crate::conform::{Conform, some_columns};
use crate::key_pages::{Asked, sorted};
use crate::key_set::KeySet;
use crate::{Error, Result, Table, datum};

/// The rows whose columns have one of the keys.
pub(super) struct Covered {
    schema: SchemaRef,
    keys: KeySet,
    ranges: Vec<Option<Range>>,
    /// Where they lie.
    place: Option<Asked>,
}

impl Covered {
    /// A column of `keys` for each of `columns`; their own names do not matter.
    pub(super) fn new(table: &Table, columns: &[String], keys: &RecordBatch) -> Result<Self> {
        if columns.is_empty() || keys.num_columns() != columns.len() {
            return Err(Error::invalid(format!(
                "the scope of a merge into table `{}` has {} columns and keys of {}",
                table.name(),
                columns.len(),
                keys.num_columns()
            )));
        }
        let schema = some_columns(table.name(), &table.schema(), columns)?;
        let named = columns.iter().zip(keys.columns());
        let named = named.map(|(column, array)| (column, array.clone(), true));
        let named = RecordBatch::try_from_iter_with_nullable(named)?;
        let keys = Conform::by_name(table.name(), optional(&schema)).apply(&named)?;
        let ranges = keys.columns().iter().map(Range::of);
        Ok(Self {
            ranges: ranges.collect::<Result<_>>()?,
            keys: KeySet::new(keys.columns().to_vec())?,
            schema,
            place: None,
        })
    }

    /// The same, where all live rows are known to lie at a place.
    pub(super) fn lying_at(self, table: &Table, place: &Place) -> Result<Self> {
        let columns = std::slice::from_ref(&place.column);
        let schema = some_columns(table.name(), &table.schema(), columns)?;
        let values = RecordBatch::try_from_iter([(&place.column, place.values.clone())])?;
        let values = Conform::by_name(table.name(), Arc::clone(&schema)).apply(&values)?;
        let values = KeySet::new(values.columns().to_vec())?;
        let field_id = field_id(schema.field(0));
        let sorted = sorted(&values, 0)?;
        let asked = field_id.zip(sorted);
        let asked = asked.map(|(field_id, sorted)| Asked {
            field_id,
            sorted,
            nulls: place.nulls,
        });
        Ok(Self {
            place: asked,
            ..self
        })
    }

    /// The key columns, as in the table.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(super) fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// The key columns as pages are asked about them.
    pub(super) fn asked(&self) -> Result<Vec<Asked>> {
        let mut asked: Vec<Asked> = self.place.iter().cloned().collect();
        for (column, field) in self.schema.fields().iter().enumerate() {
            if let (Some(field_id), Some(sorted)) = (field_id(field), sorted(&self.keys, column)?) {
                asked.push(Asked::keys(field_id, sorted));
            }
        }
        Ok(asked)
    }

    /// Refuses rows that the scope does not cover: they might double rows that are not looked at.
    pub(super) fn check_inside(&self, table: &Table, rows: &[RecordBatch]) -> Result<()> {
        for batch in rows {
            let inside = self.keys.contains(&columns_of(batch, &self.schema)?)?;
            if inside.true_count() < batch.num_rows() {
                let columns = self.schema.fields().iter();
                let columns: Vec<&str> = columns.map(|field| field.name().as_str()).collect();
                return Err(Error::invalid(format!(
                    "rows for table `{}` lie outside the scope of their merge ({})",
                    table.name(),
                    columns.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Whether rows with the given bounds may be covered. `bounds` gives least and greatest value
    /// of the key column at an index, where known.
    pub(super) fn may_meet(&self, bounds: impl Fn(usize) -> Option<(Datum, Datum)>) -> bool {
        if self.keys.is_empty() {
            return false;
        }
        let columns = self.ranges.iter().zip(self.schema.fields());
        let apart = |(index, (range, field)): (usize, (&Option<Range>, &Arc<Field>))| {
            let (low, high) = bounds(index)?;
            range.as_ref()?.is_apart(&low, &high, field)
        };
        !columns
            .enumerate()
            .any(|column| apart(column) == Some(true))
    }
}

/// A scope may name rows that cannot be, so a null among its keys is no error.
fn optional(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter();
    let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
    Schema::new(fields.collect::<Vec<_>>()).into()
}

/// Least and greatest value of a column, encoded.
struct Range {
    converter: RowConverter,
    low: Vec<u8>,
    high: Vec<u8>,
}

impl Range {
    /// `None` for a column with nulls: bounds do not tell of nulls.
    fn of(column: &ArrayRef) -> Result<Option<Self>> {
        if column.null_count() > 0 {
            return Ok(None);
        }
        let field = SortField::new(column.data_type().clone());
        let converter = RowConverter::new(vec![field])?;
        let rows = converter.convert_columns(std::slice::from_ref(column))?;
        let (Some(low), Some(high)) = (rows.iter().min(), rows.iter().max()) else {
            return Ok(None);
        };
        let (low, high) = (low.data().to_vec(), high.data().to_vec());
        Ok(Some(Self {
            converter,
            low,
            high,
        }))
    }

    /// Whether no value lies within the bounds; `None` where that cannot be told.
    fn is_apart(&self, low: &Datum, high: &Datum, field: &Field) -> Option<bool> {
        let (low, high) = (self.encode(low, field)?, self.encode(high, field)?);
        Some(high < self.low || low > self.high)
    }

    fn encode(&self, value: &Datum, field: &Field) -> Option<Vec<u8>> {
        let value = datum::array(value, field.data_type())?;
        let rows = self.converter.convert_columns(&[value]).ok()?;
        Some(rows.row(0).data().to_vec())
    }
}
