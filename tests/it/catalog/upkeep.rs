//! Upkeep: compaction, expiry and orphans change no row, no reader's view and no cursor.

use std::collections::BTreeSet;

use c360_catalog::{Kept, Scope, Table, Wear};
use datafusion::prelude::SessionContext;
use jiff::{SignedDuration, Timestamp};
use object_store::ObjectStoreExt;

use super::lakes::{Lake, missing_files};
use super::on_every_lake;
use super::rows::*;

const COLUMNS: &str = "id long, person string, amount double";
const WEAR: Wear = Wear {
    small_files: 2,
    delete_files: 2,
    deleted_share: 0.5,
};

on_every_lake! {
    compaction_moves_rows_and_changes_none,
    changes_do_not_see_what_only_moved,
    changes_around_a_move_are_told_whole,
    deletes_of_large_files_are_gathered,
    compaction_gives_way_to_a_commit,
    what_is_not_worn_is_left_alone,
    commits_go_on_top_of_a_compaction,
    snapshots_expire_unless_somebody_needs_them,
    a_snapshot_that_was_the_newest_lately_stays,
    rows_that_moved_stand_for_an_expired_snapshot,
    orphans_go_when_they_are_old,
    what_is_left_of_a_table_that_was_never_made_is_found,
}

async fn orders(lake: &Lake, files: &[&[&str]]) -> Table {
    let warehouse = lake.open().await;
    let definition = lake.definition("orders", COLUMNS);
    let mut table = warehouse
        .create_or_evolve(&definition)
        .await
        .expect("created");
    for lines in files {
        table = append(&table, rows(COLUMNS, lines)).await.table;
    }
    table
}

/// The table compacted; none where another commit came first.
async fn try_compact(table: &Table, wear: &Wear) -> Option<Table> {
    let compaction = table.compaction(wear).await.expect("a compaction");
    let context = SessionContext::new();
    table.stores().register_all(&context.runtime_env());
    let rows = context.read_table(compaction.rows()).expect("a query");
    let rows = rows.execute_stream().await.expect("rows");
    compaction.commit(rows).await.expect("committed")
}

async fn compacted(table: &Table) -> Table {
    try_compact(table, &WEAR).await.expect("no other commit")
}

async fn files(table: &Table) -> usize {
    let compaction = table.compaction(&WEAR).await.expect("a compaction");
    compaction.files()
}

/// Rows added and removed since, sorted.
async fn changed(table: &Table, since: &Table) -> [Vec<String>; 2] {
    let changes = table.changes(since.snapshot_id()).await.expect("changes");
    assert_eq!(
        changes.only_adds,
        lines_in(changes.removed.clone(), table).await.is_empty()
    );
    [
        lines_in(changes.added, table).await,
        lines_in(changes.removed, table).await,
    ]
}

async fn compaction_moves_rows_and_changes_none(lake: &Lake) {
    let table = orders(lake, &[&["1,a,1", "2,a,2"], &["3,b,3", "4,b,4"]]).await;
    let before = merge(
        &table,
        Scope::Whole,
        rows(COLUMNS, &["1,a,9", "3,b,3", "4,b,5"]),
    )
    .await;
    let after = compacted(&before.table).await;
    check(&after, &["1,a,9.0", "3,b,3.0", "4,b,5.0"]).await;
    assert_eq!(files(&after).await, 1);
    assert_eq!(after.row_count(), 3);
    for said in ["c360.job", "c360.inputs", "c360.note", "c360.spec-hash"] {
        assert_eq!(after.summary(said), before.table.summary(said), "{said}");
    }
    assert_ne!(after.snapshot_id(), before.table.snapshot_id());
    assert_eq!(after.content_id(), before.table.snapshot_id());
    let again = after.compaction(&WEAR).await.expect("a compaction");
    assert!(again.is_empty(), "compacted twice: {again:?}");
    check(&before.table, &["1,a,9.0", "3,b,3.0", "4,b,5.0"]).await;
}

async fn changes_do_not_see_what_only_moved(lake: &Lake) {
    let before = orders(lake, &[&["1,a,1"], &["2,b,2"]]).await;
    let moved = compacted(&before).await;
    assert_eq!(
        changed(&moved, &before).await,
        [vec![], Vec::<String>::new()]
    );
    let after = append(&moved, rows(COLUMNS, &["3,c,3"])).await.table;
    let expected = [vec!["3,c,3.0".to_owned()], vec![]];
    assert_eq!(changed(&after, &before).await, expected);
    assert_eq!(changed(&after, &moved).await, expected);
    let moved_again = compacted(&after).await;
    assert_eq!(changed(&moved_again, &before).await, expected);
}

