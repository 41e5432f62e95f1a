//! Random small histories: after every delivery the tables equal a rebuild from all files, person ids included.

use c360_flow::RecordName;
use c360_spec::TableName;

use super::copied::Copied;
use super::lab::{Edit, Lab, assert_same, assert_same_lakes};
use super::retailer::{Delivery, Dice, Retailer};
use crate::asked::seeds;

/// Upkeep finds everything worn and old.
pub const WORN: &str = "{snapshots_days: 0, small_files: 2, delete_files: 2, deleted_percent: 1}";

/// Of so many histories, the lake of one is verified after every step.
const VERIFIED_EVERY: u64 = 6;

/// Steps of one history.
const STEPS: usize = 4;

/// Changes of the spec that users make: of who is who, of a figure, of a column, of a profile's rule, of a contract.
const EDITS: [Edit; 5] = [
    Edit {
        path: "jobs/identity.yaml",
        from: "max_per_person: 5",
        to: "max_per_person: 2",
    },
    Edit {
        path: "sql/order_features.sql",
        from: "MIN(channel) AS channel",
        to: "MAX(channel) AS channel",
    },
    Edit {
        path: "sql/session_features.sql",
        from: "    person_events.events,",
        to: "    CAST(person_events.events AS string) AS happenings,",
    },
    Edit {
        path: "jobs/profiles.yaml",
        from: "{name: phone, rule: newest}",
        to: "{name: phone, rule: most_frequent}",
    },
    Edit {
        path: "schemas/newsletter_subscribers.yaml",
        from: "description: When the subscription was made}\nrejects: {max_percent: 1.0}",
        to: "min: '2011-02-01 00:00:00', description: made}\nrejects: {max_percent: 100}",
    },
];

/// Trade, and what comes between: stewards decide, days pass without trade, the spec is edited, upkeep comes by.
async fn check(seed: u64, verified: bool) {
    let mut retailer = Retailer::new(seed);
    let mut chance = Dice::new(seed + 1_000_000);
    let mut incremental = Lab::keeping(WORN).await;
    let mut so_far: Vec<Delivery> = Vec::new();
    let edit = &EDITS[chance.below(EDITS.len() as u64) as usize];
    let edited_at = chance.below(2 * STEPS as u64) as usize;
    for step in 0..STEPS {
        let what = format!("seed {seed}, step {step}");
        for part in 0..1 + chance.below(2) {
            let delivery = retailer.deliver();
            delivery.write(&incremental.data(), &format!("{step}-{part}"));
            so_far.push(delivery);
        }
        if step == edited_at {
            incremental = incremental.edited(edit).await;
        }
        incremental.run(&retailer.as_of()).await;
        for _ in 0..chance.below(3) {
            decide(&incremental, &mut chance).await;
        }
        retailer.waits([0, chance.below(60) as i64][chance.below(2) as usize]);
        incremental.run(&retailer.as_of()).await;
        if step == 1 + seed as usize % 3 {
            keep_up(&incremental, &retailer.as_of(), &what).await;
        }
        if verified {
            incremental.assert_verified(&retailer.as_of(), &what).await;
        }
    }
    incremental.run_retrained(&retailer.as_of()).await;
    let mut rebuilt = Lab::new().await;
    if edited_at < STEPS {
        rebuilt = rebuilt.edited(edit).await;
    }
    let [one, other] = [&incremental, &rebuilt].map(Lab::engine);
    let decided = Copied::of(one.warehouse(), &["identity.decisions"]).await;
    decided.put(other.warehouse()).await;
    let everything = so_far
        .into_iter()
        .reduce(Delivery::and)
        .expect("deliveries");
    everything.write(&rebuilt.data(), "all");
    rebuilt.run(&retailer.as_of()).await;
    let what = format!("seed {seed}");
    // A row that an edit made a reject is told by the file that it came in, which is another one.
    let has_rejects = edited_at < STEPS && edit.path.starts_with("schemas/");
    let is_meant = |table: &TableName| !(has_rejects && table.name().ends_with("__rejects"));
    assert_same_lakes(one, other, is_meant, &what).await;

    let again = incremental.run(&retailer.as_of()).await;
    assert!(
        again.nothing_happened(),
        "{what}: a second run found work: {:?}",
        again.jobs
    );
}

/// The records that a steward may decide about.
pub const RECORDS: &str = "SELECT source, key FROM identity.records ORDER BY source, key";

/// Two of the records that were found, if there are two.
pub fn two_of(mut records: Vec<Vec<String>>, chance: &mut Dice) -> Option<[RecordName; 2]> {
    if records.len() < 2 {
        return None;
    }
    let mut drawn = || {
        let at = chance.below(records.len() as u64) as usize;
        let [source, key] = records.remove(at).try_into().expect("two cells");
        RecordName { source, key }
    };
    Some([drawn(), drawn()])
}

/// A steward links or unlinks two records.
async fn decide(lab: &Lab, chance: &mut Dice) {
    let records = lab.query(RECORDS).await.expect("records");
    if let Some([a, b]) = two_of(records, chance) {
        lab.decide([&a, &b], chance.below(2) == 0).await;
    }
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

/// `C360_TEST_HISTORIES` asks for more of them.
#[tokio::test(flavor = "multi_thread")]
async fn incremental_runs_equal_one_full_run() {
    for seed in seeds("C360_TEST_HISTORIES", 12) {
        eprintln!("history {seed}");
        check(seed, seed.is_multiple_of(VERIFIED_EVERY)).await;
    }
}
