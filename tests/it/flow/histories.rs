//! Random small histories: after every delivery the tables equal a rebuild from all files, person ids included.

use super::lab::{Lab, assert_same, assert_same_lakes};
use super::retailer::{Delivery, Retailer};

/// Upkeep finds everything worn and old.
pub const WORN: &str = "{snapshots_days: 0, small_files: 2, delete_files: 2, deleted_percent: 1}";

/// Of so many histories, the lake of one is verified after every step.
const VERIFIED_EVERY: u64 = 6;

/// Steps of one history.
const STEPS: usize = 4;

async fn check(seed: u64) {
    let mut retailer = Retailer::new(seed);
    let incremental = Lab::keeping(WORN).await;
    let mut so_far: Vec<Delivery> = Vec::new();
    for step in 0..STEPS {
        let delivery = retailer.deliver();
        delivery.write(&incremental.data(), &format!("{step}"));
        incremental.run(&retailer.as_of()).await;
        so_far.push(delivery);
        let what = format!("seed {seed}, step {step}");
        if step == 1 + seed as usize % 3 {
            keep_up(&incremental, &retailer.as_of(), &what).await;
        }
        if seed.is_multiple_of(VERIFIED_EVERY) {
            incremental.assert_verified(&retailer.as_of(), &what).await;
        }
    }
    incremental.run_retrained(&retailer.as_of()).await;
    let rebuilt = Lab::new().await;
    let everything = so_far
        .into_iter()
        .reduce(Delivery::and)
        .expect("deliveries");
    everything.write(&rebuilt.data(), "all");
    rebuilt.run(&retailer.as_of()).await;
    let what = format!("seed {seed}");
    let [one, other] = [&incremental, &rebuilt].map(Lab::engine);
    assert_same_lakes(one, other, |_| true, &what).await;

    let again = incremental.run(&retailer.as_of()).await;
    assert!(
        again.nothing_happened(),
        "{what}: a second run found work: {:?}",
        again.jobs
    );
}

/// Upkeep in between changes no row, now or in an epoch, and leaves no job more to do.
async fn keep_up(lab: &Lab, as_of: &str, what: &str) {
    let (tables, shown) = (lab.tables().await, lab.shown().await);
    let report = lab.maintain().await;
    assert!(
        report.tables.iter().any(|table| !table.is_empty()),
        "{what}: {report:?}"
    );
    assert_same(&tables, &lab.tables().await, &format!("{what}, upkeep"));
    assert_eq!(shown, lab.shown().await, "{what}: an epoch after upkeep");
    let again = lab.run(as_of).await;
    assert!(
        again.nothing_happened(),
        "{what}: work after upkeep: {:?}",
        again.jobs
    );
    let again = lab.maintain().await;
    let busy: Vec<_> = again
        .tables
        .iter()
        .filter(|table| !table.is_empty())
        .collect();
    assert!(busy.is_empty(), "{what}: upkeep twice: {busy:?}");
}

/// `C360_TEST_HISTORIES` asks for more of them, `C360_TEST_SEED` for a certain one.
#[tokio::test(flavor = "multi_thread")]
async fn incremental_runs_equal_one_full_run() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    if let Some(seed) = number("C360_TEST_SEED") {
        return check(seed).await;
    }
    for seed in 0..number("C360_TEST_HISTORIES").unwrap_or(12) {
        eprintln!("history {seed}");
        check(seed).await;
    }
}