async fn changes_around_a_move_are_told_whole(lake: &Lake) {
    let before = orders(lake, &[&["1,a,1"], &["2,b,2"]]).await;
    let grown = append(&before, rows(COLUMNS, &["3,c,3"])).await.table;
    let moved = compacted(&grown).await;
    let after = merge(
        &moved,
        Scope::Whole,
        rows(COLUMNS, &["1,a,1", "2,b,2", "3,c,4"]),
    )
    .await;
    let [added, removed] = changed(&after.table, &before).await;
    // Rows that moved are in both; what is left of the rest is the change.
    let net = |of: &[String], without: &[String]| -> Vec<String> {
        of.iter()
            .filter(|line| !without.contains(line))
            .cloned()
            .collect()
    };
    assert_eq!(net(&added, &removed), ["3,c,4.0"]);
    assert_eq!(net(&removed, &added), Vec::<String>::new());
}

async fn deletes_of_large_files_are_gathered(lake: &Lake) {
    let mut table = orders(lake, &[&["1,a,1", "2,a,2", "3,a,3", "4,a,4", "5,a,5"]]).await;
    for gone in ["1,a,1", "2,a,2"] {
        let person = rows("id long", &[gone.split(',').next().expect("an id")]);
        table = merge(&table, scope("id", person), rows(COLUMNS, &[]))
            .await
            .table;
    }
    let after = compacted(&table).await;
    check(&after, &["3,a,3.0", "4,a,4.0", "5,a,5.0"]).await;
    assert_eq!(files(&after).await, 2, "one data file, one delete file");
    assert_eq!(after.summary("total-position-deletes"), Some("2"));
}

async fn compaction_gives_way_to_a_commit(lake: &Lake) {
    let table = orders(lake, &[&["1,a,1"], &["2,b,2"]]).await;
    let newer = append(&table, rows(COLUMNS, &["3,c,3"])).await.table;
    assert!(try_compact(&table, &WEAR).await.is_none());
    check(
        &newer.reload().await.expect("a table"),
        &["1,a,1.0", "2,b,2.0", "3,c,3.0"],
    )
    .await;
}

async fn what_is_not_worn_is_left_alone(lake: &Lake) {
    let table = orders(lake, &[&["1,a,1", "2,a,2", "3,a,3"]]).await;
    let merged = merge(&table, Scope::Whole, rows(COLUMNS, &["1,a,1", "2,a,2"])).await;
    let compaction = merged.table.compaction(&WEAR).await.expect("a compaction");
    assert!(compaction.is_empty(), "{compaction:?}");
}

async fn commits_go_on_top_of_a_compaction(lake: &Lake) {
    let table = orders(lake, &[&["1,a,1"], &["2,b,2"]]).await;
    compacted(&table).await;
    let table = append(&table, rows(COLUMNS, &["3,c,3"])).await.table;
    compacted(&table).await;
    let merged = merge(&table, Scope::Whole, rows(COLUMNS, &["1,a,1", "2,b,9"])).await;
    check_counts(&merged, (0, 1, 1));
    check(&merged.table, &["1,a,1.0", "2,b,9.0"]).await;
    let table = append(&merged.table, rows(COLUMNS, &["3,c,3"])).await.table;
    compacted(&table).await;
    let new = stream(vec![rows(COLUMNS, &["7,g,7"])], schema(COLUMNS));
    let overwritten = table
        .overwrite(new, stamp("overwrite"))
        .await
        .expect("overwritten");
    check(&overwritten.table, &["7,g,7.0"]).await;
    assert_eq!(overwritten.table.row_count(), 1);
}

fn kept(since: Timestamp, remembered: &[&Table]) -> Kept {
    Kept {
        since,
        remembered: remembered
            .iter()
            .filter_map(|table| table.content_id())
            .collect(),
        shown: BTreeSet::new(),
        released: BTreeSet::new(),
    }
}

fn tomorrow() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(24)
}

async fn snapshots_expire_unless_somebody_needs_them(lake: &Lake) {
    let first = orders(lake, &[&["1,a,1"]]).await;
    let second = append(&first, rows(COLUMNS, &["2,b,2"])).await.table;
    let third = append(&second, rows(COLUMNS, &["3,c,3"])).await.table;
    let fourth = append(&third, rows(COLUMNS, &["4,d,4"])).await.table;
    let id = |table: &Table| table.snapshot_id().expect("a snapshot");
    let tagged = fourth.tag("epoch-1", id(&first)).await.expect("tagged");
    let young = kept(Timestamp::now() - SignedDuration::from_hours(1), &[]);
    assert_eq!(
        tagged.expirable(&young).expect("snapshots"),
        Vec::<i64>::new()
    );
    let mut released = kept(tomorrow(), &[&second]);
    assert_eq!(
        tagged.expirable(&released).expect("snapshots"),
        [id(&third)]
    );
    released.released.insert("epoch-1".to_owned());
    let both = BTreeSet::from([id(&first), id(&third)]);
    let expirable = tagged.expirable(&released).expect("snapshots");
    assert_eq!(BTreeSet::from_iter(expirable), both);

    // What has a name stays, whoever asks.
    let after = tagged
        .expire(&[id(&first), id(&third)])
        .await
        .expect("expired");
    assert!(after.has_snapshot(id(&first)) && !after.has_snapshot(id(&third)));
    let after = after
        .untag(&["epoch-1".to_owned()])
        .await
        .expect("untagged");
    assert!(after.tags().expect("names").is_empty());
    let after = after.expire(&[id(&first)]).await.expect("expired");
    assert!(!after.has_snapshot(id(&first)));
    check(&after, &["1,a,1.0", "2,b,2.0", "3,c,3.0", "4,d,4.0"]).await;
    assert_eq!(changed(&after, &second).await[0], ["3,c,3.0", "4,d,4.0"]);
}

