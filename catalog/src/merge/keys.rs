//! The rows that a merge wants, found by key, and the scope that it covers. Keys are compared as
//! order-preserving byte strings (arrow-row), in the types of the table.

use std::hash::BuildHasher;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::row::{RowConverter, Rows, SortField};
use hashbrown::{DefaultHashBuilder, HashTable};
use iceberg::spec::Datum;

use super::{Merge, Scope};
use crate::conform::{Conform, some_columns};
use crate::{Error, Result, Table};

/// What a merge wants the table to hold.
pub(super) struct Wanted {
    rows: Vec<RecordBatch>,
    /// Number of the first row of each batch.
    starts: Vec<usize>,
    key: KeyTable,
    scope: Option<KeyTable>,
    /// The columns outside the key: what tells whether a row has changed.
    content: SchemaRef,
    content_converter: RowConverter,
}

impl Wanted {
    pub(super) fn new(table: &Table, merge: Merge) -> Result<Self> {
        if merge.key.is_empty() {
            return Err(Error::invalid(format!(
                "a merge into table `{}` needs a key",
                table.name()
            )));
        }
        let conform = Conform::by_name(table.name(), table.schema());
        let rows = merge.rows.iter().map(|batch| conform.apply(batch));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let key_schema = some_columns(table.name(), &table.schema(), &merge.key)?;
        let key = KeyTable::new(key_schema, &rows)?;
        if key.len() < key.rows.num_rows() {
            return Err(Error::invalid(format!(
                "rows for table `{}` hold the same key ({}) more than once",
                table.name(),
                merge.key.join(", ")
            )));
        }
        let scope = match merge.scope {
            Scope::Whole => None,
            Scope::Keys { columns, keys } => Some(scope_table(table, &columns, &keys)?),
        };
        if let Some(scope) = &scope {
            check_inside(table, scope, &rows)?;
        }
        let starts = starts(&rows);
        let content = content_schema(&table.schema(), &merge.key);
        Ok(Self {
            rows,
            starts,
            key,
            scope,
            content_converter: converter(&content)?,
            content,
        })
    }

    pub(super) fn rows(&self) -> &[RecordBatch] {
        &self.rows
    }

    pub(super) fn row_count(&self) -> usize {
        self.key.rows.num_rows()
    }

    pub(super) fn key(&self) -> &KeyTable {
        &self.key
    }

    /// `None` covers the whole table.
    pub(super) fn scope(&self) -> Option<&KeyTable> {
        self.scope.as_ref()
    }

    pub(super) fn content(&self) -> &SchemaRef {
        &self.content
    }

    /// For each row of `old` (with the content columns), whether the wanted row of the number
    /// beside it has the same content.
    pub(super) fn same(&self, old: &RecordBatch, numbers: &[u32]) -> Result<Vec<bool>> {
        let places: Vec<_> = numbers
            .iter()
            .map(|number| self.place(*number as usize))
            .collect();
        let batches: Vec<&RecordBatch> = self.rows.iter().collect();
        let new = interleave_record_batch(&batches, &places)?;
        let old = self.content_converter.convert_columns(old.columns())?;
        let new = self
            .content_converter
            .convert_columns(&columns_of(&new, &self.content)?)?;
        Ok(old
            .iter()
            .zip(new.iter())
            .map(|(old, new)| old == new)
            .collect())
    }

    fn place(&self, number: usize) -> (usize, usize) {
        let batch = self.starts.partition_point(|start| *start <= number) - 1;
        (batch, number - self.starts[batch])
    }
}

fn starts(rows: &[RecordBatch]) -> Vec<usize> {
    let mut next = 0;
    let starts = rows.iter().map(|batch| {
        let start = next;
        next += batch.num_rows();
        start
    });
    starts.collect()
}

fn content_schema(schema: &SchemaRef, key: &[String]) -> SchemaRef {
    let fields = schema.fields().iter();
    let content = fields.filter(|field| !key.contains(field.name())).cloned();
    Schema::new(content.collect::<Vec<_>>()).into()
}

/// The scope's keys in the table's types; their own column names do not matter.
fn scope_table(table: &Table, columns: &[String], keys: &RecordBatch) -> Result<KeyTable> {
    let schema = some_columns(table.name(), &table.schema(), columns)?;
    if columns.is_empty() || keys.num_columns() != columns.len() {
        return Err(Error::invalid(format!(
            "the scope of a merge into table `{}` has {} columns and keys of {}",
            table.name(),
            columns.len(),
            keys.num_columns()
        )));
    }
    let named = columns.iter().zip(keys.columns());
    let named = RecordBatch::try_from_iter_with_nullable(
        named.map(|(column, array)| (column, array.clone(), true)),
    )?;
    // A scope may name rows that cannot be, so nulls are no error here.
    let fields = schema.fields().iter();
    let optional = fields.map(|field| field.as_ref().clone().with_nullable(true));
    let optional = Schema::new(optional.collect::<Vec<_>>()).into();
    let keys = Conform::by_name(table.name(), optional).apply(&named)?;
    KeyTable::new(schema, &[keys])
}

fn check_inside(table: &Table, scope: &KeyTable, rows: &[RecordBatch]) -> Result<()> {
    for batch in rows {
        let keys = scope.encode(&columns_of(batch, &scope.schema)?)?;
        if keys.iter().any(|key| scope.find(key.data()).is_none()) {
            return Err(Error::invalid(format!(
                "rows for table `{}` lie outside the scope of their merge ({})",
                table.name(),
                names(&scope.schema).join(", ")
            )));
        }
    }
    Ok(())
}

