//! What append, upsert and change data capture make of rows that share a key.

use super::shop::{CONTRACT, Shop};

const CDC: &str = "
files: ['*.csv']
format: {type: csv}
mode: cdc
order_by: at
op: {column: op}
";

const UPSERT: &str = "
files: ['*.csv']
format: {type: csv}
mode: upsert
order_by: at
";

const APPEND: &str = "
files: ['*.csv']
format: {type: csv}
mode: append
order_by: at
";

#[tokio::test]
async fn append_without_a_key_keeps_every_row() {
    let shop = Shop::with_contract(
        &CONTRACT.replace("key: [id]", ""),
        "files: ['*.csv']\nformat: {type: csv}\n",
    )
    .await;
    let report = shop
        .deliver("1.csv", "id,v,at\na,1,2011-01-01\na,1,2011-01-01\n")
        .await;
    assert_eq!((report.outcome.rows_in, report.outcome.inserted), (2, 2));
    shop.deliver("2.csv", "id,v,at\na,1,2011-01-01\n").await;
    shop.check(&["a,1,2011-01-01", "a,1,2011-01-01", "a,1,2011-01-01"])
        .await;
}

#[tokio::test]
async fn append_with_a_key_keeps_the_first_version() {
    let shop = Shop::new(APPEND).await;
    shop.deliver(
        "1.csv",
        "id,v,at\na,1,2011-01-02\nb,1,2011-01-02\na,2,2011-01-03\n",
    )
    .await;
    shop.check(&["a,1,2011-01-02", "b,1,2011-01-02"]).await;
    let report = shop
        .deliver("2.csv", "id,v,at\na,3,2011-01-01\nb,3,2011-01-04\nb,3,\n")
        .await;
    shop.check(&["a,3,2011-01-01", "b,1,2011-01-02"]).await;
    assert_eq!(
        (
            report.outcome.inserted,
            report.outcome.updated,
            report.outcome.deleted
        ),
        (0, 1, 0)
    );
}

#[tokio::test]
async fn upsert_keeps_the_last_version() {
    let shop = Shop::new(UPSERT).await;
    shop.deliver(
        "1.csv",
        "id,v,at\na,1,2011-01-02\nb,1,2011-01-02\na,2,2011-01-03\n",
    )
    .await;
    shop.check(&["a,2,2011-01-03", "b,1,2011-01-02"]).await;
    let report = shop
        .deliver(
            "2.csv",
            "id,v,at\na,3,2011-01-01\nb,3,2011-01-04\nb,3,\nc,1,\n",
        )
        .await;
    shop.check(&["a,2,2011-01-03", "b,3,2011-01-04", "c,1,∅"])
        .await;
    assert_eq!(
        (
            report.outcome.inserted,
            report.outcome.updated,
            report.outcome.deleted
        ),
        (1, 1, 0)
    );
}

#[tokio::test]
async fn of_equal_versions_the_greater_row_wins_whichever_comes_first() {
    for (first, second) in [("a,1", "a,2"), ("a,2", "a,1")] {
        let shop = Shop::new(UPSERT).await;
        shop.deliver("1.csv", &format!("id,v,at\n{first},2011-01-01\n"))
            .await;
        shop.deliver("2.csv", &format!("id,v,at\n{second},2011-01-01\n"))
            .await;
        shop.check(&["a,2,2011-01-01"]).await;
    }
}

#[tokio::test]
async fn changes_insert_update_and_delete() {
    let shop = Shop::new(CDC).await;
    shop.deliver(
        "0.csv",
        "id,v,at\na,1,2011-01-01\nb,1,2011-01-01\nc,1,2011-01-01\n",
    )
    .await;
    let report = shop
        .deliver(
            "1.csv",
            "op,id,v,at\nU,a,2,2011-01-02\nD,b,,2011-01-02\nI,d,1,2011-01-02\n",
        )
        .await;
    shop.check(&["a,2,2011-01-02", "c,1,2011-01-01", "d,1,2011-01-02"])
        .await;
    assert_eq!(
        (
            report.outcome.inserted,
            report.outcome.updated,
            report.outcome.deleted
        ),
        (1, 1, 1)
    );
    assert_eq!(shop.rows("raw.items__deleted").await, ["b,2011-01-02"]);
}

