//! Merges: the scope becomes exactly the rows given, and only the difference is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use c360_catalog::{Committed, Kind, Merge, Place, Result, Scope, Table, TableDefinition};

use super::lakes::Lake;
use super::on_every_lake;
use super::rows::*;

const COLUMNS: &str = "id long, person string, amount double";

on_every_lake! {
    a_merge_writes_the_difference,
    a_merge_of_what_is_there_only_stamps,
    a_scope_leaves_other_rows_alone,
    merged_rows_merge_again,
    a_file_without_live_rows_is_dropped,
    an_older_file_is_compared_in_the_new_schema,
    faulty_merges_are_refused,
    a_merge_on_an_old_snapshot_conflicts,
    many_commits_keep_few_manifests,
    few_keys_are_met_wherever_they_lie,
    rows_are_met_where_they_are_said_to_lie,
    rows_in_order_are_merged_stretch_by_stretch,
    rows_out_of_order_are_merged_at_once_or_refused,
}

async fn orders(lake: &Lake, lines: &[&str]) -> Table {
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", COLUMNS))
        .await
        .expect("created");
    append(&table, rows(COLUMNS, lines)).await.table
}

fn persons(names: &[&str]) -> Scope {
    scope("person", rows("person string", names))
}

async fn a_merge_writes_the_difference(lake: &Lake) {
    let table = orders(lake, &["1,a,1", "2,a,2", "3,b,3"]).await;
    let merged = merge(
        &table,
        Scope::Whole,
        rows(COLUMNS, &["1,a,1", "2,a,9", "4,c,4"]),
    )
    .await;
    check_counts(&merged, (1, 1, 1));
    check(&merged.table, &["1,a,1.0", "2,a,9.0", "4,c,4.0"]).await;
    let summary = |property| merged.table.summary(property);
    assert_eq!(
        (summary("added-records"), summary("added-position-deletes")),
        (Some("2"), Some("2"))
    );
    check(&table, &["1,a,1.0", "2,a,2.0", "3,b,3.0"]).await;
}

async fn a_merge_of_what_is_there_only_stamps(lake: &Lake) {
    let lines = ["1,a,1", "2,a,", "3,,3"];
    let table = orders(lake, &lines).await;
    let merged = merge(
        &table,
        Scope::Whole,
        rows(COLUMNS, &["3,,3", "1,a,1", "2,a,"]),
    )
    .await;
    check_counts(&merged, (0, 0, 0));
    assert_eq!(merged.table.summary("c360.job"), Some("merge"));
    assert_eq!(merged.table.summary("added-data-files"), None);
    assert_ne!(merged.table.snapshot_id(), table.snapshot_id());
}

async fn a_scope_leaves_other_rows_alone(lake: &Lake) {
    let table = orders(lake, &["1,a,1", "2,a,2", "3,b,3", "4,,4"]).await;
    let merged = merge(
        &table,
        persons(&["a", "z"]),
        rows(COLUMNS, &["2,a,2", "5,z,5"]),
    )
    .await;
    check_counts(&merged, (1, 0, 1));
    check(&merged.table, &["2,a,2.0", "3,b,3.0", "4,,4.0", "5,z,5.0"]).await;
    let nobody = merge(&merged.table, persons(&["nobody"]), rows(COLUMNS, &[])).await;
    check_counts(&nobody, (0, 0, 0));
    let emptied = merge(&nobody.table, persons(&["b"]), rows(COLUMNS, &[])).await;
    check_counts(&emptied, (0, 0, 1));
    check(&emptied.table, &["2,a,2.0", "4,,4.0", "5,z,5.0"]).await;
}

async fn merged_rows_merge_again(lake: &Lake) {
    let mut table = orders(lake, &["1,a,0", "2,b,0", "3,c,0"]).await;
    for round in 1..=5 {
        let line = format!("2,b,{round}");
        let merged = merge(&table, persons(&["b"]), rows(COLUMNS, &[&line])).await;
        check_counts(&merged, (0, 1, 0));
        table = merged.table;
        check(&table, &["1,a,0.0", &format!("2,b,{round}.0"), "3,c,0.0"]).await;
    }
}

