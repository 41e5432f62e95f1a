//! Tables are created as defined, and widen; those that can be made again take on other columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use c360_catalog::{Evolution, Kind, Scope, Table, TableDefinition};

use super::lakes::Lake;
use super::on_every_lake;
use super::rows::*;

on_every_lake! {
    a_wider_definition_widens_the_table,
    an_equal_definition_changes_nothing,
    a_narrower_definition_is_refused,
    a_table_that_nothing_was_committed_to_takes_on_any_columns,
    rows_that_can_be_made_again_take_on_any_columns,
    columns_that_lost_a_race_are_not_committed,
    a_log_keeps_columns_that_are_no_longer_defined,
    racing_creators_agree,
    lists_of_structs_are_stored_and_compared,
    a_table_says_in_what_order_its_rows_lie,
}

async fn a_wider_definition_widens_the_table(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("t", "id int, a float"))
        .await
        .expect("created");
    append(&table, rows("id int, a float", &["1,0.5"])).await;
    let wide = "id long, b string, a double";
    let table = warehouse
        .create_or_evolve(&lake.definition("t", wide))
        .await
        .expect("wider");
    let table = append(&table, rows(wide, &["5000000000,x,2"])).await.table;
    check(&table, &["1,,0.5", "5000000000,x,2.0"]).await;
}

async fn an_equal_definition_changes_nothing(lake: &Lake) {
    let warehouse = lake.open().await;
    let mut definition = lake.definition("t", "id long, a string");
    definition.comment = Some("one row a test".to_owned());
    let table = warehouse
        .create_or_evolve(&definition)
        .await
        .expect("created");
    let again = warehouse
        .create_or_evolve(&definition)
        .await
        .expect("the same");
    assert_eq!(again.metadata_location(), table.metadata_location());
}

async fn a_narrower_definition_is_refused(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("t", "id long, a string"))
        .await
        .expect("created");
    let rows = rows("id long, a string", &["1,x"]);
    let table = append(&table, rows).await.table;
    for (columns, column) in [
        ("id int, a string", "`id`"),
        ("id long, a date", "`a`"),
        ("id long", "`a`"),
    ] {
        let error = warehouse
            .create_or_evolve(&lake.definition("t", columns))
            .await
            .expect_err("refused");
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.to_string().contains(column), "{error}");
    }
    let mut other_key = lake.definition("t", "id long, a string");
    other_key.key = vec!["a".to_owned()];
    let error = warehouse
        .create_or_evolve(&other_key)
        .await
        .expect_err("refused");
    assert!(error.to_string().contains("may be null"), "{error}");
    let now = table.reload().await.expect("there");
    assert_eq!(now.metadata_location(), table.metadata_location());
}

async fn a_table_that_nothing_was_committed_to_takes_on_any_columns(lake: &Lake) {
    let warehouse = lake.open().await;
    let before = warehouse
        .create_or_evolve(&lake.definition("t", "id long, a string"))
        .await
        .expect("created");
    let columns = "id string, b int";
    let table = warehouse
        .create_or_evolve(&lake.definition("t", columns))
        .await
        .expect("nothing is lost");
    let late = rows("id long, a string", &["1,x"]);
    let mut appender = before.appender();
    appender.write(late).await.expect("rows that fit");
    let lost = appender.commit(stamp("append")).await;
    assert_eq!(lost.expect_err("columns of then").kind(), Kind::Conflict);
    let table = append(&table, rows(columns, &["x,1"])).await.table;
    check(&table, &["x,1"]).await;
}

/// `id`, `a` and `b` become `b`, `id` and `a`, the last of another type.
async fn about_to_be_recast(lake: &Lake) -> (Table, Table) {
    let warehouse = lake.open().await;
    let (old, new) = ("id long, a string, b int, c int", "b long, id long, a int");
    let mut definition = lake.definition("t", old);
    definition.evolution = Evolution::Recast;
    let table = warehouse.create_or_evolve(&definition).await;
    let table = table.expect("created");
    let before = append(&table, rows(old, &["1,x,2,3", "2,y,,4"]))
        .await
        .table;
    let mut definition = lake.definition("t", new);
    definition.evolution = Evolution::Recast;
    definition.key = vec!["id".to_owned()];
    let recast = warehouse.create_or_evolve(&definition).await;
    (before, recast.expect("possible"))
}

async fn rows_that_can_be_made_again_take_on_any_columns(lake: &Lake) {
    let (before, recast) = about_to_be_recast(lake).await;
    assert!(recast.is_recast());
    let as_it_was = before.reload().await.expect("there");
    assert_eq!(as_it_was.metadata_location(), before.metadata_location());
    let wanted = rows("b long, id long, a int", &["2,1,7", ",3,8"]);
    let error = try_merge(&recast, Scope::Whole, wanted.clone()).await;
    assert_eq!(error.expect_err("refused").kind(), Kind::Internal);

    let rows = stream(vec![wanted.clone()], wanted.schema());
    let overwritten = recast.overwrite(rows, stamp("overwrite")).await;
    let table = overwritten.expect("overwritten").table;
    check(&table, &[",3,8", "2,1,7"]).await;
    let then = before.snapshot_id().expect("a snapshot");
    let lost = table.columns_lost_since(then).expect("known");
    assert_eq!(lost, ["a", "c"]);
    assert!(table.has_key_of(then).expect("known"));
    let old = table.at_snapshot(then).expect("kept");
    check(&old, &["1,x,2,3", "2,y,,4"]).await;
    let changes = table.changes(Some(then)).await.expect("changes");
    let removed = lines_in(changes.removed, &table).await;
    assert_eq!(removed, [",2,", "2,1,"]);
}

