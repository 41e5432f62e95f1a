//! What a scan touches: files left out, files shared between partitions, limits, statistics.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use c360_catalog::table::Table;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionConfig, SessionContext};

use super::fixture::{Content, Lake, Rows, append, config, merge, people, scans};

async fn context(table: &Table, config: SessionConfig) -> SessionContext {
    let context = SessionContext::new_with_config(config);
    let provider = table.provider().await.unwrap();
    context.register_table("people", provider).unwrap();
    context
}

async fn plan(table: &Table, config: SessionConfig, sql: &str) -> Arc<dyn ExecutionPlan> {
    let frame = context(table, config).await.sql(sql).await.unwrap();
    frame.create_physical_plan().await.unwrap()
}

/// The values of the query's only column, sorted.
async fn numbers(table: &Table, config: SessionConfig, sql: &str) -> Vec<i64> {
    let frame = context(table, config).await.sql(sql).await.unwrap();
    let mut numbers = Vec::new();
    for batch in frame.collect().await.unwrap() {
        numbers.extend(batch.column(0).as_primitive::<Int64Type>().values());
    }
    numbers.sort_unstable();
    numbers
}

async fn files_read(table: &Table, sql: &str) -> usize {
    let plan = plan(table, config(), sql).await;
    let scans = scans(&plan);
    scans
        .iter()
        .flat_map(|scan| &scan.file_groups)
        .map(|group| group.len())
        .sum()
}

/// Three files of a hundred rows each.
async fn three_files(lake: &Lake) -> Table {
    let table = append(&lake.people().await, &people(0..100)).await;
    let table = append(&table, &people(100..200)).await;
    append(&table, &people(200..300)).await
}

#[tokio::test]
async fn files_that_cannot_match_are_not_read() {
    let lake = Lake::new().await;
    let table = three_files(&lake).await;
    assert_eq!(files_read(&table, "SELECT * FROM people").await, 3);
    assert_eq!(
        files_read(&table, "SELECT * FROM people WHERE id = 150").await,
        1
    );
    assert_eq!(
        files_read(&table, "SELECT * FROM people WHERE visits >= 100").await,
        2
    );
    assert_eq!(
        files_read(&table, "SELECT * FROM people WHERE id IN (1, 299)").await,
        2
    );
    assert_eq!(
        files_read(&table, "SELECT * FROM people WHERE name < 'person 000100'").await,
        1
    );
    assert_eq!(
        files_read(&table, "SELECT * FROM people WHERE id > 1000").await,
        0
    );
    let found = numbers(
        &table,
        config(),
        "SELECT id FROM people WHERE id IN (1, 299)",
    )
    .await;
    assert_eq!(found, [1, 299]);
}

#[tokio::test]
async fn a_limit_reads_no_more_files_than_it_needs() {
    let lake = Lake::new().await;
    let table = three_files(&lake).await;
    assert_eq!(files_read(&table, "SELECT * FROM people LIMIT 10").await, 1);
    let found = numbers(&table, config(), "SELECT id FROM people LIMIT 150").await;
    assert_eq!(found.len(), 150);
}

#[tokio::test]
async fn counts_come_from_the_manifests() {
    let lake = Lake::new().await;
    let table = three_files(&lake).await;
    let table = merge(&table, Some(&[0, 150]), &Rows::new()).await;
    let count = "SELECT count(*) FROM people";
    assert!(scans(&plan(&table, config(), count).await).is_empty());
    assert_eq!(numbers(&table, config(), count).await, [298]);
}

#[tokio::test]
async fn bounds_of_files_with_deletes_are_not_taken_for_values() {
    let lake = Lake::new().await;
    let table = append(&lake.people().await, &people(0..100)).await;
    let table = merge(&table, Some(&[0, 99]), &Rows::new()).await;
    assert_eq!(
        numbers(&table, config(), "SELECT min(id) FROM people").await,
        [1]
    );
    assert_eq!(
        numbers(&table, config(), "SELECT max(id) FROM people").await,
        [98]
    );
}

#[tokio::test]
async fn joins_of_few_rows_from_files_of_many_nulls_are_planned() {
    let lake = Lake::new().await;
    let nameless = (0..90).map(|id| (id, (None, 0)));
    let rows: Rows = nameless.chain(people(90..100)).collect();
    let table = append(&lake.people().await, &rows).await;
    let joined = "LEFT JOIN people b ON a.name = b.name WHERE a.visits + COALESCE(b.visits, 0) > 0";
    let few = format!("SELECT a.id FROM (SELECT * FROM people WHERE id >= 90 LIMIT 10) a {joined}");
    let expected: Vec<i64> = (90..100).collect();
    assert_eq!(numbers(&table, config(), &few).await, expected);
    let nameless: Vec<i64> = (0..90).collect();
    let table = merge(&table, Some(&nameless), &Rows::new()).await;
    let left = format!("SELECT a.id FROM people a {joined}");
    assert_eq!(numbers(&table, config(), &left).await, expected);
}