#[tokio::test]
async fn a_deleted_key_ignores_older_rows_and_comes_back_with_a_newer_one() {
    let shop = Shop::new(CDC).await;
    shop.deliver("1.csv", "op,id,v,at\nD,a,,2011-01-05\n").await;
    shop.check(&[]).await;
    shop.deliver("2.csv", "op,id,v,at\nI,a,1,2011-01-01\nU,a,2,2011-01-05\n")
        .await;
    shop.check(&[]).await;
    shop.deliver("3.csv", "op,id,v,at\nI,a,3,2011-01-06\n")
        .await;
    shop.check(&["a,3,2011-01-06"]).await;
    shop.deliver("4.csv", "op,id,v,at\nD,a,,2011-01-04\n").await;
    shop.check(&["a,3,2011-01-06"]).await;
    assert_eq!(shop.rows("raw.items__deleted").await, ["a,2011-01-05"]);
}

#[tokio::test]
async fn a_key_may_come_and_go_within_one_file() {
    let shop = Shop::new(CDC).await;
    let text = "op,id,v,at\nD,a,,2011-01-02\nI,a,1,2011-01-01\nI,b,1,2011-01-01\nD,b,,2011-01-02\nI,b,2,2011-01-03\n";
    shop.deliver("1.csv", text).await;
    shop.check(&["b,2,2011-01-03"]).await;
}

#[tokio::test]
async fn keys_of_several_columns_tell_rows_apart() {
    let contract = CONTRACT.replace("key: [id]", "key: [id, v]");
    let shop = Shop::with_contract(&contract, CDC).await;
    shop.deliver(
        "1.csv",
        "id,v,at\na,1,2011-01-01\na,2,2011-01-01\na,1,2011-01-02\n",
    )
    .await;
    shop.check(&["a,1,2011-01-02", "a,2,2011-01-01"]).await;
    shop.deliver("2.csv", "op,id,v,at\nD,a,1,2011-01-03\n")
        .await;
    shop.check(&["a,2,2011-01-01"]).await;
}

#[tokio::test]
async fn an_unknown_operation_is_a_reject() {
    let shop = Shop::new(CDC).await;
    let report = shop
        .deliver(
            "1.csv",
            "op,id,v,at\nX,a,1,2011-01-01\n,b,1,2011-01-01\nI,c,1,2011-01-01\n",
        )
        .await;
    shop.check(&["c,1,2011-01-01"]).await;
    assert_eq!(report.outcome.rows_rejected, 2);
    assert_eq!(
        shop.rows("raw.items__rejects").await,
        [
            "1.csv,1,2,op,is not one of the declared operations,X,a,1,2011-01-01",
            "1.csv,2,3,op,is not one of the declared operations,,b,1,2011-01-01",
        ]
    );
}

/// More rows than wait for their keys to be asked about: then all keys are known.
#[tokio::test]
async fn a_large_delivery_is_settled_like_small_ones() {
    let row = |number: u32, day: u32| {
        let op = match (day, number % 10) {
            (2, 3) => "D",
            _ => "U",
        };
        format!("{op},k{number},{},2011-01-0{day}\n", number % 7 + day)
    };
    let first: Vec<String> = (0..140_000).map(|number| row(number, 1)).collect();
    let second: Vec<String> = (70_000..210_000).map(|number| row(number, 2)).collect();
    let large = Shop::new(CDC).await;
    let small = Shop::new(CDC).await;
    for (day, rows) in [first, second].iter().enumerate() {
        large.deliver(&format!("{day}.csv"), &file(rows)).await;
        for (part, rows) in rows.chunks(70_000).enumerate() {
            small
                .deliver(&format!("{day}-{part}.csv"), &file(rows))
                .await;
        }
    }
    let rows = large.rows("raw.items").await;
    assert_eq!(rows.len(), 210_000 - 14_000);
    assert!(
        rows == small.rows("raw.items").await,
        "large and small deliveries differ"
    );
}

fn file(rows: &[String]) -> String {
    format!("op,id,v,at\n{}", rows.concat())
}
