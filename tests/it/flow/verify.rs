//! A verification finds what was planted, nothing else, and writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::SystemTime;

use c360_flow::{Action, Verdict, Verification, What};
use datafusion::arrow::util::display::array_value_to_string;

use super::lab::{Lab, assert_same};
use super::retailer::Retailer;
use crate::planted;

/// A lake of two deliveries, the second of which was taken in incrementally.
async fn grown(seed: u64) -> (Lab, Retailer) {
    let (lab, mut retailer) = (Lab::new().await, Retailer::new(seed));
    for part in ["1", "2"] {
        let delivery = retailer.deliver().and(retailer.deliver());
        delivery.write(&lab.data(), part);
        lab.run(&retailer.as_of()).await;
    }
    (lab, retailer)
}

/// Every file below a folder, with its size and time.
fn files(folder: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
            continue;
        }
        let about = path.metadata().expect("a file");
        let time = about.modified().expect("a time");
        found.insert(path.display().to_string(), (about.len(), time));
    }
    found
}

/// The tables that are not what they should be, with what is wrong of the first mismatch and its column.
fn wrong(report: &Verification) -> Vec<(&str, What, Option<&str>)> {
    let found = report
        .tables
        .iter()
        .filter_map(|table| match &table.verdict {
            Verdict::Differs(found) => {
                let first = &found.mismatches[0];
                Some((table.table.as_str(), first.what, first.column.as_deref()))
            }
            Verdict::Broken(reason) => panic!("{}: {}", table.table, reason.why),
            Verdict::Same { .. } | Verdict::NotVerified(_) | Verdict::NotSampled(_) => None,
        });
    found.collect()
}

