//! A run that dies at any write and is run again leaves what an undisturbed run leaves.

use std::sync::Arc;

use c360_catalog::Warehouse;

use super::shop::{CONTRACT, Shop, config};
use crate::flow::retailer::Dice;
use crate::rough_store::{RoughStore, Weather};

const JOB: &str =
    "files: ['*.csv']\nformat: {type: csv}\nmode: cdc\norder_by: at\nop: {column: op}\n";

const FIRST: &str =
    "op,id,v,at\nI,a,1,2011-01-01\nI,b,1,2011-01-01\nU,a,2,2011-01-02\nD,c,,2011-01-01\nbad,,,\n";
const SECOND: &str = "op,id,v,at\nU,a,3,2011-01-03\nD,b,,2011-01-04\nI,d,1,2011-01-01\nworse,,,\n";

const TABLES: [&str; 3] = ["raw.items", "raw.items__rejects", "raw.items__deleted"];

async fn shop(weather: &Weather, contract: &str) -> Shop {
    let folder = tempfile::tempdir().expect("a folder");
    let weather = weather.clone();
    let rough = move |store| Arc::new(RoughStore::new(store, weather.clone())) as _;
    let warehouse = Warehouse::open_with_store(config(&folder), rough).await;
    let shop = Shop::over(folder, warehouse.expect("a lake"), None, contract, JOB);
    shop.put("1.csv", FIRST);
    shop
}

async fn tables(shop: &Shop) -> Vec<Vec<String>> {
    let mut tables = Vec::new();
    for table in TABLES {
        tables.push(shop.rows(table).await);
    }
    tables
}

/// A run that dies after so many writes, if it has as many, and the next one, which leaves what is `expected`.
async fn check(shop: &Shop, weather: &Weather, writes: u64, expected: &[Vec<String>]) -> bool {
    weather.kills_after(writes, Dice::new(writes));
    let _ = shop.try_run().await;
    let died = weather.has_killed();
    weather.clears();
    shop.run().await;
    assert_eq!(
        tables(shop).await,
        expected,
        "after a fault at write {writes}"
    );
    died
}

#[tokio::test]
async fn a_run_that_dies_at_any_write_is_healed_by_the_next() {
    let weather = Weather::default();
    let undisturbed = shop(&weather, CONTRACT).await;
    undisturbed.run().await;
    let first = tables(&undisturbed).await;
    undisturbed.put("2.csv", SECOND);
    undisturbed.run().await;
    let second = tables(&undisturbed).await;
    assert_eq!(
        second,
        [
            vec!["a,3,2011-01-03".to_owned(), "d,1,2011-01-01".to_owned()],
            second[1].clone(),
            vec!["b,2011-01-04".to_owned(), "c,2011-01-01".to_owned()]
        ]
    );
    assert_eq!(second[1].len(), 2, "two rejects");

    let mut writes = 0;
    loop {
        let shop = shop(&weather, CONTRACT).await;
        let first_dies = check(&shop, &weather, writes, &first).await;
        shop.put("2.csv", SECOND);
        let second_dies = check(&shop, &weather, writes, &second).await;
        if !first_dies && !second_dies {
            break;
        }
        writes += 1;
    }
    assert!(writes > 10, "the runs were disturbed {writes} times");
}

#[tokio::test]
async fn a_rebuild_that_dies_at_any_write_is_healed_by_the_next() {
    let evolved = CONTRACT.replace("rejects:", "  - {name: note, type: string}\nrejects:");
    let weather = Weather::default();
    let grown = async || {
        let shop = shop(&weather, CONTRACT).await;
        shop.run().await;
        shop.respecified(&evolved, JOB)
    };
    let undisturbed = grown().await;
    undisturbed.run().await;
    let expected = tables(&undisturbed).await;
    let mut writes = 0;
    while check(&grown().await, &weather, writes, &expected).await {
        writes += 1;
    }
    assert!(writes > 5, "the rebuild was disturbed {writes} times");
}
