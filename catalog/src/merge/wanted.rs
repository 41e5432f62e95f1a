//! What a merge wants the table to hold: the rows in the table's form, found by key, and what
//! their content is compared by.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::row::RowConverter;

use super::keys::{KeyTable, columns_of, converter};
use super::part::Part;
use super::scope::Covered;
use super::stretch::Stretch;
use super::{Merge, Scope};
use crate::conform::{Conform, some_columns};
use crate::{Error, Result, Table};

pub(super) struct Wanted {
    rows: Vec<RecordBatch>,
    keys: KeyTable,
    part: Option<Part>,
    content: Content,
}

impl Wanted {
    pub(super) fn new(table: &Table, merge: Merge) -> Result<Self> {
        let scope = match merge.scope {
            Scope::Whole => None,
            Scope::Keys { columns, keys } => Some(Covered::new(table, &columns, &keys)?),
            Scope::KeysAt {
                columns,
                keys,
                place,
            } => Some(Covered::new(table, &columns, &keys)?.lying_at(table, &place)?),
        };
        let part = scope.map(Part::Keys);
        let wanted = Self::of(table, &merge.key, &merge.rows, part)?;
        if let Some(Part::Keys(scope)) = &wanted.part {
            scope.check_inside(table, &wanted.rows)?;
        }
        Ok(wanted)
    }

    /// All rows of a stretch.
    pub(super) fn stretch(
        table: &Table,
        key: &[String],
        rows: &[RecordBatch],
        stretch: Stretch,
    ) -> Result<Self> {
        Self::of(table, key, rows, Some(Part::Stretch(stretch)))
    }

    fn of(table: &Table, key: &[String], rows: &[RecordBatch], part: Option<Part>) -> Result<Self> {
        let name = table.name();
        if key.is_empty() {
            return Err(Error::invalid(format!(
                "a merge into table `{name}` needs a key"
            )));
        }
        let conform = Conform::by_name(name, table.schema());
        let rows = rows.iter().map(|batch| conform.apply(batch));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let key_schema = some_columns(name, &table.schema(), key)?;
        let keys = KeyTable::new(key_schema, &rows)?;
        if keys.key_count() < keys.row_count() {
            return Err(Error::invalid(format!(
                "rows for table `{name}` hold the same key ({}) more than once",
                key.join(", ")
            )));
        }
        let content = Content::new(&table.schema(), key, &rows)?;
        Ok(Self {
            rows,
            keys,
            part,
            content,
        })
    }

    pub(super) fn rows(&self) -> &[RecordBatch] {
        &self.rows
    }

    pub(super) fn row_count(&self) -> usize {
        self.keys.row_count()
    }

    pub(super) fn keys(&self) -> &KeyTable {
        &self.keys
    }

    /// `None` covers the whole table.
    pub(super) fn part(&self) -> Option<&Part> {
        self.part.as_ref()
    }

    /// Which of these rows of the part's columns are in it.
    pub(super) fn covers(&self, rows: &RecordBatch) -> Result<BooleanArray> {
        match &self.part {
            Some(part) => part.covers(rows),
            None => Ok(BooleanArray::from(vec![true; rows.num_rows()])),
        }
    }

    pub(super) fn content(&self) -> &Content {
        &self.content
    }
}

/// The columns outside the key: what tells whether a row has changed.
pub(super) struct Content {
    schema: SchemaRef,
    converter: RowConverter,
    rows: Vec<RecordBatch>,
    /// Number of the first row of each batch.
    starts: Vec<usize>,
}

impl Content {
    fn new(schema: &SchemaRef, key: &[String], rows: &[RecordBatch]) -> Result<Self> {
        let outside = |index: &usize| !key.contains(schema.field(*index).name());
        let columns: Vec<usize> = (0..schema.fields().len()).filter(outside).collect();
        let schema: SchemaRef = Schema::new(schema.project(&columns)?.fields).into();
        let mut starts = Vec::with_capacity(rows.len());
        let mut next = 0;
        for batch in rows {
            starts.push(next);
            next += batch.num_rows();
        }
        let rows = rows.iter().map(|batch| batch.project(&columns));
        Ok(Self {
            converter: converter(&schema)?,
            schema,
            rows: rows.collect::<Result<_, _>>()?,
            starts,
        })
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether each row of `old`, which has the content columns, is the same as the wanted row of
    /// the number beside it.
    pub(super) fn same(&self, old: &RecordBatch, numbers: &[u32]) -> Result<Vec<bool>> {
        let places: Vec<_> = numbers.iter().map(|number| self.place(*number)).collect();
        let batches: Vec<&RecordBatch> = self.rows.iter().collect();
        let new = interleave_record_batch(&batches, &places)?;
        let old = self
            .converter
            .convert_columns(&columns_of(old, &self.schema)?)?;
        let new = self.converter.convert_columns(new.columns())?;
        let pairs = old.iter().zip(new.iter());
        Ok(pairs.map(|(old, new)| old == new).collect())
    }

    /// Batch and row of a wanted row.
    fn place(&self, number: u32) -> (usize, usize) {
        let number = number as usize;
        let batch = self.starts.partition_point(|start| *start <= number) - 1;
        (batch, number - self.starts[batch])
    }
}