/// Tables that were not verified, and why.
fn unverified(report: &Verification) -> Vec<(&str, &str)> {
    let found = report
        .tables
        .iter()
        .filter_map(|table| match &table.verdict {
            Verdict::NotVerified(reason) => Some((table.table.as_str(), reason.why.as_str())),
            _ => None,
        });
    found.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_lake_is_verified_whole_and_not_written_to() {
    let (lab, mut retailer) = grown(3).await;
    let as_of = retailer.as_of();
    let before = files(&lab.lake());
    let report = lab.verify(&as_of).await;
    assert_eq!((wrong(&report), unverified(&report)), (vec![], vec![]));
    let (tables, rows) = report.same();
    assert_eq!(tables, lab.engine().rebuilt_tables().len() as u64);
    assert!(rows > 100, "{rows}");
    // Neither news nor another day is a mismatch.
    retailer
        .deliver()
        .and(retailer.deliver())
        .write(&lab.data(), "3");
    let report = lab.verify(&retailer.as_of()).await;
    assert_eq!((wrong(&report), unverified(&report)), (vec![], vec![]));
    assert_eq!(files(&lab.lake()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_corruption_is_found_where_it_is_and_a_full_run_repairs_it() {
    let (lab, retailer) = grown(4).await;
    let as_of = retailer.as_of();
    let lake = lab.engine().warehouse();
    planted::double(lake, "identity.records").await;
    let moved = planted::change(
        lake,
        "identity.persons",
        "true",
        "person_id",
        "'somebody else'",
    )
    .await;
    planted::lose(lake, "customer.rfm").await;
    let stale = "CAST(spend_90_days + 1 AS DECIMAL(18, 3))";
    planted::change(
        lake,
        "customer.order_features",
        "true",
        "spend_90_days",
        stale,
    )
    .await;
    planted::change(
        lake,
        "publish.customer360",
        "true",
        "first_name",
        "'nobody'",
    )
    .await;
    planted::lose(lake, "raw.ecom_accounts").await;

    let before = files(&lab.lake());
    let report = lab.verify(&as_of).await;
    let expected = [
        ("raw.ecom_accounts", What::Missing, None),
        ("identity.records", What::Doubled, None),
        ("identity.persons", What::Differs, Some("person_id")),
        (
            "customer.order_features",
            What::Differs,
            Some("spend_90_days"),
        ),
        ("customer.rfm", What::Missing, None),
        ("publish.customer360", What::Differs, Some("first_name")),
    ];
    let mut found = wrong(&report);
    found.sort_by_key(|(table, ..)| expected.iter().position(|(other, ..)| other == table));
    assert_eq!(found, expected);
    assert_eq!(unverified(&report), []);
    assert_eq!(files(&lab.lake()), before);

    // The values and the key are named.
    let persons = report
        .tables
        .iter()
        .find(|it| it.table == "identity.persons");
    let Some(Verdict::Differs(found)) = persons.map(|it| &it.verdict) else {
        panic!("{persons:?}");
    };
    let mismatch = &found.mismatches[0];
    assert_eq!(
        (
            found.differing,
            found.missing + found.surplus + found.doubled
        ),
        (1, 0)
    );
    assert_eq!(
        mismatch.lake.as_deref().map(|it| it.get()),
        Some("\"somebody else\"")
    );
    let at = moved.schema().index_of("key").expect("a column");
    let key = moved.column(at);
    let key = array_value_to_string(key, 0).expect("a text");
    assert_eq!(mismatch.key.text("key"), Some(key));
    let person = mismatch.rebuilt.as_deref().expect("a person").get();
    assert!(person.len() > 10, "{person}");

    let run = lab.run_in_full(&report.jobs_to_repair(), &as_of).await;
    assert!(
        run.jobs.iter().all(|job| job.action == Action::Full),
        "{:?}",
        run.jobs
    );
    lab.run(&as_of).await;
    let report = lab.verify(&as_of).await;
    assert_eq!((wrong(&report), unverified(&report)), (vec![], vec![]));
    assert!(lab.run(&as_of).await.nothing_happened());
}

/// Tables of which no sample was taken.
fn not_sampled(report: &Verification) -> BTreeSet<&str> {
    let tables = report.tables.iter();
    let left_out = tables.filter(|table| matches!(table.verdict, Verdict::NotSampled(_)));
    left_out.map(|table| table.table.as_str()).collect()
}

/// Tables that are as they should be, with their rows that were compared and all that they have.
fn compared(report: &Verification) -> BTreeMap<&str, [u64; 2]> {
    let tables = report.tables.iter();
    let same = tables.filter_map(|table| match table.verdict {
        Verdict::Same { rows, rows_total } => Some((table.table.as_str(), [rows, rows_total])),
        _ => None,
    });
    same.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_of_a_good_lake_finds_nothing_and_says_how_much_it_saw() {
    let (lab, retailer) = grown(3).await;
    let as_of = retailer.as_of();
    let before = files(&lab.lake());
    let all = lab.verify(&as_of).await;
    let all = compared(&all);
    for (percent, seed) in [(100.0, 1), (30.0, 1), (30.0, 2)] {
        let report = lab.verify_sample(percent, seed, &as_of).await;
        assert_eq!((wrong(&report), unverified(&report)), (vec![], vec![]));
        let (seen, left_out) = (compared(&report), not_sampled(&report));
        assert_eq!(seen.len() + left_out.len(), all.len());
        for whole in ["identity.persons", "identity.matches", "customer.rfm"] {
            assert!(left_out.contains(whole), "{left_out:?}");
        }
        for part in ["raw.ecom_accounts", "identity.records", "customer.orders"] {
            assert!(seen.contains_key(part), "{seen:?}");
        }
        for (table, [rows, total]) in &seen {
            assert_eq!([*total, *total], all[table], "{table}");
            assert!(
                rows <= total && (percent < 100.0 || rows == total),
                "{table}"
            );
        }
        let sum = |at: usize| seen.values().map(|rows| rows[at]).sum::<u64>();
        let share = sum(0) * 100 / sum(1);
        assert!(percent > 99.0 || (20..45).contains(&share), "{share}%");
        let again = lab.verify_sample(percent, seed, &as_of).await;
        assert_eq!(seen, compared(&again));
    }
    assert_eq!(files(&lab.lake()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_planted_is_found_by_the_samples_that_hold_it_and_by_no_other() {
    let (lab, retailer) = grown(4).await;
    let as_of = retailer.as_of();
    let lake = lab.engine().warehouse();
    planted::lose(lake, "raw.ecom_accounts").await;
    planted::double(lake, "identity.records").await;
    planted::lose(lake, "customer.orders").await;
    planted::double(lake, "customer.profiles").await;
    planted::change(lake, "customer.order_features", "true", "orders", "-1").await;
    planted::change(
        lake,
        "publish.customer360",
        "true",
        "first_name",
        "'nobody'",
    )
    .await;
    let planted = [
        ("raw.ecom_accounts", What::Missing, None),
        ("identity.records", What::Doubled, None),
        ("customer.orders", What::Missing, None),
        ("customer.profiles", What::Doubled, None),
        ("customer.order_features", What::Differs, Some("orders")),
        ("publish.customer360", What::Differs, Some("first_name")),
    ];
    let all = lab.verify_sample(100.0, 0, &as_of).await;
    let mut found = wrong(&all);
    found.sort_by_key(|(table, ..)| planted.iter().position(|(other, ..)| other == table));
    assert_eq!(found, planted);

    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let seeds = 0..8;
    for seed in seeds.clone() {
        let report = lab.verify_sample(50.0, seed, &as_of).await;
        for found in wrong(&report) {
            let planted = planted.iter().find(|planted| **planted == found);
            let (table, ..) = planted.unwrap_or_else(|| panic!("{found:?}"));
            *seen.entry(table).or_default() += 1;
        }
    }
    for (table, ..) in planted {
        let samples = seen.get(table).copied().unwrap_or_default();
        assert!((1..seeds.end).contains(&samples), "{table}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_followed_from_a_wrong_row_is_mended_with_it() {
    let (lab, retailer) = grown(8).await;
    let as_of = retailer.as_of();
    let before = lab.tables().await;
    let lake = lab.engine().warehouse();
    planted::change(
        lake,
        "identity.persons",
        "source = 'crm_contacts'",
        "person_id",
        "'somebody else'",
    )
    .await;
    lab.run(&as_of).await;
    let profiles = lab.tables().await.remove("customer.profiles");
    assert!(profiles.as_ref() != before.get("customer.profiles"));
    let report = lab.verify(&as_of).await;
    let expected = ("identity.persons", What::Differs, Some("person_id"));
    assert_eq!(wrong(&report), [expected]);
    lab.run_in_full(&report.jobs_to_repair(), &as_of).await;
    lab.run(&as_of).await;
    assert_same(&lab.tables().await, &before, "after the repair");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_run_of_a_good_lake_changes_no_row() {
    let (lab, retailer) = grown(5).await;
    let before = lab.tables().await;
    let run = lab.run_in_full(&[], &retailer.as_of()).await;
    assert!(
        run.jobs.iter().all(|job| job.action == Action::Full),
        "{:?}",
        run.jobs
    );
    let rows = |job: &c360_flow::JobReport| {
        let it = &job.outcome;
        job.kind == "source" || it.inserted + it.updated + it.deleted == 0
    };
    assert!(run.jobs.iter().all(rows), "{:?}", run.jobs);
    assert_same(&lab.tables().await, &before, "after a full run");
    let report = lab.verify(&retailer.as_of()).await;
    assert_eq!((wrong(&report), unverified(&report)), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_again_is_not_called_fine() {
    let (lab, retailer) = grown(6).await;
    std::fs::remove_file(lab.data().join("consent_events_1.csv")).expect("a file");
    let report = lab.verify(&retailer.as_of()).await;
    assert_eq!(wrong(&report), []);
    let why = "file consent_events_1.csv is gone";
    let expected = [
        ("raw.consent_events", why),
        ("raw.consent_events__rejects", why),
    ];
    assert_eq!(unverified(&report), expected);
}
