//! What of a source can be verified: whatever its files, as they are now, say.

use c360_flow::{Clock, Sample, Selection, Silent, Verdict, Verification};

use super::shop::Shop;
use crate::planted;

const UPSERT: &str = "files: ['*.csv']\nformat: {type: csv}\nmode: upsert\norder_by: at\n";

/// What becomes of `raw.items`: `same`, why it is not verified, or the rows that are wrong.
async fn check(shop: &Shop, expected: &str) {
    let now = "2012-01-01T00:00:00Z".parse().expect("an instant");
    let clock = Clock {
        run_id: "verify".into(),
        now,
        as_of: now,
    };
    let jobs = Selection::default();
    let report = shop.engine().verify(&jobs, 9, &clock, &Silent).await;
    let report = report.expect("a report");
    assert_eq!(found(&report), expected);
    // A sample of all keys finds the same.
    let sample = Sample::new(100.0, 1).expect("a sample");
    let report = shop.engine();
    let report = report.verify_sample(sample, &jobs, 9, &clock, &Silent);
    assert_eq!(found(&report.await.expect("a report")), expected);
}

fn found(report: &Verification) -> String {
    match &report.tables[0].verdict {
        Verdict::Same { .. } => "same".to_owned(),
        Verdict::NotVerified(reason) | Verdict::NotSampled(reason) | Verdict::Broken(reason) => {
            reason.why.clone()
        }
        Verdict::Differs(found) => {
            let keys = found.mismatches.iter();
            let keys = keys.map(|it| format!("{:?} {}", it.what, it.key));
            keys.collect::<Vec<_>>().join(", ")
        }
    }
}

#[tokio::test]
async fn files_in_any_order_say_the_same() {
    let shop = Shop::new(UPSERT).await;
    shop.deliver("2.csv", "id,v,at\na,2,2011-01-02\n").await;
    shop.deliver("1.csv", "id,v,at\na,1,2011-01-01\nb,1,2011-01-01\nx,y,z\n")
        .await;
    check(&shop, "same").await;
    shop.put("3.csv", "id,v,at\nc,1,2011-01-03\n");
    check(&shop, "same").await;
    planted::lose(shop.warehouse(), "raw.items").await;
    // A run that dies between two commits leaves the same: the next one has to tell.
    check(&shop, "a run of items stopped half-way").await;
    shop.run().await;
    check(&shop, "Missing {\"id\":\"a\"}").await;
}

#[tokio::test]
async fn a_row_that_is_doubled_in_a_table_without_a_key_is_found() {
    let contract = super::shop::CONTRACT.replace("key: [id]", "");
    let shop = Shop::with_contract(&contract, "files: ['*.csv']\nformat: {type: csv}\n").await;
    shop.deliver("1.csv", "id,v,at\na,1,\na,1,\nb,,\n").await;
    check(&shop, "same").await;
    planted::double(shop.warehouse(), "raw.items").await;
    check(&shop, "Doubled {\"id\":\"a\",\"v\":1}").await;
}

#[tokio::test]
async fn a_file_that_changed_says_nothing_of_what_it_said_before() {
    let shop = Shop::new(UPSERT).await;
    shop.deliver("1.csv", "id,v,at\na,1,2011-01-01\n").await;
    shop.put("1.csv", "id,v,at\nb,1,2011-01-02\n");
    check(&shop, "file 1.csv changed since it was taken in").await;
    shop.run().await;
    let why = "file 1.csv came in several versions, of which the newest is there";
    check(&shop, why).await;
}