async fn columns_that_lost_a_race_are_not_committed(lake: &Lake) {
    let (before, recast) = about_to_be_recast(lake).await;
    let snapshot = before.snapshot_id().expect("a snapshot");
    before.tag("kept", snapshot).await.expect("tagged");
    let wanted = rows("b long, id long, a int", &["2,1,7"]);
    let rows = stream(vec![wanted.clone()], wanted.schema());
    let lost = recast.overwrite(rows, stamp("overwrite")).await;
    assert_eq!(lost.expect_err("a lost race").kind(), Kind::Conflict);
    let table = before.reload().await.expect("there");
    check(&table, &["1,x,2,3", "2,y,,4"]).await;
}

async fn a_log_keeps_columns_that_are_no_longer_defined(lake: &Lake) {
    let warehouse = lake.open().await;
    let define = async |columns: &str| {
        let mut definition = lake.definition("t", columns);
        definition.key = vec![];
        definition.evolution = Evolution::Append;
        let table = warehouse.create_or_evolve(&definition).await;
        table.expect("created or evolved")
    };
    let table = define("at long, a string, b int").await;
    append(&table, rows("at long, a string, b int", &["1,x,2"])).await;
    let table = define("at int, b string, c int").await;
    let table = append(&table, rows("at int, b string, c int", &["2,y,3"])).await;
    check(&table.table, &["1,x,,", "2,,y,3"]).await;
}

async fn racing_creators_agree(lake: &Lake) {
    let warehouse = lake.open().await;
    let creators = (0..6).map(|_| {
        let warehouse = warehouse.clone();
        let definition = lake.definition("t", "id long, a string");
        tokio::spawn(async move { warehouse.create_or_evolve(&definition).await })
    });
    for creator in futures::future::join_all(creators).await {
        let table = creator
            .expect("no panic")
            .expect("created once, then found");
        assert_eq!(table.schema().fields().len(), 2);
    }
}

/// `points`: a list of structs of a number and a text, one list a row.
fn with_points(ids: &[i64], points: &[&[(f64, &str)]]) -> RecordBatch {
    let flat: Vec<_> = points.iter().flat_map(|row| row.iter()).collect();
    let fields = Fields::from(vec![
        Field::new("x", DataType::Float64, true),
        Field::new("label", DataType::Utf8, true),
    ]);
    let x: ArrayRef = Arc::new(Float64Array::from_iter_values(flat.iter().map(|(x, _)| *x)));
    let label: ArrayRef = Arc::new(StringArray::from_iter_values(
        flat.iter().map(|(_, label)| *label),
    ));
    let structs = StructArray::new(fields.clone(), vec![x, label], None);
    let item = Arc::new(Field::new("item", DataType::Struct(fields), true));
    let offsets = OffsetBuffer::from_lengths(points.iter().map(|row| row.len()));
    let lists: ArrayRef = Arc::new(ListArray::new(item, offsets, Arc::new(structs), None));
    let ids: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
    RecordBatch::try_from_iter_with_nullable([("id", ids, true), ("points", lists, true)])
        .expect("rows")
}

async fn lists_of_structs_are_stored_and_compared(lake: &Lake) {
    let warehouse = lake.open().await;
    let batch = with_points(&[1, 2, 3], &[&[(1.0, "a"), (2.0, "b")], &[], &[(3.0, "c")]]);
    let definition = TableDefinition {
        name: lake.name("t"),
        schema: batch.schema(),
        key: vec!["id".to_owned()],
        comment: None,
        order: vec![],
        evolution: Evolution::Widen,
    };
    let table = warehouse
        .create_or_evolve(&definition)
        .await
        .expect("created");
    let table = append(&table, batch).await.table;
    let changed = with_points(&[1, 2, 3], &[&[(1.0, "a"), (2.0, "b")], &[], &[(3.0, "z")]]);
    let merged = merge(&table, Scope::Whole, changed).await;
    check_counts(&merged, (0, 1, 0));
    let expected = [
        "1,[{x: 1.0, label: a}, {x: 2.0, label: b}]",
        "2,[]",
        "3,[{x: 3.0, label: z}]",
    ];
    check(&merged.table, &expected).await;
}

async fn a_table_says_in_what_order_its_rows_lie(lake: &Lake) {
    let warehouse = lake.open().await;
    let mut definition = lake.definition("t", "id long, a string, b string");
    let ordered_by = async |definition: &TableDefinition| {
        let table = warehouse.create_or_evolve(definition).await;
        table.expect("ordered").order()
    };
    definition.order = vec!["b".to_owned()];
    assert_eq!(ordered_by(&definition).await, ["b", "id"]);
    definition.order = vec!["a".to_owned(), "id".to_owned()];
    assert_eq!(ordered_by(&definition).await, ["a", "id"]);
    // Whoever asks for none leaves what there is.
    definition.order = Vec::new();
    assert_eq!(ordered_by(&definition).await, ["a", "id"]);
    definition.order = vec!["c".to_owned()];
    let refused = warehouse.create_or_evolve(&definition).await;
    let refused = refused.expect_err("no such column").to_string();
    assert!(refused.contains("no column `c`"), "{refused}");
}
