//! Rows and tables as text.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::util::display::array_value_to_string;
use c360_catalog::{Committed, Merge, Scope, Stamp, Table};
use datafusion::catalog::TableProvider;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{SessionConfig, SessionContext};

/// A schema from a text like `id long, name string`.
pub fn schema(columns: &str) -> SchemaRef {
    let fields = columns.split(',').map(|column| {
        let (name, data_type) = column.trim().split_once(' ').expect("a name and a type");
        Field::new(name, data_type_of(data_type), true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn data_type_of(text: &str) -> DataType {
    match text {
        "int" => DataType::Int32,
        "long" => DataType::Int64,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "string" => DataType::Utf8,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "decimal" => DataType::Decimal128(12, 2),
        other => panic!("no type {other} in tests"),
    }
}

/// Rows from lines of comma-separated values; nothing between commas is null.
pub fn rows(columns: &str, lines: &[&str]) -> RecordBatch {
    let schema = schema(columns);
    let text = lines.join("\n");
    let reader = ReaderBuilder::new(Arc::clone(&schema))
        .build(Cursor::new(text))
        .expect("a reader");
    let batches: Vec<_> = reader
        .collect::<Result<_, _>>()
        .expect("rows of the schema");
    arrow::compute::concat_batches(&schema, &batches).expect("one schema")
}

pub fn stamp(job: &str) -> Stamp {
    Stamp {
        run_id: "run-1".to_owned(),
        job: job.to_owned(),
        spec_hash: "0123456789abcdef".to_owned(),
        inputs: "{}".to_owned(),
        extra: BTreeMap::from([("note".to_owned(), job.to_owned())]),
    }
}

pub async fn append(table: &Table, batch: RecordBatch) -> Committed {
    let mut appender = table.appender();
    appender.write(batch).await.expect("rows that fit");
    appender.commit(stamp("append")).await.expect("committed")
}

pub async fn merge(table: &Table, scope: Scope, batch: RecordBatch) -> Committed {
    try_merge(table, scope, batch).await.expect("merged")
}

pub async fn try_merge(
    table: &Table,
    scope: Scope,
    batch: RecordBatch,
) -> c360_catalog::Result<Committed> {
    let merge = Merge {
        key: table.key(),
        scope,
        rows: vec![batch],
    };
    table.merge(merge, stamp("merge")).await
}

/// The rows whose `column` has one of the values.
pub fn scope(column: &str, values: RecordBatch) -> Scope {
    Scope::Keys {
        columns: vec![column.to_owned()],
        keys: values,
    }
}

pub fn stream(batches: Vec<RecordBatch>, schema: SchemaRef) -> SendableRecordBatchStream {
    let batches = futures::stream::iter(batches.into_iter().map(Ok));
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

/// The table's rows, sorted, as comma-separated values.
pub async fn lines(table: &Table) -> Vec<String> {
    lines_in(table.provider().await.expect("a provider"), table).await
}

/// The same of rows that are read from the table's stores.
pub async fn lines_in(provider: Arc<dyn TableProvider>, table: &Table) -> Vec<String> {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
    table.stores().register_all(&context.runtime_env());
    context.register_table("t", provider).expect("a new name");
    let query = context.sql("SELECT * FROM t").await.expect("a query");
    let batches = query.collect().await.expect("rows");
    let mut lines: Vec<String> = batches.iter().flat_map(lines_of).collect();
    lines.sort();
    lines
}

fn lines_of(batch: &RecordBatch) -> Vec<String> {
    let line = |row| {
        let values = batch
            .columns()
            .iter()
            .map(|column| array_value_to_string(column, row));
        values
            .map(|value| value.expect("a value"))
            .collect::<Vec<_>>()
            .join(",")
    };
    (0..batch.num_rows()).map(line).collect()
}

/// Checks what the table holds and that it knows how much it is.
pub async fn check(table: &Table, expected: &[&str]) {
    assert_eq!(lines(table).await, expected, "rows of {}", table.name());
    assert_eq!(
        table.row_count(),
        expected.len() as u64,
        "row count of {}",
        table.name()
    );
}

/// Checks how many rows a commit says it changed: inserted, updated, deleted.
pub fn check_counts(committed: &Committed, expected: (u64, u64, u64)) {
    let counts = (committed.inserted, committed.updated, committed.deleted);
    assert_eq!(counts, expected, "inserted, updated, deleted");
}
