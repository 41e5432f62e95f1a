//! Many writers at once, each with a lake that it opened for itself: what one was told is committed is there once,
//! and nothing else is.

use std::collections::BTreeMap;
use std::time::Instant;

use c360_catalog::{Kind, Table, Warehouse};
use c360_spec::TableName;

use super::lakes::Lake;
use super::on_every_lake;
use super::rows::*;
use crate::asked::writing_time;

const COLUMNS: &str = "id long, name string, amount decimal";
const WRITERS: u64 = 8;
/// No two writers have rows of one name.
const ROWS_EACH: u64 = 1000;

on_every_lake! {
    eight_writers_lose_and_double_nothing,
}

async fn eight_writers_lose_and_double_nothing(lake: &Lake) {
    let end = Instant::now() + writing_time();
    let warehouse = lake.open().await;
    let name = lake.name("orders");
    let definition = lake.definition("orders", COLUMNS);
    warehouse
        .create_or_evolve(&definition)
        .await
        .expect("created");
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let writer = Writer {
            number,
            warehouse: lake.open().await,
            name: name.clone(),
            rows: BTreeMap::new(),
            conflicts: 0,
        };
        writers.push(tokio::spawn(writer.write_until(end)));
    }
    let mut expected = Vec::new();
    let (mut commits, mut conflicts) = (0, 0);
    for writer in writers {
        let (writer, committed) = writer.await.expect("no panic");
        commits += committed;
        conflicts += writer.conflicts;
        let rows = writer.rows.iter();
        expected.extend(rows.map(|(id, amount)| format!("{id},Row,{amount}.00")));
    }
    expected.sort();
    eprintln!(
        "{commits} commits, {conflicts} conflicts, {} rows",
        expected.len()
    );
    let table = warehouse.table(&name).await.expect("asked").expect("there");
    assert_eq!(lines(&table).await, expected);
    assert_eq!(table.row_count(), expected.len() as u64);
    assert!(commits > WRITERS, "{commits} commits");
    // One snapshot a commit: no commit was done twice, none was forgotten.
    assert_eq!(table.snapshots().len() as u64, commits);
}

struct Writer {
    number: u64,
    warehouse: Warehouse,
    name: TableName,
    /// What the table should hold of this writer.
    rows: BTreeMap<u64, u64>,
    conflicts: u64,
}

impl Writer {
    /// Returns how many commits went through.
    async fn write_until(mut self, end: Instant) -> (Self, u64) {
        let mut commits = 0;
        while Instant::now() < end {
            commits += u64::from(self.write(commits).await);
        }
        (self, commits)
    }

    /// Adds a row, and now and then changes or deletes one; false where somebody else was first.
    async fn write(&mut self, turn: u64) -> bool {
        let table = self.warehouse.table(&self.name).await.expect("asked");
        let table = table.expect("there");
        let id = self.number * ROWS_EACH + turn % ROWS_EACH;
        let earlier = self.number * ROWS_EACH + turn / 2 % ROWS_EACH;
        let (id, amount) = match turn % 3 {
            0 => (id, Some(turn)),
            1 => (earlier, Some(turn)),
            _ => (earlier, None),
        };
        match put(&table, id, amount).await {
            Ok(()) => {
                match amount {
                    Some(amount) => self.rows.insert(id, amount),
                    None => self.rows.remove(&id),
                };
                true
            }
            Err(error) => {
                assert_eq!(error.kind(), Kind::Conflict, "{error}");
                self.conflicts += 1;
                false
            }
        }
    }
}

/// The row of this id has this amount, or is not there.
async fn put(table: &Table, id: u64, amount: Option<u64>) -> c360_catalog::Result<()> {
    let row = amount.map(|amount| format!("{id},Row,{amount}.00"));
    let row: Vec<&str> = row.iter().map(String::as_str).collect();
    let id = scope("id", rows("id long", &[&id.to_string()]));
    try_merge(table, id, rows(COLUMNS, &row)).await.map(|_| ())
}
