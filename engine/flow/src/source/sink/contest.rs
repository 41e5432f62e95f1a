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

use super::deleted::Deleted;
use super::key::KeyHasher;
use super::scan;
use crate::error::Result;
use crate::room::Room;

/// Rows whose keys were seen before, and keys that were deleted.
pub struct Contest {
    pub mode: Mode,
    pub order_by: Option<String>,
    pub hasher: KeyHasher,
    /// In the table's schema
    pub rows: RecordBatch,
    pub deleted: Deleted,
}

/// What becomes of the table's rows.
#[derive(Debug)]
pub struct Settled {
    /// Keys whose row changes, appears or goes
    pub keys: RecordBatch,
    /// Their rows afterwards
    pub rows: RecordBatch,
}

impl Contest {
    pub fn is_empty(&self) -> bool {
        self.rows.num_rows() == 0 && self.deleted.is_empty()
    }

    /// Compares the contested rows with those of the table.
    pub async fn settle(self, room: &Room<'_>, table: &Table) -> Result<Settled> {
        let contested = self.hasher.hash(&self.rows);
        let wanted: HashSet<u128> = contested.iter().chain(self.deleted.keys()).copied().collect();
        let values = self.key_values()?;
        let current = scan::rows_with_keys(room, table, &self.hasher, &wanted, &values).await?;
        let deleted = self.deleted.order_by(room, &self.hasher, &wanted).await?;
        self.winners(&current, |key| deleted.get(&key))
    }

    /// The key columns of every row and deleted key in the contest.
    fn key_values(&self) -> Result<Vec<ArrayRef>> {
        let column = |name: &String| {
            let rows = self.rows.column_by_name(name).expect("rows hold their key columns");
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
        deleted_at: impl Fn(u128) -> Option<&'d Vec<u8>>,
    ) -> Result<Settled> {
        let all = concat_batches(&self.rows.schema(), [current, &self.rows])?;
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
        Ok(Settled { keys, rows: take_record_batch(&all, &UInt32Array::from(rows))? })
    }

    /// Rows in an order that bytes have: `order_by`, then every column.
    fn rank(&self, rows: &RecordBatch) -> Result<Rows> {
        let nulls_first = self.mode != Mode::Append;
        let options = SortOptions { descending: false, nulls_first };
        let by = self.order_by.as_deref().and_then(|name| rows.column_by_name(name));
        let columns: Vec<ArrayRef> = by.into_iter().chain(rows.columns()).map(Arc::clone).collect();
        let fields = columns.iter();
        let fields = fields.map(|column| SortField::new_with_options(column.data_type().clone(), options));
        Ok(RowConverter::new(fields.collect())?.convert_columns(&columns)?)
    }
}

/// The `order_by` of rows as bytes that compare alike; nulls first.
pub fn encode_order(rows: &RecordBatch, order_by: Option<&str>) -> Result<Rows> {
    let column = order_by.and_then(|name| rows.column_by_name(name)).map(Arc::clone);
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