async fn a_snapshot_that_was_the_newest_lately_stays(lake: &Lake) {
    let old = orders(lake, &[&["1,a,1"], &["2,b,2"]]).await;
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let since = Timestamp::now();
    let moved = compacted(&old).await;
    let going = moved.expirable(&kept(since, &[])).expect("snapshots");
    // The first append was followed by the second before that time.
    assert_eq!(going.len(), 1);
    assert!(!going.contains(&old.snapshot_id().expect("a snapshot")));
}

async fn rows_that_moved_stand_for_an_expired_snapshot(lake: &Lake) {
    let before = orders(lake, &[&["1,a,1"], &["2,b,2"]]).await;
    let moved = compacted(&before).await;
    let going = moved
        .expirable(&kept(tomorrow(), &[&before]))
        .expect("snapshots");
    assert!(going.contains(&before.snapshot_id().expect("a snapshot")));
    let after = moved.expire(&going).await.expect("expired");
    let after = append(&after, rows(COLUMNS, &["3,c,3"])).await.table;
    let since = before.snapshot_id().expect("a snapshot");
    assert!(after.has_snapshot(since));
    check(
        &after.at_snapshot(since).expect("the same rows"),
        &["1,a,1.0", "2,b,2.0"],
    )
    .await;
    let changes = after.changes(Some(since)).await.expect("changes");
    assert_eq!(lines_in(changes.added, &after).await, ["3,c,3.0"]);
}

async fn orphans_go_when_they_are_old(lake: &Lake) {
    let first = orders(lake, &[&["1,a,1"], &["2,b,2"]]).await;
    let mut lost = first.appender();
    lost.write(rows(COLUMNS, &["7,x,7"]))
        .await
        .expect("written");
    let stamp_of_a_race = append(&first, rows(COLUMNS, &["3,c,3"])).await.table;
    drop(lost);
    let moved = compacted(&stamp_of_a_race).await;
    let young = moved
        .orphans(Timestamp::UNIX_EPOCH, &[], &[])
        .await
        .expect("orphans");
    assert!(young.files.is_empty());
    let going = moved.expirable(&kept(tomorrow(), &[])).expect("snapshots");
    let foreseen = moved
        .orphans(tomorrow(), &[], &going)
        .await
        .expect("orphans");
    let moved = moved.expire(&going).await.expect("expired");
    let found = moved.orphans(tomorrow(), &[], &[]).await.expect("orphans");
    // Data files of three appends, and their manifests and lists; the metadata files are on record.
    assert!(found.files.len() >= 9, "{:?}", found.files);
    assert_eq!(found.files.len(), foreseen.files.len());
    found.delete().await.expect("deleted");
    if moved.metadata_location().starts_with("file://") {
        let missing = missing_files(moved.metadata_location());
        assert!(missing.is_empty(), "{missing:?}");
    }
    let moved = lake
        .open()
        .await
        .table(moved.name())
        .await
        .expect("a lake")
        .expect("a table");
    check(&moved, &["1,a,1.0", "2,b,2.0", "3,c,3.0"]).await;
    let left = moved.orphans(tomorrow(), &[], &[]).await.expect("orphans");
    assert!(left.files.is_empty(), "{:?}", left.files);
}

async fn what_is_left_of_a_table_that_was_never_made_is_found(lake: &Lake) {
    let table = orders(lake, &[&["1,a,1"]]).await;
    let warehouse = lake.open().await;
    let name = lake.name("ghost");
    let left = async |before| warehouse.stillborn(&name, before).await.expect("listed");
    let put = async |file: &str| {
        let (folder, _) = table
            .metadata_location()
            .split_once("/metadata/")
            .expect("a folder");
        let file = format!("{}/{file}", folder.replace("/orders", "/ghost"));
        let (store, path) = warehouse.stores().resolve(&file).expect("a store");
        store.put(&path, "{}".into()).await.expect("written");
    };
    assert!(left(tomorrow()).await.files.is_empty());
    put("metadata/00000-1.metadata.json").await;
    assert!(left(Timestamp::UNIX_EPOCH).await.files.is_empty(), "young");
    assert_eq!(left(tomorrow()).await.files.len(), 1);
    let of_a_table = warehouse.stillborn(table.name(), tomorrow()).await;
    assert!(of_a_table.expect("listed").files.is_empty());
    put("data/1.parquet").await;
    assert!(left(tomorrow()).await.files.is_empty(), "somebody's rows");
}
