//! A run that would change more than the project allows stops before it publishes, and goes on when told to.

use c360_flow::{Kind, RunMode};

use super::lab::{Lab, assert_same, chain};
use super::retailer::Retailer;

const ACCEPT: RunMode = RunMode {
    accept: true,
    full: false,
};
const USUAL: RunMode = RunMode {
    accept: false,
    full: false,
};

/// How many of a history's runs a breaker stopped.
async fn stops(breakers: &str, seed: u64) -> usize {
    let (free, held) = (Lab::new().await, Lab::held(breakers).await);
    let mut retailer = Retailer::new(seed);
    let mut stops = 0;
    for day in ["1", "2", "3"] {
        let delivery = retailer.deliver();
        for lab in [&free, &held] {
            delivery.write(&lab.data(), day);
        }
        let as_of = retailer.as_of();
        free.run(&as_of).await;
        let shown = held.shown().await;
        for _ in 0..2 {
            let Err(error) = held.try_run(USUAL, &as_of).await else {
                break;
            };
            stops += 1;
            let text = chain(&error);
            assert_eq!(error.kind(), Kind::Data, "{text}");
            assert!(text.contains("stopped before it published"), "{text}");
            assert_eq!(held.shown().await, shown, "published all the same");
        }
        let accepted = held.try_run(ACCEPT, &as_of).await;
        accepted.unwrap_or_else(|error| panic!("{}", chain(&error)));
    }
    assert_same(&free.tables().await, &held.tables().await, breakers);
    stops
}

#[tokio::test(flavor = "multi_thread")]
async fn upheavals_of_persons_stop_a_run() {
    let breakers = "{merged_percent: 0, split_percent: 0, erased_percent: 0}";
    let stops = stops(breakers, 3).await;
    assert!(stops > 0 && stops.is_multiple_of(2), "{stops}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changed_rows_stop_a_publication() {
    // All but the first run change something.
    assert_eq!(stops("{changed_percent: 0}", 3).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_within_its_limits_goes_through() {
    let breakers =
        "{merged_percent: 100, split_percent: 1000, erased_percent: 100, changed_percent: 1000}";
    assert_eq!(stops(breakers, 3).await, 0);
}
