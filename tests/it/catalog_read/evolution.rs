//! Tables whose columns changed after files were written.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::util::pretty::pretty_format_batches;
use c360_catalog::table::Table;

use super::fixture::{Lake, append, append_batch, people, schema, session};

async fn shown(table: &Table, sql: &str) -> String {
    let context = session();
    context
        .register_table("people", table.provider().await.unwrap())
        .unwrap();
    let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}

#[tokio::test]
async fn old_files_read_null_for_new_columns_and_cast_promoted_ones() {
    let lake = Lake::new().await;
    append(&lake.people().await, &people(0..2)).await;
    let mut fields: Vec<Field> = schema()
        .fields()
        .iter()
        .map(|f| f.as_ref().clone())
        .collect();
    fields[2] = Field::new("visits", DataType::Int64, false);
    fields.push(Field::new("score", DataType::Float64, true));
    let table = lake
        .table("raw.people", Arc::new(Schema::new(fields)))
        .await;
    let rows = shown(
        &table,
        "SELECT id, visits, score FROM people WHERE visits > 0",
    )
    .await;
    insta::assert_snapshot!(rows, @r"
    +----+--------+-------+
    | id | visits | score |
    +----+--------+-------+
    | 1  | 1      |       |
    +----+--------+-------+
    ");
}

/// Going back, the rows of the newer snapshot do not fit the older snapshot's columns.
#[tokio::test]
async fn changes_across_a_promotion_have_the_wider_type() {
    let lake = Lake::new().await;
    let old = append(&lake.people().await, &people(0..2)).await;
    let mut fields: Vec<Field> = schema()
        .fields()
        .iter()
        .map(|f| f.as_ref().clone())
        .collect();
    fields[2] = Field::new("visits", DataType::Int64, false);
    let wide = Arc::new(Schema::new(fields));
    let table = lake.table("raw.people", Arc::clone(&wide)).await;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![2])),
        Arc::new(StringArray::from(vec![None::<&str>])),
        Arc::new(Int64Array::from(vec![i64::MAX])),
    ];
    let new = append_batch(&table, RecordBatch::try_new(wide, columns).unwrap()).await;
    for (pinned, since) in [(&new, &old), (&old, &new)] {
        let changes = pinned.changes(since.snapshot_id()).await.unwrap();
        let field = changes.removed.schema().field(2).clone();
        assert_eq!(field.data_type(), &DataType::Int64);
        let added = session()
            .read_table(changes.added)
            .unwrap()
            .count()
            .await
            .unwrap();
        let removed = session()
            .read_table(changes.removed)
            .unwrap()
            .collect()
            .await
            .unwrap();
        let removed: usize = removed.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(added + removed, 1);
    }
}

#[tokio::test]
async fn lists_are_read() {
    let lake = Lake::new().await;
    let item = Field::new("item", DataType::Int32, true);
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("scores", DataType::List(Arc::new(item)), true),
    ]));
    let table = lake.table("raw.scores", Arc::clone(&schema)).await;
    let scores = [Some(vec![Some(3), None]), None, Some(vec![])];
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..3));
    let scores: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(scores));
    let table = append_batch(
        &table,
        RecordBatch::try_new(schema, vec![ids, scores]).unwrap(),
    )
    .await;
    let rows = shown(
        &table,
        "SELECT scores, id FROM people WHERE id < 2 ORDER BY id",
    )
    .await;
    insta::assert_snapshot!(rows, @r"
    +--------+----+
    | scores | id |
    +--------+----+
    | [3, ]  | 0  |
    |        | 1  |
    +--------+----+
    ");
}

#[tokio::test]
async fn field_ids_stay_out_of_query_results() {
    let lake = Lake::new().await;
    let table = append(&lake.people().await, &people(0..2)).await;
    let provider = table.provider().await.unwrap();
    assert!(
        provider
            .schema()
            .fields()
            .iter()
            .all(|field| field.metadata().is_empty())
    );
}
