//! Appends, overwrites and stamps: one snapshot each, on top of the snapshot they came from.

use c360_catalog::Kind;
use jiff::{SignedDuration, Timestamp};

use super::lakes::Lake;
use super::on_every_lake;
use super::rows::*;

const COLUMNS: &str = "id long, name string, amount decimal";

on_every_lake! {
    a_new_table_is_empty,
    appended_rows_are_read_back,
    an_appender_that_is_dropped_leaves_nothing,
    overwriting_replaces_all_rows,
    a_stamp_advances_the_cursor_alone,
    a_reopened_lake_is_the_same,
    two_writers_of_one_snapshot_conflict,
    racing_appends_have_one_winner,
    a_tag_does_not_disturb_a_writer,
    history_is_read_at_snapshots_and_times,
}

async fn a_new_table_is_empty(lake: &Lake) {
    let warehouse = lake.open().await;
    assert!(
        warehouse
            .table(&lake.name("orders"))
            .await
            .expect("asked")
            .is_none()
    );
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    check(&table, &[]).await;
    assert_eq!(
        (table.snapshot_id(), table.key()),
        (None, vec!["id".to_owned()])
    );
    assert!(
        warehouse
            .tables()
            .await
            .expect("listed")
            .contains(&lake.name("orders"))
    );
}

async fn appended_rows_are_read_back(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    let first = append(&table, rows(COLUMNS, &["1,Ann,9.50", "2,,"])).await;
    check_counts(&first, (2, 0, 0));
    assert!(first.bytes_written > 0);
    let second = append(&first.table, rows("name string, id long", &["Cy,3"])).await;
    check(&second.table, &["1,Ann,9.50", "2,,", "3,Cy,"]).await;
    check(&table, &[]).await;
    let summary = |property| second.table.summary(property);
    assert_eq!(summary("c360.run-id"), Some("run-1"));
    assert_eq!(summary("c360.note"), Some("append"));
    assert_eq!(
        (summary("added-records"), summary("total-records")),
        (Some("1"), Some("3"))
    );
}

async fn an_appender_that_is_dropped_leaves_nothing(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    let mut appender = table.appender();
    appender
        .write(rows(COLUMNS, &["1,Ann,1"]))
        .await
        .expect("rows that fit");
    drop(appender);
    check(&table.reload().await.expect("there"), &[]).await;
}

async fn overwriting_replaces_all_rows(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    let table = append(
        &table,
        rows(COLUMNS, &["1,Ann,1.00", "2,Bo,2.00", "3,Cy,3.00"]),
    )
    .await
    .table;
    let table = merge(
        &table,
        scope("id", rows("id long", &["2"])),
        rows(COLUMNS, &[]),
    )
    .await
    .table;
    let batch = rows(COLUMNS, &["7,Di,7.00"]);
    let stream_of_rows = stream(vec![batch.clone()], batch.schema());
    let done = table
        .overwrite(stream_of_rows, stamp("overwrite"))
        .await
        .expect("overwritten");
    check_counts(&done, (1, 0, 2));
    check(&done.table, &["7,Di,7.00"]).await;
    for total in ["total-data-files", "total-records"] {
        assert_eq!(done.table.summary(total), Some("1"), "{total}");
    }
    for total in ["total-delete-files", "total-position-deletes"] {
        assert_eq!(done.table.summary(total), Some("0"), "{total}");
    }
    let emptied = done
        .table
        .overwrite(stream(vec![], batch.schema()), stamp("overwrite"))
        .await;
    check(&emptied.expect("overwritten").table, &[]).await;
}

async fn a_stamp_advances_the_cursor_alone(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    let stamped = table.stamp(stamp("first")).await.expect("stamped").table;
    check(&stamped, &[]).await;
    let table = append(&stamped, rows(COLUMNS, &["1,Ann,1.00"])).await.table;
    let stamped = table.stamp(stamp("again")).await.expect("stamped").table;
    check(&stamped, &["1,Ann,1.00"]).await;
    assert_ne!(stamped.snapshot_id(), table.snapshot_id());
    assert_eq!(stamped.summary("c360.job"), Some("again"));
    assert_eq!(stamped.summary("total-records"), Some("1"));
    assert!(
        stamped
            .changes(table.snapshot_id())
            .await
            .expect("compared")
            .is_empty
    );
}

