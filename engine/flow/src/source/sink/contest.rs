//! Which version of a key is the table's. A pure comparison of rows, so that any order in which
//! they come gives the same winner:
//!
//! - append: the least `order_by`, then the least row;
//! - upsert, cdc: the greatest `order_by`, then the greatest row;
//! - cdc: none at all when the key was deleted at or after the winner's `order_by`.
//!
//! A missing `order_by` loses against any other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use c360_catalog::Table;
use c360_spec::Mode;
use datafusion::arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{SortOptions, cast, concat, concat_batches, take_record_batch};
use datafusion::arrow::row::{RowConverter, Rows, SortField};

use super::contested::Part;
use super::deleted::Deleted;
use super::key::KeyHasher;
use super::scan;
use crate::error::Result;
use crate::room::Room;

/// How contested rows and deletes are settled.
pub struct Contest<'a> {
    pub mode: Mode,
    pub order_by: Option<String>,
    pub hasher: &'a KeyHasher,
    pub deleted: &'a Deleted,
}

/// What becomes of the table's rows.
#[derive(Debug)]
pub struct Settled {
    /// Keys whose row changes, appears or goes
    pub keys: RecordBatch,
    /// Their rows afterwards
    pub rows: RecordBatch,
}

impl Contest<'_> {
    /// Compares the contested rows of a part, and its deletes, with the rows of the table.
    pub async fn settle(&self, room: &Room<'_>, table: &Table, part: Part) -> Result<Settled> {
        let deletes: Vec<u128> = self
            .deleted
            .keys()
            .filter(|key| part.holds(**key))
            .copied()
            .collect();
        let contested = part.load()?;
        let wanted: HashSet<u128> = self
            .hasher
            .hash(&contested)
            .into_iter()
            .chain(deletes)
            .collect();
        let values = self.key_values(&contested)?;
        let current = scan::rows_with_keys(room, table, self.hasher, &wanted, &values).await?;
        let deleted = self.deleted.order_by(room, self.hasher, &wanted).await?;
        self.winners(&current, &contested, |key| deleted.get(&key))
    }

    /// The key columns of the contested rows and of every deleted key.
    fn key_values(&self, contested: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let column = |name: &String| {
            let rows = contested
                .column_by_name(name)
                .expect("rows hold their key columns");
            match self.deleted.key_column(name) {
                Some(deleted) => Ok(concat(&[rows, &cast(deleted, rows.data_type())?])?),
                None => Ok(Arc::clone(rows)),
            }
        };
        self.hasher.names().iter().map(column).collect()
    }

    /// `deleted_at` gives the encoded `order_by` of a key's last delete.
    fn winners<'d>(
        &self,
        current: &RecordBatch,
        contested: &RecordBatch,
        deleted_at: impl Fn(u128) -> Option<&'d Vec<u8>>,
    ) -> Result<Settled> {
        let all = concat_batches(&contested.schema(), [current, contested])?;
        let rank = self.rank(&all)?;
        let order = encode_order(&all, self.order_by.as_deref())?;
        let is_better = |row: usize, than: usize| match self.mode {
            Mode::Append => rank.row(row) < rank.row(than),
            Mode::Upsert | Mode::Cdc => rank.row(row) > rank.row(than),
        };
        let mut best: HashMap<u128, usize> = HashMap::new();
        let mut is_current: HashSet<u128> = HashSet::new();
        for (row, key) in self.hasher.hash(&all).into_iter().enumerate() {
            if row < current.num_rows() {
                is_current.insert(key);
            }
            let winner = best.entry(key).or_insert(row);
            if is_better(row, *winner) {
                *winner = row;
            }
        }
        let mut keys = Vec::new();
        let mut rows = Vec::new();
        for (key, row) in best {
            let gone = deleted_at(key).is_some_and(|at| order.row(row).as_ref() <= at.as_slice());
            if !gone && row >= current.num_rows() {
                rows.push(row as u32);
            }
            if gone && is_current.contains(&key) || !gone && row >= current.num_rows() {
                keys.push(row as u32);
            }
        }
        rows.sort_unstable();
        keys.sort_unstable();
        let keys = take_record_batch(&self.hasher.keys(&all)?, &UInt32Array::from(keys))?;
        Ok(Settled {
            keys,
            rows: take_record_batch(&all, &UInt32Array::from(rows))?,
        })
    }

    /// Rows in an order that bytes have: `order_by`, then every column.
    fn rank(&self, rows: &RecordBatch) -> Result<Rows> {
        let nulls_first = self.mode != Mode::Append;
        let options = SortOptions {
            descending: false,
            nulls_first,
        };
        let by = self
            .order_by
            .as_deref()
            .and_then(|name| rows.column_by_name(name));
        let columns: Vec<ArrayRef> = by
            .into_iter()
            .chain(rows.columns())
            .map(Arc::clone)
            .collect();
        let fields = columns.iter();
        let fields =
            fields.map(|column| SortField::new_with_options(column.data_type().clone(), options));
        Ok(RowConverter::new(fields.collect())?.convert_columns(&columns)?)
    }
}

/// The `order_by` of rows as bytes that compare alike; nulls first.
pub fn encode_order(rows: &RecordBatch, order_by: Option<&str>) -> Result<Rows> {
    let column = order_by
        .and_then(|name| rows.column_by_name(name))
        .map(Arc::clone);
    let column: ArrayRef = match column {
        Some(column) => column,
        None => datafusion::arrow::array::new_null_array(
            &datafusion::arrow::datatypes::DataType::Boolean,
            rows.num_rows(),
        ),
    };
    let field = SortField::new(column.data_type().clone());
    Ok(RowConverter::new(vec![field])?.convert_columns(&[column])?)
}