async fn a_file_without_live_rows_is_dropped(lake: &Lake) {
    let table = orders(lake, &["1,a,1", "2,a,2"]).await;
    let table = append(&table, rows(COLUMNS, &["3,b,3"])).await.table;
    let table = merge(&table, persons(&["a"]), rows(COLUMNS, &["2,a,2"]))
        .await
        .table;
    assert_eq!(table.summary("total-data-files"), Some("2"));
    let table = merge(&table, persons(&["a"]), rows(COLUMNS, &[]))
        .await
        .table;
    assert_eq!(table.summary("total-data-files"), Some("1"));
    assert_eq!(table.summary("deleted-data-files"), Some("1"));
    check(&table, &["3,b,3.0"]).await;
}

async fn an_older_file_is_compared_in_the_new_schema(lake: &Lake) {
    let warehouse = lake.open().await;
    let old = "id int, person string, amount float";
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", old))
        .await
        .expect("created");
    append(&table, rows(old, &["1,a,0.5", "2,b,2"])).await;
    let new = "id long, person string, amount double, note string";
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", new))
        .await
        .expect("wider");
    let merged = merge(&table, Scope::Whole, rows(new, &["1,a,0.5,", "2,b,2,x"])).await;
    check_counts(&merged, (0, 1, 0));
    check(&merged.table, &["1,a,0.5,", "2,b,2.0,x"]).await;
}

async fn faulty_merges_are_refused(lake: &Lake) {
    let table = orders(lake, &["1,a,1"]).await;
    let refused = async |scope: Scope, batch: RecordBatch, expected: &str| {
        let error = try_merge(&table, scope, batch).await.expect_err("refused");
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.to_string().contains(expected), "{error}");
    };
    refused(
        Scope::Whole,
        rows(COLUMNS, &["7,a,1", "8,a,1", "7,b,2"]),
        "same key (id)",
    )
    .await;
    refused(
        persons(&["a"]),
        rows(COLUMNS, &["7,b,1"]),
        "outside the scope",
    )
    .await;
    refused(
        Scope::Whole,
        rows("id long, city string", &["7,x"]),
        "no column `city`",
    )
    .await;
    refused(
        scope("city", rows("city string", &["x"])),
        rows(COLUMNS, &[]),
        "no column `city`",
    )
    .await;
    let keyless = Merge {
        key: vec![],
        scope: Scope::Whole,
        rows: vec![],
    };
    let error = table
        .merge(keyless, stamp("merge"))
        .await
        .expect_err("refused");
    assert_eq!(error.kind(), Kind::Invalid);
    check(&table.reload().await.expect("there"), &["1,a,1.0"]).await;
}

async fn a_merge_on_an_old_snapshot_conflicts(lake: &Lake) {
    let old = orders(lake, &["1,a,1"]).await;
    let new = merge(&old, Scope::Whole, rows(COLUMNS, &["1,a,2"]))
        .await
        .table;
    let error = try_merge(&old, Scope::Whole, rows(COLUMNS, &["1,a,3"]))
        .await
        .expect_err("too late");
    assert_eq!(error.kind(), Kind::Conflict);
    check(&new.reload().await.expect("there"), &["1,a,2.0"]).await;
}

async fn many_commits_keep_few_manifests(lake: &Lake) {
    let mut table = orders(lake, &["0,a,0"]).await;
    let mut manifests_max = 0;
    for round in 1..=120 {
        let line = format!("{round},a,0");
        table = append(&table, rows(COLUMNS, &[&line])).await.table;
        manifests_max = manifests_max.max(manifests_listed(lake));
    }
    assert!((100..=102).contains(&manifests_max), "{manifests_max}");
    assert!(manifests_listed(lake) < 25);
    let merged = merge(&table, Scope::Whole, rows(COLUMNS, &["7,a,0", "8,a,8"])).await;
    check_counts(&merged, (0, 1, 119));
    check(&merged.table, &["7,a,0.0", "8,a,8.0"]).await;
    assert_eq!(merged.table.summary("total-data-files"), Some("2"));
}

/// How many manifests the newest snapshot lists: their names stand in the list as they are.
fn manifests_listed(lake: &Lake) -> usize {
    let list = lake.newest_file("snap-");
    list.windows(7).filter(|name| name == b"-m.avro").count()
}

