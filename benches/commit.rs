//! How long a commit takes: 10,000 changed rows merged into a table of a million, by key and by comparing all rows,
//! and an append of as many.
//!
//! The table has thirty columns like those of a published Customer 360. `C360_BENCH_ROWS` asks for another size.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use c360_catalog::{
    Evolution, Merge, Scope, Stamp, Table, TableDefinition, Warehouse, WarehouseConfig,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const CHANGED: i64 = 10_000;
const TEXTS: usize = 10;
const NUMBERS: usize = 10;
const MONEY: usize = 9;

fn schema() -> SchemaRef {
    let mut fields = vec![Field::new("person_id", DataType::Utf8, false)];
    fields.extend((0..TEXTS).map(|n| Field::new(format!("text_{n}"), DataType::Utf8, true)));
    fields.extend((0..NUMBERS).map(|n| Field::new(format!("number_{n}"), DataType::Int64, true)));
    fields.extend(
        (0..MONEY).map(|n| Field::new(format!("money_{n}"), DataType::Decimal128(18, 3), true)),
    );
    Arc::new(Schema::new(fields))
}

/// One row a person; a person's version changes every value but the key.
fn rows(
    persons: impl Iterator<Item = i64> + Clone,
    version: impl Fn(i64) -> i64 + Copy,
) -> RecordBatch {
    let ids = persons
        .clone()
        .map(|person| format!("P{:024}", person * 7_919 % 1_000_000_007));
    let mut columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from_iter_values(ids))];
    for n in 0..TEXTS as i64 {
        let texts = persons
            .clone()
            .map(|person| format!("value {}", (person * (n + 3) + version(person)) % 5_000));
        columns.push(Arc::new(StringArray::from_iter_values(texts)));
    }
    for n in 0..NUMBERS as i64 {
        columns.push(Arc::new(Int64Array::from_iter_values(
            persons.clone().map(|person| person * n + version(person)),
        )));
    }
    for n in 0..MONEY as i64 {
        let mills = persons
            .clone()
            .map(|person| i128::from((person * 31 + n * version(person)) % 9_999_999));
        let money = Decimal128Array::from_iter_values(mills).with_precision_and_scale(18, 3);
        columns.push(Arc::new(money.expect("18 digits, 3 places")));
    }
    RecordBatch::try_new(schema(), columns).expect("columns of the schema")
}

fn stamp() -> Stamp {
    Stamp {
        run_id: "bench".into(),
        job: "bench".into(),
        spec_hash: "0".into(),
        inputs: "{}".into(),
        extra: BTreeMap::new(),
    }
}

async fn table(folder: &TempDir, size: i64) -> Table {
    let location = folder.path().display().to_string();
    let catalog_uri = format!("sqlite:{location}/catalog.db");
    let warehouse = Warehouse::open(WarehouseConfig {
        location,
        catalog_uri,
        s3: None,
    })
    .await
    .expect("a warehouse");
    let definition = TableDefinition {
        name: "publish.customer360".parse().expect("a name"),
        schema: schema(),
        key: vec!["person_id".into()],
        comment: None,
        order: vec![],
        evolution: Evolution::Widen,
    };
    let table = warehouse
        .create_or_evolve(&definition)
        .await
        .expect("a table");
    let mut appender = table.appender();
    for start in (0..size).step_by(50_000) {
        appender
            .write(rows(start..(start + 50_000).min(size), |_| 0))
            .await
            .expect("rows");
    }
    appender.commit(stamp()).await.expect("a commit").table
}

/// One person in so many changes.
fn step(size: i64) -> i64 {
    (size / CHANGED).max(1)
}

fn changed(size: i64, version: i64) -> Merge {
    let batch = rows((0..size).step_by(step(size) as usize), |_| version);
    let keys = batch.project(&[0]).expect("the key");
    Merge {
        key: vec!["person_id".into()],
        scope: Scope::Keys {
            columns: vec!["person_id".into()],
            keys,
        },
        rows: vec![batch],
    }
}

/// Every row of the table, of which those that [`changed`] names have new values.
fn everything(size: i64, version: i64) -> Merge {
    let version = |person| if person % step(size) == 0 { version } else { 0 };
    let batches = (0..size).step_by(50_000);
    Merge {
        key: vec!["person_id".into()],
        scope: Scope::Whole,
        rows: batches
            .map(|start| rows(start..(start + 50_000).min(size), version))
            .collect(),
    }
}

/// A merge into a table of so many rows, with values of that version.
type MakeMerge = fn(i64, i64) -> Merge;

fn commits(criterion: &mut Criterion) {
    let size = std::env::var("C360_BENCH_ROWS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let filled = runtime.block_on(table(&folder, size));
    let mut group = criterion.benchmark_group("commit");
    group.sample_size(10);
    let mut version = 0;
    // Each merge starts from the same snapshot's content: the race for the pointer is won by reloading first.
    let merges: [(&str, MakeMerge); 2] = [
        ("merge 10,000 changed rows of 1,000,000", changed),
        ("merge all 1,000,000 rows, 10,000 changed", everything),
    ];
    for (name, merge) in merges {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || {
                    version += 1;
                    let newest = runtime.block_on(filled.reload()).expect("the table");
                    (newest, merge(size, version))
                },
                |(table, merge)| {
                    runtime
                        .block_on(table.merge(merge, stamp()))
                        .expect("a commit")
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.bench_function("append 10,000 rows", |bencher| {
        bencher.iter_batched(
            || {
                (
                    runtime.block_on(filled.reload()).expect("the table"),
                    rows(size..size + CHANGED, |_| 0),
                )
            },
            |(table, batch)| {
                runtime.block_on(async {
                    let mut appender = table.appender();
                    appender.write(batch).await.expect("rows");
                    appender.commit(stamp()).await.expect("a commit")
                })
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, commits);
criterion_main!(benches);
