//! How long commits take and how much they write. By hand:
//! `cargo test --release --test it scale -- --ignored --nocapture`

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use c360_catalog::{Merge, Scope, TableDefinition};

use super::lakes::{Lake, files_below};
use super::rows::*;

const ROWS: i64 = 1_000_000;
const CHANGED: i64 = 10_000;

/// A scattered but fixed key for each number.
fn person(number: i64) -> String {
    format!(
        "{:016x}",
        (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    )
}

fn profiles(numbers: &[i64], revision: i64) -> RecordBatch {
    let texts = |f: &dyn Fn(i64) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(numbers.iter().map(|n| f(*n))))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("person_id", texts(&person)),
        ("first_name", texts(&|n| format!("First{}", n % 5000))),
        ("last_name", texts(&|n| format!("Last{}", n % 20_000))),
        (
            "email",
            texts(&|n| format!("person{n}@mail{}.example", n % 50)),
        ),
        ("suburb", texts(&|n| format!("Suburb {}", n % 3000))),
        (
            "orders",
            Arc::new(Int64Array::from_iter_values(
                numbers.iter().map(|n| n % 40 + revision),
            )),
        ),
        (
            "spent",
            Arc::new(Float64Array::from_iter_values(
                numbers.iter().map(|n| (n % 9973) as f64 * 1.37),
            )),
        ),
        ("segment", texts(&|n| format!("segment {}", n % 7))),
    ];
    RecordBatch::try_from_iter(columns).expect("rows")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn a_hundredth_of_a_million_rows_changes() {
    let lake = Lake::local();
    let warehouse = lake.open().await;
    let all: Vec<i64> = (0..ROWS).collect();
    let definition = TableDefinition {
        name: lake.name("profiles"),
        schema: profiles(&[], 0).schema(),
        key: vec!["person_id".to_owned()],
        comment: None,
    };
    let table = warehouse
        .create_or_evolve(&definition)
        .await
        .expect("created");
    let batches: Vec<RecordBatch> = all
        .chunks(64 << 10)
        .map(|chunk| profiles(chunk, 0))
        .collect();
    let start = Instant::now();
    let mut appender = table.appender();
    for batch in batches.clone() {
        appender.write(batch).await.expect("rows that fit");
    }
    let done = appender.commit(stamp("append")).await.expect("committed");
    println!(
        "append of {ROWS} rows: {:?}, {} bytes",
        start.elapsed(),
        done.bytes_written
    );

    let changed: Vec<i64> = (0..CHANGED).map(|n| n * (ROWS / CHANGED)).collect();
    let mut table = done.table;
    for revision in 1..=3 {
        let merge = Merge {
            key: table.key(),
            scope: scope(
                "person_id",
                profiles(&changed, 0).project(&[0]).expect("a column"),
            ),
            rows: vec![profiles(&changed, revision)],
        };
        let before = folder_bytes(&lake);
        let start = Instant::now();
        let done = table.merge(merge, stamp("merge")).await.expect("merged");
        let elapsed = start.elapsed();
        check_counts(&done, (0, CHANGED as u64, 0));
        println!(
            "merge of {CHANGED} rows: {elapsed:?}, {} bytes on disk",
            folder_bytes(&lake) - before
        );
        table = done.table;
    }
    let start = Instant::now();
    let merge = Merge {
        key: table.key(),
        scope: Scope::Whole,
        rows: batches,
    };
    let done = table.merge(merge, stamp("merge")).await.expect("merged");
    check_counts(&done, (0, CHANGED as u64, 0));
    println!(
        "merge of the whole table, {CHANGED} rows differ: {:?}",
        start.elapsed()
    );
}

fn folder_bytes(lake: &Lake) -> u64 {
    let files = files_below(lake.folder());
    let sizes = files
        .iter()
        .map(|file| file.metadata().expect("there").len());
    sizes.sum()
}
