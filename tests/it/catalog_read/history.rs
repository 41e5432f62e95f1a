//! A table against a model of it: any snapshot holds the rows that it held, and the changes
//! between any two are the difference.

use std::collections::BTreeMap;

use c360_catalog::Kind;
use c360_catalog::table::Table;
use proptest::prelude::*;

use super::fixture::{Content, Lake, Rows, append, merge, people, rows_of};

/// What happens to the table; the ids come with a seed of the row's content.
#[derive(Clone, Debug)]
enum Step {
    /// New ids are appended.
    Append(BTreeMap<i64, u8>),
    /// The rows become exactly these.
    Replace(BTreeMap<i64, u8>),
    /// The ids get this content, or none where the seed is a multiple of three.
    Merge(BTreeMap<i64, u8>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = || prop::collection::btree_map(0..40_i64, 0..20_u8, 0..25);
    let step = prop_oneof![
        3 => rows().prop_map(Step::Append),
        1 => rows().prop_map(Step::Replace),
        4 => rows().prop_map(Step::Merge),
    ];
    prop::collection::vec(step, 1..7)
}

fn content(seed: u8) -> Content {
    let name = (!seed.is_multiple_of(4)).then(|| format!("name {seed}"));
    (name, i32::from(seed))
}

fn rows(seeds: impl IntoIterator<Item = (i64, u8)>) -> Rows {
    seeds
        .into_iter()
        .map(|(id, seed)| (id, content(seed)))
        .collect()
}

/// Applies the step to the table and to the model.
async fn apply(step: &Step, table: &Table, model: &mut Rows) -> Table {
    match step.clone() {
        Step::Append(mut seeds) => {
            seeds.retain(|id, _| !model.contains_key(id));
            let rows = rows(seeds);
            model.extend(rows.clone());
            append(table, &rows).await
        }
        Step::Replace(seeds) => {
            *model = rows(seeds);
            merge(table, None, model).await
        }
        Step::Merge(seeds) => {
            let keys: Vec<i64> = seeds.keys().copied().collect();
            let rows = rows(seeds.into_iter().filter(|(_, seed)| seed % 3 != 0));
            model.retain(|id, _| !keys.contains(id));
            model.extend(rows.clone());
            merge(table, Some(&keys), &rows).await
        }
    }
}

struct Version {
    snapshot: Option<i64>,
    rows: Rows,
}

/// Rows of `a` that `b` has not, as often as `a` has them more often.
fn without(a: &[(i64, Content)], b: &[(i64, Content)]) -> Vec<(i64, Content)> {
    let mut counts: BTreeMap<&(i64, Content), usize> = BTreeMap::new();
    for row in b {
        *counts.entry(row).or_default() += 1;
    }
    let mut rest = Vec::new();
    for row in a {
        match counts.get_mut(row) {
            Some(count) if *count > 0 => *count -= 1,
            _ => rest.push(row.clone()),
        }
    }
    rest
}

fn listed(rows: &Rows) -> Vec<(i64, Content)> {
    rows.clone().into_iter().collect()
}

/// The changes between two versions say what the models say. Rows that went and came back as they
/// were may be in both lists, but not between neighbours.
async fn check_changes(table: &Table, then: &Version, now: &Version, neighbours: bool) {
    let Some(snapshot) = now.snapshot else {
        return;
    };
    let pinned = table.at_snapshot(snapshot).unwrap();
    let changes = pinned.changes(then.snapshot).await.unwrap();
    let added = rows_of(changes.added).await;
    let removed = rows_of(changes.removed).await;
    assert_eq!(changes.is_empty, added.is_empty() && removed.is_empty());
    let expected_added = without(&listed(&now.rows), &listed(&then.rows));
    let expected_removed = without(&listed(&then.rows), &listed(&now.rows));
    assert_eq!(without(&added, &removed), expected_added);
    assert_eq!(without(&removed, &added), expected_removed);
    if neighbours {
        assert_eq!(added, expected_added);
        assert_eq!(removed, expected_removed);
    }
}

async fn check_history(steps: Vec<Step>) {
    let lake = Lake::new().await;
    let mut table = lake.people().await;
    let mut model = Rows::new();
    let mut versions = vec![Version {
        snapshot: None,
        rows: model.clone(),
    }];
    for step in &steps {
        table = apply(step, &table, &mut model).await;
        let rows = model.clone();
        versions.push(Version {
            snapshot: table.snapshot_id(),
            rows,
        });
    }
    for version in &versions {
        let Some(snapshot) = version.snapshot else {
            continue;
        };
        let pinned = table.at_snapshot(snapshot).unwrap();
        assert_eq!(
            rows_of(pinned.provider().await.unwrap()).await,
            listed(&version.rows)
        );
        assert_eq!(pinned.row_count(), version.rows.len() as u64);
    }
    for (i, then) in versions.iter().enumerate() {
        for (j, now) in versions.iter().enumerate() {
            check_changes(&table, then, now, i.abs_diff(j) == 1).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..Default::default() })]

    #[test]
    fn snapshots_and_changes_agree_with_a_model(steps in steps()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(check_history(steps));
    }
}

#[tokio::test]
async fn a_table_without_a_snapshot_is_empty() {
    let lake = Lake::new().await;
    let table = lake.people().await;
    assert!(rows_of(table.provider().await.unwrap()).await.is_empty());
    assert!(table.changes(None).await.unwrap().is_empty);
}

#[tokio::test]
async fn changes_back_to_an_older_snapshot_undo() {
    let lake = Lake::new().await;
    let table = lake.people().await;
    let old = append(&table, &people(0..5)).await;
    let new = merge(&old, Some(&[1]), &Rows::new()).await;
    let changes = old.changes(new.snapshot_id()).await.unwrap();
    assert_eq!(rows_of(changes.added).await, listed(&people([1])));
    assert!(rows_of(changes.removed).await.is_empty());
}

#[tokio::test]
async fn changes_since_an_unknown_snapshot_are_refused() {
    let lake = Lake::new().await;
    let table = append(&lake.people().await, &people(0..5)).await;
    let error = table.changes(Some(42)).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(
        error
            .to_string()
            .contains("`raw.people` has no snapshot 42"),
        "{error}"
    );
}