async fn a_reopened_lake_is_the_same(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    let table = append(&table, rows(COLUMNS, &["1,Ann,1.00"])).await.table;
    drop(warehouse);
    let again = lake
        .open()
        .await
        .table(&lake.name("orders"))
        .await
        .expect("asked")
        .expect("there");
    assert_eq!(again.snapshot_id(), table.snapshot_id());
    assert_eq!(again.metadata_location(), table.metadata_location());
    assert_eq!(again.schema(), table.schema());
    check(&again, &["1,Ann,1.00"]).await;
}

async fn two_writers_of_one_snapshot_conflict(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    let first = append(&table, rows(COLUMNS, &["1,Ann,1.00"])).await.table;
    let mut late = table.appender();
    late.write(rows(COLUMNS, &["2,Bo,2.00"]))
        .await
        .expect("rows that fit");
    let error = late.commit(stamp("late")).await.expect_err("too late");
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.to_string().contains("run again"), "{error}");
    let error = table.stamp(stamp("late")).await.expect_err("too late");
    assert_eq!(error.kind(), Kind::Conflict);
    check(&first.reload().await.expect("there"), &["1,Ann,1.00"]).await;
}

async fn racing_appends_have_one_winner(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    let racers = (0..8).map(|racer| {
        let table = table.clone();
        tokio::spawn(async move {
            let mut appender = table.appender();
            let row = format!("{racer},Racer,1.00");
            appender
                .write(rows(COLUMNS, &[&row]))
                .await
                .expect("rows that fit");
            appender.commit(stamp("race")).await.map(|_| row)
        })
    });
    let outcomes = futures::future::join_all(racers).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(|o| o.expect("no panic")).collect();
    let winners: Vec<&String> = outcomes.iter().filter_map(|o| o.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1, "one writer of a snapshot wins");
    let losers = outcomes.iter().filter_map(|o| o.as_ref().err());
    assert!(losers.map(|e| e.kind()).all(|kind| kind == Kind::Conflict));
    check(&table.reload().await.expect("there"), &[winners[0]]).await;
}

async fn a_tag_does_not_disturb_a_writer(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    let table = append(&table, rows(COLUMNS, &["1,Ann,1.00"])).await.table;
    let snapshot_id = table.snapshot_id().expect("a snapshot");
    let tagged = table.tag("epoch-1", snapshot_id).await.expect("tagged");
    assert_eq!(tagged.snapshot_id(), Some(snapshot_id));
    tagged
        .tag("epoch-1", snapshot_id)
        .await
        .expect("tagged already");
    // `table` is older than the tag and still commits.
    let scope_of_2 = scope("id", rows("id long", &["2"]));
    let merged = merge(&table, scope_of_2, rows(COLUMNS, &["2,Bo,2.00"]))
        .await
        .table;
    let appended = append(&merged, rows(COLUMNS, &["3,Cy,3.00"])).await.table;
    check(&appended, &["1,Ann,1.00", "2,Bo,2.00", "3,Cy,3.00"]).await;
    let error = table
        .tag("epoch-2", 42)
        .await
        .expect_err("no such snapshot");
    assert_eq!(error.kind(), Kind::Invalid);
}

async fn history_is_read_at_snapshots_and_times(lake: &Lake) {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    let first = append(&table, rows(COLUMNS, &["1,Ann,1.00"])).await.table;
    let second = append(&first, rows(COLUMNS, &["2,Bo,2.00"])).await.table;
    let wider = format!("{COLUMNS}, note string");
    let now = warehouse
        .create_or_evolve(&lake.definition("orders", &wider))
        .await
        .expect("wider");
    let then = now
        .at_snapshot(first.snapshot_id().expect("a snapshot"))
        .expect("in the history");
    check(&then, &["1,Ann,1.00"]).await;
    let at = first.committed_at().expect("committed");
    check(
        &now.at_timestamp(at).expect("in the history"),
        &["1,Ann,1.00"],
    )
    .await;
    check(
        &now.at_timestamp(Timestamp::MAX).expect("in the history"),
        &["1,Ann,1.00", "2,Bo,2.00"],
    )
    .await;
    let too_early = now.at_timestamp(at - SignedDuration::from_hours(1));
    assert_eq!(
        too_early.expect_err("before the first").kind(),
        Kind::Invalid
    );
    let history: Vec<_> = now
        .snapshots()
        .iter()
        .map(|snapshot| Some(snapshot.id))
        .collect();
    assert_eq!(history, [first.snapshot_id(), second.snapshot_id()]);
    assert_eq!(
        now.at_snapshot(42).expect_err("unknown").kind(),
        Kind::Invalid
    );
    let late = append(&then, rows(COLUMNS, &["9,Zed,9.00"]));
    assert!(
        futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(late))
            .await
            .is_err()
    );
}