/// Pages hold a thousand rows: in one file keys ascend over them, in the other each page has keys of all kinds.
async fn few_keys_are_met_wherever_they_lie(lake: &Lake) {
    let line = |id: i64, version: i64| format!("{id},p{},{}", id % 50, id + version);
    let scattered: Vec<i64> = (0..5000).map(|at| at * 1009 % 5000).collect();
    let mut table = orders(lake, &[]).await;
    let mut expected: BTreeMap<i64, i64> = BTreeMap::new();
    for ids in [scattered, (5000..9000).collect()] {
        let lines: Vec<String> = ids.iter().map(|id| line(*id, 0)).collect();
        table = append(&table, rows(COLUMNS, &texts(&lines))).await.table;
        expected.extend(ids.into_iter().map(|id| (id, 0)));
    }
    for version in 1..6 {
        // Ids that there are, and some that there are not yet; of every third the row goes.
        let ids: Vec<i64> = (0..40)
            .map(|at| (at * 331 + version * 7717) % 9100)
            .collect();
        let (gone, kept): (Vec<i64>, Vec<i64>) = ids.iter().partition(|id| **id % 3 == 0);
        let asked: Vec<String> = ids.iter().map(i64::to_string).collect();
        let lines: Vec<String> = kept.iter().map(|id| line(*id, version)).collect();
        let asked = scope("id", rows("id long", &texts(&asked)));
        table = merge(&table, asked, rows(COLUMNS, &texts(&lines)))
            .await
            .table;
        expected.retain(|id, _| !gone.contains(id));
        expected.extend(kept.into_iter().map(|id| (id, version)));
    }
    let expected = expected.into_iter().map(|(id, version)| {
        let line = line(id, version);
        format!("{line}.0")
    });
    let mut expected: Vec<String> = expected.collect();
    expected.sort();
    check(&table, &texts(&expected)).await;
}

/// Persons ascend over many pages, after those rows that have none; ids are in no order.
async fn rows_are_met_where_they_are_said_to_lie(lake: &Lake) {
    let ids = || (0..6000).map(|at: i64| at * 1009 % 6000);
    let person = |at: usize| match at {
        0..1500 => String::new(),
        _ => format!("p{:04}", at / 4),
    };
    let lines = ids().enumerate();
    let lines = lines.map(|(at, id)| (id, format!("{id},{},0", person(at))));
    let mut expected: BTreeMap<i64, String> = lines.collect();
    let in_order: Vec<String> = ids().map(|id| expected[&id].clone()).collect();
    let mut table = orders(lake, &[]).await;
    table = append(&table, rows(COLUMNS, &texts(&in_order))).await.table;

    for round in 1..5 {
        // The first quarter lies with nobody.
        let nulls = round % 2 == 0;
        let first = if nulls { 0 } else { 1500 };
        let places = (0..30).map(|at| first + (at * 197 + round * 1013) % (6000 - first));
        let places: Vec<usize> = places.collect();
        let all: Vec<i64> = ids().collect();
        let asked: Vec<i64> = places.iter().map(|at| all[*at]).collect();
        let persons = places.iter().map(|at| person(*at));
        let persons: Vec<String> = persons.filter(|person| !person.is_empty()).collect();
        let (gone, kept): (Vec<i64>, Vec<i64>) = asked.iter().partition(|id| **id % 3 == 0);
        expected.retain(|id, _| !gone.contains(id));
        let new = 6000 + round as i64;
        let kept = kept.into_iter().filter(|id| expected.contains_key(id));
        let kept: BTreeSet<i64> = kept.chain([new]).collect();
        let lines: Vec<String> = kept.iter().map(|id| format!("{id},z,{round}")).collect();
        let asked: Vec<String> = asked.iter().chain([&new]).map(i64::to_string).collect();
        let scope = Scope::KeysAt {
            columns: vec!["id".to_owned()],
            keys: rows("id long", &texts(&asked)),
            place: Place {
                column: "person".to_owned(),
                // Who was asked for before lies with `z` by now.
                values: Arc::new(StringArray::from_iter_values(
                    persons.iter().map(String::as_str).chain(["z"]),
                )),
                nulls,
            },
        };
        table = merge(&table, scope, rows(COLUMNS, &texts(&lines)))
            .await
            .table;
        expected.extend(kept.into_iter().zip(lines));
    }
    let expected = expected.into_values().map(|line| format!("{line}.0"));
    let mut expected: Vec<String> = expected.collect();
    expected.sort();
    check(&table, &texts(&expected)).await;
}

