//! Bad rows under and over the contract's limit.

use c360_flow::Kind;

use super::shop::{CONTRACT, Shop};

const JOB: &str = "files: ['*.csv']\nformat: {type: csv}\nmode: upsert\norder_by: at\n";

/// A thousand rows of which three in a hundred have a value that is no number.
fn three_percent_bad() -> String {
    let mut text = "id,v,at\n".to_owned();
    for row in 0..1000 {
        let value = if row % 100 < 3 {
            "secret".to_owned()
        } else {
            row.to_string()
        };
        text.push_str(&format!("id-{row},{value},2011-01-01\n"));
    }
    text
}

fn limited(limits: &str) -> String {
    CONTRACT.replace(
        "rejects: {max_percent: 100}",
        &format!("rejects: {{{limits}}}"),
    )
}

#[tokio::test]
async fn under_the_limit_bad_rows_go_to_the_rejects() {
    let shop = Shop::with_contract(&limited("max_percent: 3.0, max_rows: 30"), JOB).await;
    let report = shop.deliver("1.csv", &three_percent_bad()).await;
    assert_eq!(
        (report.outcome.rows_in, report.outcome.rows_rejected),
        (1000, 30)
    );
    assert_eq!(shop.rows("raw.items").await.len(), 970);
    let rejects = shop.rows("raw.items__rejects").await;
    assert_eq!(rejects.len(), 30);
    assert_eq!(rejects[0], "1.csv,1,2,v,is no int,id-0,secret,2011-01-01");
}

#[tokio::test]
async fn a_changed_file_has_the_rejects_of_its_newest_version() {
    let shop = Shop::new(JOB).await;
    shop.deliver("1.csv", "id,v,at\na,one,\nb,two,\nc,3,\n")
        .await;
    shop.deliver("2.csv", "id,v,at\nd,four,\n").await;
    assert_eq!(shop.rows("raw.items__rejects").await.len(), 3);
    shop.deliver("1.csv", "id,v,at\na,1,\nb,zwei,\nc,3,\n")
        .await;
    let rejects = shop.rows("raw.items__rejects").await;
    assert_eq!(
        rejects,
        [
            "1.csv,2,3,v,is no int,b,zwei,",
            "2.csv,1,2,v,is no int,d,four,"
        ]
    );

    let rebuilt = Shop::new(JOB).await;
    for name in ["1.csv", "2.csv"] {
        std::fs::copy(shop.path(name), rebuilt.path(name)).expect("copied");
    }
    rebuilt.run().await;
    assert_eq!(rebuilt.rows("raw.items__rejects").await, rejects);

    shop.deliver("1.csv", "id,v,at\na,1,\nb,2,\n").await;
    assert_eq!(
        shop.rows("raw.items__rejects").await,
        ["2.csv,1,2,v,is no int,d,four,"]
    );
    assert_eq!(shop.run().await.action, c360_flow::Action::Nothing);
}

async fn check_over(limits: &str, limit: &str) {
    let shop = Shop::with_contract(&limited(limits), JOB).await;
    shop.put("1.csv", three_percent_bad());
    let error = shop.try_run().await.expect_err("refused");
    assert_eq!(error.kind(), Kind::Data);
    assert_eq!(
        error.to_string(),
        format!(
            "source items: 30 of 1000 rows break the contract (3.00 %), more than the limit of {limit}; \
             nothing was committed; the first: 1.csv line 2: v is no int; 1.csv line 3: v is no int; \
             1.csv line 4: v is no int"
        )
    );
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("schemas/items.yaml"))
    );
    assert!(
        shop.rows("raw.items").await.is_empty(),
        "nothing was committed"
    );
    assert!(
        shop.rows("raw.items__rejects").await.is_empty(),
        "nothing was committed"
    );

    let raised = shop.respecified(&limited("max_percent: 5"), JOB);
    assert_eq!(raised.run().await.outcome.rows_rejected, 30);
    assert_eq!(raised.rows("raw.items").await.len(), 970);
}

#[tokio::test]
async fn over_the_limit_the_run_stops_before_it_commits() {
    check_over("max_percent: 2.9", "2.9 %").await;
    check_over("max_percent: 50, max_rows: 29", "29 rows").await;
}
