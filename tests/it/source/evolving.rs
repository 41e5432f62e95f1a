//! A contract or job that changes over a table that is there.

use c360_flow::{Action, Kind};

use super::shop::{CONTRACT, Shop};

const JOB: &str = "files: ['*.csv']\nformat: {type: csv}\nmode: upsert\norder_by: at\n";

fn with_column(column: &str) -> String {
    CONTRACT.replace("rejects:", &format!("  - {column}\nrejects:"))
}

#[tokio::test]
async fn a_new_column_is_filled_from_files_that_were_read_before() {
    let shop = Shop::new(JOB).await;
    shop.deliver("1.csv", "id,v,at,note\na,1,,x\nbad,bad,,y\n")
        .await;
    let shop = shop.respecified(&with_column("{name: note, type: string}"), JOB);
    let report = shop.run().await;
    assert_eq!(
        (report.action, report.why.as_str()),
        (Action::Full, "spec changed: 1 file to read again")
    );
    shop.check(&["a,1,∅,x"]).await;
    assert_eq!(
        shop.rows("raw.items__rejects").await.len(),
        1,
        "rejects are not doubled"
    );
    assert_eq!(shop.run().await.action, Action::Nothing);
}

#[tokio::test]
async fn rows_whose_files_are_gone_stay_as_they_were_read() {
    let shop = Shop::new(JOB).await;
    shop.deliver("1.csv", "id,v,at,note\na,1,,x\n").await;
    std::fs::remove_file(shop.path("1.csv")).expect("removed");
    let shop = shop.respecified(&with_column("{name: note, type: string}"), JOB);
    let report = shop.deliver("2.csv", "id,v,at,note\nb,1,,y\n").await;
    assert_eq!(report.outcome.warnings.len(), 1);
    shop.check(&["a,1,∅,∅", "b,1,∅,y"]).await;
    assert_eq!(shop.run().await.action, Action::Nothing);
}

#[tokio::test]
async fn a_changed_file_without_a_key_is_refused_under_a_new_spec_too_when_others_are_gone() {
    let keyless = |contract: &str| contract.replace("key: [id]", "");
    let job = "files: ['*.csv']\nformat: {type: csv}\n";
    let shop = Shop::with_contract(&keyless(CONTRACT), job).await;
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    shop.deliver("2.csv", "id,v,at\nb,1,\n").await;
    std::fs::remove_file(shop.path("2.csv")).expect("removed");
    shop.put("1.csv", "id,v,at\na,1,\na,2,\n");
    let evolved = keyless(&with_column("{name: note, type: string}"));
    let shop = shop.respecified(&evolved, job);
    let error = shop.try_run().await.expect_err("refused");
    assert_eq!(error.kind(), Kind::Data);
    shop.check(&["a,1,∅", "b,1,∅"]).await;
}

#[tokio::test]
async fn descriptions_and_limits_are_no_change() {
    let shop = Shop::new(JOB).await;
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    let contract = CONTRACT
        .replace("max_percent: 100", "max_percent: 50")
        .replace("key:", "description: items\nkey:");
    let shop = shop.respecified(&contract, &JOB.replace("'*.csv'", "'*.csv', 'more/*.csv'"));
    assert_eq!(shop.run().await.action, Action::Nothing);
}

#[tokio::test]
async fn a_destructive_change_is_refused_and_changes_nothing() {
    let shop = Shop::new(JOB).await;
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    let shop = shop.respecified(&CONTRACT.replace("v, type: int", "v, type: boolean"), JOB);
    let error = shop.try_run().await.expect_err("refused");
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.to_string().contains('v'), "{error}");
    shop.check(&["a,1,∅"]).await;
}

#[tokio::test]
async fn another_mode_reads_everything_anew() {
    let shop = Shop::new(JOB).await;
    shop.deliver("1.csv", "id,v,at\na,1,2011-01-01\na,2,2011-01-02\n")
        .await;
    shop.check(&["a,2,2011-01-02"]).await;
    let shop = shop.respecified(CONTRACT, &JOB.replace("upsert", "append"));
    shop.run().await;
    shop.check(&["a,1,2011-01-01"]).await;
}