fn texts(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

/// Orders that lie by person, who may be nobody: 60 rows, of which every fifth changed hands since `turn` before it, every
/// seventh has another amount and every eleventh is gone.
fn of_turn(turn: u64) -> Vec<String> {
    let people = ["", "a", "b", "bb", "c", "d"];
    let kept = (0..60u64).filter(|id| !(id + turn).is_multiple_of(11));
    let mut orders: Vec<(&str, u64, u64)> = kept
        .map(|id| {
            let moved = if id % 5 == 0 { turn } else { 0 };
            let amount = if id % 7 == 0 { id + turn } else { id };
            (people[((id * 7 + moved) % 6) as usize], id, amount)
        })
        .collect();
    orders.sort_unstable();
    let lines = orders.iter();
    lines
        .map(|(person, id, amount)| format!("{id},{person},{amount}"))
        .collect()
}

async fn by_person(lake: &Lake, name: &str) -> Table {
    let definition = TableDefinition {
        order: vec!["person".into()],
        ..lake.definition(name, COLUMNS)
    };
    let created = lake.open().await.create_or_evolve(&definition).await;
    let table = created.expect("created");
    let lines = of_turn(0);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // Two files, of which each has rows of all persons.
    let (some, others): (Vec<&str>, Vec<&str>) = lines.iter().partition(|line| line.len() % 2 == 0);
    let table = append(&table, rows(COLUMNS, &some)).await.table;
    append(&table, rows(COLUMNS, &others)).await.table
}

/// Merges the lines, a few at a time.
async fn in_stretches(table: &Table, lines: &[String], bytes: usize) -> Result<Committed> {
    let mut merger = table.merger(&["id".to_owned()])?.with_stretch_bytes(bytes);
    for some in lines.chunks(7) {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        merger.write(&rows(COLUMNS, &some)).await?;
    }
    merger.commit(stamp("merge")).await
}

async fn rows_in_order_are_merged_stretch_by_stretch(lake: &Lake) {
    let (mut table, mut whole) = (
        by_person(lake, "orders").await,
        by_person(lake, "whole").await,
    );
    for (turn, bytes) in [(1, 1), (2, 300), (3, 1 << 20), (4, 200)] {
        let wanted = of_turn(turn);
        let snapshots = table.snapshots().len();
        let merged = in_stretches(&table, &wanted, bytes).await.expect("merged");
        let batch: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let at_once = merge(&whole, Scope::Whole, rows(COLUMNS, &batch)).await;
        assert_eq!(merged.table.snapshots().len(), snapshots + 1, "one commit");
        // One that changed hands goes from a stretch and comes into another.
        let gained = merged.inserted as i64 - merged.deleted as i64;
        assert_eq!(
            gained,
            at_once.inserted as i64 - at_once.deleted as i64,
            "turn {turn}"
        );
        assert!(merged.inserted + merged.updated >= at_once.inserted + at_once.updated);
        (table, whole) = (merged.table, at_once.table);
        assert_eq!(
            sorted(lines(&table).await),
            sorted(lines(&whole).await),
            "turn {turn}"
        );
        let again = in_stretches(&table, &wanted, bytes).await.expect("merged");
        check_counts(&again, (0, 0, 0));
        table = again.table;
    }
    let emptied = in_stretches(&table, &[], 1).await.expect("merged");
    check(&emptied.table, &[]).await;
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_unstable();
    lines
}

async fn rows_out_of_order_are_merged_at_once_or_refused(lake: &Lake) {
    let table = by_person(lake, "orders").await;
    let mut wanted = of_turn(1);
    wanted.rotate_left(40);
    let refused = in_stretches(&table, &wanted, 100)
        .await
        .expect_err("some are merged");
    assert_eq!(refused.kind(), Kind::Invalid, "{refused}");
    wanted.swap(0, 6);
    let merged = in_stretches(&table, &wanted, 100).await.expect("merged");
    let mut expected: Vec<String> = of_turn(1).iter().map(|line| format!("{line}.0")).collect();
    expected.sort_unstable();
    assert_eq!(sorted(lines(&merged.table).await), expected);
}
