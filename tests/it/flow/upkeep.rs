//! Upkeep over the shipped project: what a dry run foresees, what goes with an epoch, who may be unknown.

use c360_flow::{Kind, ReadAt};

use super::histories::WORN;
use super::lab::{Lab, assert_same};
use super::retailer::Retailer;
use crate::catalog::lakes::files_below;

/// A lab after two deliveries, which made two epochs.
async fn two_days(upkeep: &str) -> (Lab, Retailer) {
    let lab = Lab::keeping(upkeep).await;
    let mut retailer = Retailer::new(5);
    for day in ["1", "2"] {
        retailer.deliver().write(&lab.data(), day);
        lab.run(&retailer.as_of()).await;
    }
    (lab, retailer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_there_is_to_do_and_does_nothing() {
    let (lab, _) = two_days(WORN).await;
    let lake = lab.data().with_file_name("lake");
    let before = files_below(&lake);
    let foreseen = lab.try_maintain(&[], true).await.expect("upkeep");
    assert_eq!(files_below(&lake), before);
    assert!(foreseen.dry_run);
    let done = lab.try_maintain(&[], false).await.expect("upkeep");
    assert_ne!(files_below(&lake), before);
    for (foreseen, done) in foreseen.tables.iter().zip(&done.tables) {
        let compacted = |table: &c360_flow::TableUpkeep| {
            (
                table.table.clone(),
                table.files,
                table.rewritten_files,
                table.dropped_deletes,
            )
        };
        assert_eq!(compacted(foreseen), compacted(done));
        // What compaction replaces expires too, which a dry run has not made.
        assert!(foreseen.expired_snapshots <= done.expired_snapshots);
        assert!(foreseen.deleted_files <= done.deleted_files);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn epochs_are_kept_unless_the_project_says_for_how_long() {
    let (lab, _) = two_days(WORN).await;
    let shown = lab.shown().await;
    let report = lab.try_maintain(&[], false).await.expect("upkeep");
    assert_eq!(report.epochs_retired, Vec::<u64>::new());
    assert_eq!(lab.shown().await, shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_retires_with_what_only_it_showed() {
    let (lab, mut retailer) = two_days(&WORN.replace('{', "{epochs_days: 30, ")).await;
    let (tables, shown) = (lab.tables().await, lab.shown().await);
    let report = lab.try_maintain(&[], false).await.expect("upkeep");
    assert_eq!(report.epochs_retired, [1]);
    assert_same(&tables, &lab.tables().await, "upkeep");
    lab.assert_verified(&retailer.as_of(), "upkeep").await;
    assert_eq!(lab.shown().await, shown[1..]);
    let gone = lab
        .shown_by(&ReadAt::Epoch(1))
        .await
        .expect_err("no such epoch");
    assert_eq!(gone.kind(), Kind::Invalid);
    retailer.deliver().write(&lab.data(), "3");
    let run = lab.run(&retailer.as_of()).await;
    assert_eq!(run.epoch.map(|epoch| epoch.number), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_tables_that_are_named_are_kept() {
    let (lab, _) = two_days(WORN).await;
    let name = |text: &str| text.parse().expect("a table's name");
    let report = lab
        .try_maintain(&[name("identity.records")], false)
        .await
        .expect("upkeep");
    let tables: Vec<&str> = report
        .tables
        .iter()
        .map(|table| table.table.as_str())
        .collect();
    assert_eq!(tables, ["identity.records"]);
    let error = lab
        .try_maintain(&[name("raw.nothing")], false)
        .await
        .expect_err("no such table");
    assert_eq!(error.kind(), Kind::Invalid);
}
