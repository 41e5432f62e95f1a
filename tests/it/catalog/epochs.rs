//! Epochs: numbers are taken once, and the newest is found with or without the hint.

use std::collections::BTreeMap;

use c360_catalog::{Epoch, EpochTable, Kind};
use jiff::Timestamp;

use super::lakes::Lake;
use super::on_every_lake;

on_every_lake! {
    epochs_are_published_once_and_found,
    racing_publishers_have_one_winner,
    tables_of_epochs_are_not_made_anew_beside_them,
}

fn epoch(lake: &Lake, number: u64, run_id: &str) -> Epoch {
    let published = EpochTable {
        metadata_location: "s3://lake/t/metadata/00001-a.metadata.json".to_owned(),
        snapshot_id: 42,
    };
    Epoch {
        number,
        published_at: Timestamp::UNIX_EPOCH,
        run_id: run_id.to_owned(),
        tables: BTreeMap::from([(lake.name("customer360"), published)]),
        rollback_to: None,
        rolled_back_from: BTreeMap::new(),
    }
}

async fn epochs_are_published_once_and_found(lake: &Lake) {
    let epochs = lake.open().await.epochs();
    assert_eq!(epochs.latest().await.expect("asked"), None);
    assert_eq!(epochs.list().await.expect("asked"), []);
    let (first, second) = (epoch(lake, 1, "run-1"), epoch(lake, 2, "run-2"));
    assert!(epochs.create(&first).await.expect("published"));
    assert!(epochs.create(&second).await.expect("published"));
    assert!(
        !epochs
            .create(&epoch(lake, 2, "run-3"))
            .await
            .expect("asked"),
        "2 is taken"
    );
    assert!(
        epochs.create(&second).await.expect("asked"),
        "the same again is no loss"
    );
    assert_eq!(epochs.get(1).await.expect("asked"), Some(first.clone()));
    assert_eq!(epochs.get(3).await.expect("asked"), None);
    assert_eq!(epochs.latest().await.expect("asked"), Some(second.clone()));
    let again = lake.open().await.epochs();
    assert_eq!(again.list().await.expect("listed"), [first, second]);
}

async fn tables_of_epochs_are_not_made_anew_beside_them(lake: &Lake) {
    let warehouse = lake.open().await;
    let published = epoch(lake, 1, "run-1");
    assert!(
        warehouse
            .epochs()
            .create(&published)
            .await
            .expect("published")
    );
    let made = warehouse
        .create_or_evolve(&lake.definition("customer360", "id long"))
        .await;
    let error = made.expect_err("another catalog made what the epoch shows");
    assert_eq!(error.kind(), Kind::Invalid, "{error}");
    assert!(
        error
            .to_string()
            .contains("epoch 1, and its catalog knows none"),
        "{error}"
    );
    assert!(warehouse.check_catalog().await.is_err());
}

async fn racing_publishers_have_one_winner(lake: &Lake) {
    let epochs = lake.open().await.epochs();
    for number in 1..=5 {
        let racers = (0..8).map(|racer| {
            let (epochs, epoch) = (epochs.clone(), epoch(lake, number, &format!("run-{racer}")));
            tokio::spawn(async move { epochs.create(&epoch).await })
        });
        let outcomes = futures::future::join_all(racers).await;
        let won = outcomes
            .into_iter()
            .map(|outcome| outcome.expect("no panic").expect("answered"));
        assert_eq!(won.filter(|won| *won).count(), 1, "epoch {number}");
        assert_eq!(
            epochs
                .latest()
                .await
                .expect("asked")
                .map(|epoch| epoch.number),
            Some(number)
        );
    }
}
