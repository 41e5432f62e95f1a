//! A run that is killed, or that races another, leaves nothing that the next run does not mend.

use std::time::{Duration, Instant};

use super::lab::{Lab, assert_same};
use super::retailer::Dice;
use super::scene::Scene;
use crate::asked::{number, writing_time};

/// Jobs that have nothing to do with each other, sorted.
const SOURCES: [&str; 8] = [
    "consent_events",
    "crm_contacts",
    "ecom_accounts",
    "loyalty_members",
    "newsletter_subscribers",
    "order_lines",
    "prospect_list",
    "web_events",
];

/// After so many kills, the lake of one is verified before the next run.
const VERIFIED_EVERY: u64 = 10;

/// `C360_TEST_KILLS` asks for more moments than 50.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_at_any_moment_and_run_again_leaves_what_an_undisturbed_run_leaves() {
    let scene = Scene::prepare(7);
    let started = Instant::now();
    scene.run("the undisturbed run");
    let whole = started.elapsed();
    let undisturbed = scene.tables().await;
    let kills = number("C360_TEST_KILLS").unwrap_or(50);
    let mut dice = Dice::new(1);
    let mut killed = 0;
    for moment in 0..kills {
        scene.reset();
        let mut run = scene.start();
        std::thread::sleep(whole.mul_f64(dice.below(1000) as f64 / 1000.0));
        killed += u64::from(run.try_wait().expect("a state").is_none());
        run.kill().expect("a kill");
        run.wait().expect("an end");
        if moment % VERIFIED_EVERY == 0 {
            scene.assert_nothing_wrong().await;
        }
        scene.run(&format!("moment {moment}: the run after the kill"));
        assert_same(
            &scene.tables().await,
            &undisturbed,
            &format!("moment {moment}"),
        );
    }
    eprintln!("{killed} of {kills} runs were killed before they ended");
    assert!(
        killed > kills / 2,
        "most runs ended before they were killed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_double_and_lose_nothing() {
    let scene = Scene::prepare(8);
    scene.run("the undisturbed run");
    let undisturbed = scene.tables().await;
    for round in 0..3 {
        scene.reset();
        let mut runs = [scene.start(), scene.start()];
        std::thread::sleep(Duration::from_millis(50 * round));
        let codes = runs
            .each_mut()
            .map(|run| run.wait().expect("an end").code());
        assert!(
            codes.iter().all(|code| matches!(code, Some(0 | 4))),
            "round {round}: {codes:?}"
        );
        assert!(
            codes.contains(&Some(0)),
            "round {round}: nobody won: {codes:?}"
        );
        scene.run(&format!("round {round}: the run after the race"));
        assert_same(
            &scene.tables().await,
            &undisturbed,
            &format!("round {round}"),
        );
    }
}

/// Each job commits a table of its own, and all of them commit to the ledger.
#[tokio::test(flavor = "multi_thread")]
async fn eight_runs_of_other_jobs_at_once_all_end_well() {
    let scene = Scene::untouched(9);
    scene.run("the undisturbed run");
    let undisturbed = scene.tables().await;
    let until = Instant::now() + writing_time();
    let mut rounds = 0;
    while rounds == 0 || Instant::now() < until {
        scene.reset();
        let mut runs = SOURCES.map(|job| scene.start_job(job));
        let codes = runs
            .each_mut()
            .map(|run| run.wait().expect("an end").code());
        assert_eq!(codes, [Some(0); 8], "round {rounds}");
        let jobs = Lab::open(&scene.project())
            .await
            .rows("SELECT DISTINCT job FROM ops.jobs")
            .await;
        assert_eq!(jobs, SOURCES, "round {rounds}: the ledger");
        scene.run(&format!("round {rounds}: the run after the race"));
        assert_same(
            &scene.tables().await,
            &undisturbed,
            &format!("round {rounds}"),
        );
        rounds += 1;
    }
    eprintln!("{rounds} rounds");
}
