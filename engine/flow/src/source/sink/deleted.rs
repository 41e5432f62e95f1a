//! Keys that a change file deleted, remembered in `raw.<contract>__deleted` with the `order_by` of
//! their last delete: so that an older version of the row, arriving later, stays deleted. A key
//! that comes back keeps its line; the newer row outweighs it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use c360_catalog::{Evolution, Merge, Scope, Table, TableDefinition};
use c360_spec::{Contract, Mode, SourceJob};
use datafusion::arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};

use super::super::manifest::Cursor;
use super::contest::encode_order;
use super::key::KeyHasher;
use super::{scan, stamp};
use crate::conform::conform;
use crate::error::Result;
use crate::report::Outcome;
use crate::room::Room;

/// The deleted keys of a source and what a run adds to them.
pub struct Deleted {
    definition: TableDefinition,
    order_by: Option<String>,
    table: Option<Table>,
    rebuild: bool,
    /// One row a key: its last delete in this run
    run: RecordBatch,
    arrived: Vec<RecordBatch>,
    keys: Vec<u128>,
}

impl Deleted {
    /// `table` is what is there, if anything; with `rebuild` the run's deletes replace it.
    pub fn new(
        job: &SourceJob,
        contract: &Contract,
        table: Option<Table>,
        rebuild: bool,
    ) -> Result<Self> {
        let definition = definition(job, contract)?;
        Ok(Self {
            run: RecordBatch::new_empty(Arc::clone(&definition.schema)),
            definition,
            order_by: job.order_by.clone(),
            table,
            rebuild: rebuild && job.mode == Mode::Cdc,
            arrived: Vec::new(),
            keys: Vec::new(),
        })
    }

    /// Takes deletes of a chunk in.
    pub fn take(&mut self, hasher: &KeyHasher, deletes: RecordBatch) {
        if deletes.num_rows() > 0 {
            self.keys.extend(hasher.hash(&deletes));
            self.arrived.push(deletes);
        }
    }

    /// Whether the run deleted nothing.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Keys that the run deleted; some may come more than once.
    pub fn keys(&self) -> impl Iterator<Item = &u128> {
        self.keys.iter()
    }

    /// A key column of the run's deletes, after [`Deleted::commit`].
    pub fn key_column(&self, name: &str) -> Option<&ArrayRef> {
        self.run.column_by_name(name)
    }

    /// Writes the run's deletes down.
    pub async fn commit(
        &mut self,
        room: &Room<'_>,
        hasher: &KeyHasher,
        outcome: &mut Outcome,
    ) -> Result<()> {
        self.run = self.last_deletes(hasher)?;
        let was_made = self
            .table
            .as_ref()
            .is_some_and(|table| table.snapshot_id().is_some());
        if self.is_empty() && !(self.rebuild && was_made) {
            return Ok(());
        }
        let table = room.warehouse.create_or_evolve(&self.definition).await?;
        let schema = table.schema();
        let run = conform(&self.run, &schema)?;
        let merge = if self.rebuild {
            Merge {
                key: table.key(),
                scope: Scope::Whole,
                rows: vec![run],
            }
        } else {
            let wanted: HashSet<u128> = self.keys.iter().copied().collect();
            let keys = hasher.keys(&run)?;
            let before =
                scan::rows_with_keys(room, &table, hasher, &wanted, keys.columns()).await?;
            let both = concat_batches(&schema, [&before, &run])?;
            let rows = vec![latest(
                &both,
                &hasher.hash(&both),
                self.order_by.as_deref(),
            )?];
            Merge {
                key: table.key(),
                scope: Scope::Keys {
                    columns: table.key(),
                    keys,
                },
                rows,
            }
        };
        let committed = table.merge(merge, stamp(room, &Cursor::default())).await?;
        outcome.wrote(&committed);
        self.table = Some(committed.table);
        Ok(())
    }

    /// The encoded `order_by` of the last delete of each of the keys that were ever deleted.
    pub async fn order_by(
        &self,
        room: &Room<'_>,
        hasher: &KeyHasher,
        keys: &HashSet<u128>,
    ) -> Result<HashMap<u128, Vec<u8>>> {
        let Some(table) = &self.table else {
            return Ok(HashMap::new());
        };
        let rows = scan::rows_with_keys(room, table, hasher, keys, &[]).await?;
        let order = encode_order(&rows, self.order_by.as_deref())?;
        let order = order.iter().map(|row| row.as_ref().to_vec());
        Ok(hasher.hash(&rows).into_iter().zip(order).collect())
    }

    fn last_deletes(&mut self, hasher: &KeyHasher) -> Result<RecordBatch> {
        let schema = &self.definition.schema;
        let arrived = self.arrived.drain(..).map(|rows| conform(&rows, schema));
        let arrived = concat_batches(schema, &arrived.collect::<Result<Vec<_>>>()?)?;
        latest(&arrived, &hasher.hash(&arrived), self.order_by.as_deref())
    }
}

/// The row with the greatest `order_by` of each key.
fn latest(rows: &RecordBatch, keys: &[u128], order_by: Option<&str>) -> Result<RecordBatch> {
    let order = encode_order(rows, order_by)?;
    let mut last: HashMap<u128, usize> = HashMap::new();
    for (row, key) in keys.iter().enumerate() {
        let best = last.entry(*key).or_insert(row);
        if order.row(row) > order.row(*best) {
            *best = row;
        }
    }
    let mut rows_kept: Vec<u32> = last.into_values().map(|row| row as u32).collect();
    rows_kept.sort_unstable();
    Ok(take_record_batch(rows, &UInt32Array::from(rows_kept))?)
}

/// The key columns and, unless it is one of them, the `order_by` column.
fn definition(job: &SourceJob, contract: &Contract) -> Result<TableDefinition> {
    let schema: SchemaRef = c360_catalog::contract_schema(contract);
    let mut fields: Vec<Field> = Vec::new();
    for name in &contract.key {
        fields.push(schema.field_with_name(name)?.clone());
    }
    if let Some(name) = job
        .order_by
        .as_ref()
        .filter(|name| !contract.key.contains(name))
    {
        fields.push(schema.field_with_name(name)?.clone().with_nullable(true));
    }
    Ok(TableDefinition {
        name: job.table().with_suffix("__deleted"),
        schema: Arc::new(Schema::new(fields)),
        key: contract.key.clone(),
        order: Vec::new(),
        comment: Some(format!(
            "keys deleted from {}, with the order of their last delete",
            job.table()
        )),
        evolution: Evolution::Widen,
    })
}