fn names(schema: &Schema) -> Vec<&str> {
    schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect()
}

fn columns_of(batch: &RecordBatch, schema: &Schema) -> Result<Vec<ArrayRef>> {
    let columns = schema.fields().iter().map(|field| {
        let index = batch.schema_ref().index_of(field.name())?;
        Ok(batch.column(index).clone())
    });
    columns.collect()
}

fn converter(schema: &Schema) -> Result<RowConverter> {
    let fields = schema
        .fields()
        .iter()
        .map(|field| SortField::new(field.data_type().clone()));
    Ok(RowConverter::new(fields.collect())?)
}

/// Keys, each with the number of the row that has it.
pub(super) struct KeyTable {
    schema: SchemaRef,
    converter: RowConverter,
    rows: Rows,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    ranges: Vec<Option<Range>>,
}

/// Least and greatest value of one key column, encoded alone.
struct Range {
    converter: RowConverter,
    low: Vec<u8>,
    high: Vec<u8>,
}

impl KeyTable {
    fn new(schema: SchemaRef, batches: &[RecordBatch]) -> Result<Self> {
        let converter = converter(&schema)?;
        let count = batches.iter().map(RecordBatch::num_rows).sum();
        if u32::try_from(count).is_err() {
            return Err(Error::invalid("a merge takes at most four billion rows"));
        }
        let mut rows = converter.empty_rows(count, 0);
        for batch in batches {
            converter.append(&mut rows, &columns_of(batch, &schema)?)?;
        }
        let mut table = Self {
            ranges: ranges(&schema, batches)?,
            schema,
            converter,
            rows,
            numbers: HashTable::with_capacity(count),
            hasher: DefaultHashBuilder::default(),
        };
        table.index();
        Ok(table)
    }

    /// Enters each key once, with the first row that has it.
    fn index(&mut self) {
        let Self {
            rows,
            numbers,
            hasher,
            ..
        } = self;
        for (number, row) in rows.iter().enumerate() {
            let hash = hasher.hash_one(row.data());
            let same = |other: &u32| rows.row(*other as usize).data() == row.data();
            let rehash = |other: &u32| hasher.hash_one(rows.row(*other as usize).data());
            if numbers.find(hash, same).is_none() {
                numbers.insert_unique(hash, number as u32, rehash);
            }
        }
    }

    /// Number of different keys.
    fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Encodes keys, a column for each of the schema's.
    pub(super) fn encode(&self, columns: &[ArrayRef]) -> Result<Rows> {
        Ok(self.converter.convert_columns(columns)?)
    }

    /// The number of the row with an encoded key.
    pub(super) fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        let same = |number: &u32| self.rows.row(*number as usize).data() == key;
        self.numbers.find(hash, same).copied()
    }

    /// Whether rows with the given bounds may have one of the keys. `bounds` gives least and
    /// greatest value of the key column at an index, where known.
    pub(super) fn may_meet(&self, bounds: impl Fn(usize) -> Option<(Datum, Datum)>) -> bool {
        if self.numbers.is_empty() {
            return false;
        }
        let columns = self.ranges.iter().zip(self.schema.fields()).enumerate();
        for (index, (range, field)) in columns {
            let (Some(range), Some((low, high))) = (range, bounds(index)) else {
                continue;
            };
            let encode = |datum| range.encode(crate::datum::array(datum, field.data_type())?);
            let (Some(low), Some(high)) = (encode(&low), encode(&high)) else {
                continue;
            };
            if high < range.low || low > range.high {
                return false;
            }
        }
        true
    }
}

impl Range {
    fn encode(&self, value: ArrayRef) -> Option<Vec<u8>> {
        let rows = self.converter.convert_columns(&[value]).ok()?;
        Some(rows.row(0).data().to_vec())
    }
}

/// The range of each key column; `None` where a key is null, for bounds do not tell of nulls.
fn ranges(schema: &Schema, batches: &[RecordBatch]) -> Result<Vec<Option<Range>>> {
    let fields = schema.fields().iter();
    fields
        .map(|field| {
            let mut range: Option<Range> = None;
            for batch in batches {
                let column = batch.column(batch.schema_ref().index_of(field.name())?);
                if column.null_count() > 0 {
                    return Ok(None);
                }
                range = widened(range, column)?;
            }
            Ok(range)
        })
        .collect()
}

fn widened(range: Option<Range>, column: &ArrayRef) -> Result<Option<Range>> {
    let converter = match &range {
        Some(_) => None,
        None => Some(RowConverter::new(vec![SortField::new(
            column.data_type().clone(),
        )])?),
    };
    let rows = match (&range, &converter) {
        (Some(range), _) => range.converter.convert_columns(&[column.clone()])?,
        (None, Some(converter)) => converter.convert_columns(&[column.clone()])?,
        (None, None) => return Ok(None),
    };
    let (Some(low), Some(high)) = (rows.iter().min(), rows.iter().max()) else {
        return Ok(range);
    };
    let (low, high) = (low.data().to_vec(), high.data().to_vec());
    Ok(match (range, converter) {
        (Some(range), _) => Some(Range {
            low: range.low.min(low),
            high: range.high.max(high),
            ..range
        }),
        (None, Some(converter)) => Some(Range {
            converter,
            low,
            high,
        }),
        (None, None) => None,
    })
}
