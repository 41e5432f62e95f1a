//! The result is a function of the rows, not of how they arrive: any split over files and runs, in
//! any order, gives the table that one simple pass over all rows gives.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::shop::Shop;

#[derive(Clone, Debug)]
struct Change {
    op: &'static str,
    id: u8,
    value: u8,
    day: u8,
}

fn change() -> impl Strategy<Value = Change> {
    let op = prop::sample::select(vec!["I", "U", "D"]);
    (op, 0..5u8, 0..3u8, 1..5u8).prop_map(|(op, id, value, day)| Change { op, id, value, day })
}

/// The slow, obvious way.
fn oracle(mode: &str, changes: &[Change]) -> Vec<String> {
    let mut rows: BTreeMap<u8, (u8, u8)> = BTreeMap::new();
    let mut deleted: BTreeMap<u8, u8> = BTreeMap::new();
    for change in changes {
        if mode == "cdc" && change.op == "D" {
            let day = deleted.entry(change.id).or_default();
            *day = change.day.max(*day);
            continue;
        }
        let row = (change.day, change.value);
        let kept = rows.entry(change.id).or_insert(row);
        *kept = if mode == "append" {
            row.min(*kept)
        } else {
            row.max(*kept)
        };
    }
    rows.retain(|id, (day, _)| deleted.get(id).is_none_or(|deleted| *day > *deleted));
    rows.iter()
        .map(|(id, (day, value))| format!("k{id},{value},2011-01-0{day}"))
        .collect()
}

fn job(mode: &str) -> String {
    let op = if mode == "cdc" {
        "op: {column: op}\n"
    } else {
        ""
    };
    format!("files: ['*.csv']\nformat: {{type: csv}}\nmode: {mode}\norder_by: at\n{op}")
}

async fn check(mode: &str, runs: &[Vec<Vec<Change>>]) {
    let shop = Shop::new(&job(mode)).await;
    let mut names = 0;
    for files in runs {
        for changes in files {
            let mut text = "op,id,v,at\n".to_owned();
            for Change { op, id, value, day } in changes {
                text.push_str(&format!("{op},k{id},{value},2011-01-0{day}\n"));
            }
            names += 1;
            shop.put(&format!("{names}.csv"), text);
        }
        if !files.is_empty() || names > 0 {
            shop.run().await;
        }
    }
    let all: Vec<Change> = runs.iter().flatten().flatten().cloned().collect();
    assert_eq!(
        shop.rows("raw.items").await,
        oracle(mode, &all),
        "{mode} of {runs:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_table(
        mode in prop::sample::select(vec!["append", "upsert", "cdc"]),
        runs in prop::collection::vec(prop::collection::vec(prop::collection::vec(change(), 0..6), 1..3), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime").block_on(check(mode, &runs));
    }
}