/// One file of more than one row group, a few of its rows deleted, read as byte ranges.
#[tokio::test]
async fn large_files_are_shared_between_partitions() {
    let lake = Lake::new().await;
    let rows = 600_000;
    let table = append(&lake.people().await, &people(0..rows)).await;
    let deleted: Vec<i64> = (0..rows).step_by(50_000).collect();
    let fewer = merge(&table, Some(&deleted), &Rows::new()).await;
    for (table, live) in [(&table, rows), (&fewer, rows - deleted.len() as i64)] {
        let mut config = config().with_batch_size(8192);
        config.options_mut().optimizer.repartition_file_min_size = 1;
        let all = plan(table, config.clone(), "SELECT id FROM people").await;
        assert_eq!(scans(&all)[0].file_groups.len(), 3);
        let found = numbers(table, config.clone(), "SELECT id FROM people").await;
        assert_eq!(found.len() as i64, live);
        assert!(found.is_sorted_by(|a, b| a < b));
        let sum = "SELECT CAST(count(*) AS BIGINT) FROM people WHERE visits % 2 = 0";
        assert_eq!(
            numbers(table, config, sum).await,
            [rows / 2 - (rows - live)]
        );
    }
    let some = numbers(
        &fewer,
        config(),
        "SELECT id FROM people WHERE id BETWEEN 299999 AND 300001",
    );
    assert_eq!(some.await, [299_999, 300_001]);
}

/// Where filters run while decoding, a limit must not bring deleted rows back.
#[tokio::test]
async fn a_limit_under_a_pushed_filter_does_not_revive_deleted_rows() {
    let lake = Lake::new().await;
    let table = append(&lake.people().await, &people(0..100)).await;
    let deleted: Vec<i64> = (0..90).collect();
    let table = merge(&table, Some(&deleted), &Rows::new()).await;
    let mut config = config();
    config.options_mut().execution.parquet.pushdown_filters = true;
    let limited = "SELECT id FROM people WHERE visits >= 0 LIMIT 20";
    assert_eq!(
        numbers(&table, config, limited).await,
        (90..100).collect::<Vec<_>>()
    );
}

/// As above, where the filter comes from the sort over the limited rows.
#[tokio::test]
async fn a_limit_under_a_sort_does_not_revive_deleted_rows() {
    let lake = Lake::new().await;
    let table = append(&lake.people().await, &people(0..100)).await;
    let deleted: Vec<i64> = (0..90).collect();
    let table = merge(&table, Some(&deleted), &Rows::new()).await;
    let nested = "SELECT id FROM (SELECT id FROM people LIMIT 20) ORDER BY id LIMIT 5";
    for pushed in [false, true] {
        let mut config = config();
        config.options_mut().execution.parquet.pushdown_filters = pushed;
        assert_eq!(
            numbers(&table, config, nested).await,
            (90..95).collect::<Vec<_>>()
        );
    }
}

/// A comparison of snapshots reads the pages of the rows that changed and the dictionaries, which
/// are large here because no value comes twice, not the whole file.
#[tokio::test]
async fn changes_read_little_of_a_large_file() {
    let lake = Lake::new().await;
    let old = append(&lake.people().await, &people(0..300_000)).await;
    let new = merge(
        &old,
        Some(&[7, 150_000]),
        &people([7]).into_iter().map(renamed).collect(),
    )
    .await;
    let changes = new.changes(old.snapshot_id()).await.unwrap();
    let context = SessionContext::new();
    let removed = context.read_table(changes.removed).unwrap();
    let plan = removed.create_physical_plan().await.unwrap();
    let batches = collect(Arc::clone(&plan), context.task_ctx())
        .await
        .unwrap();
    assert_eq!(
        batches.iter().map(|batch| batch.num_rows()).sum::<usize>(),
        2
    );
    let bytes = plan
        .metrics()
        .unwrap()
        .sum_by_name("bytes_scanned")
        .unwrap()
        .as_usize();
    let file_bytes = scans(&plan)[0].file_groups[0].files()[0].object_meta.size as usize;
    assert!(bytes < file_bytes / 2, "{bytes} of {file_bytes} bytes read");
}

fn renamed((id, (_, visits)): (i64, Content)) -> (i64, Content) {
    (id, (Some("other".to_owned()), visits))
}

#[tokio::test]
async fn a_join_reads_right_with_dynamic_filters() {
    let lake = Lake::new().await;
    let table = three_files(&lake).await;
    let table = merge(&table, Some(&[150]), &Rows::new()).await;
    let joined =
        "SELECT a.id FROM people a JOIN (VALUES (7), (150), (151)) AS b(id) ON a.id = b.id";
    assert_eq!(numbers(&table, config(), joined).await, [7, 151]);
    let last = "SELECT id FROM people ORDER BY id DESC LIMIT 2";
    assert_eq!(numbers(&table, config(), last).await, [298, 299]);
}
