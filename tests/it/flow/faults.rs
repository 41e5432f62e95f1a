//! A run over a store that fails, or that is gone from one write to the next, leaves nothing that the next run does
//! not mend, and no file that upkeep does not find.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use c360_catalog::{Warehouse, WarehouseConfig};
use c360_flow::{Kind, RunMode};

use super::lab::{Lab, Tables, assert_same, chain};
use super::retailer::Dice;
use super::scene::Scene;
use crate::asked::seeds;
use crate::catalog::lakes::{files_below, files_of};
use crate::rough_store::{RoughStore, Weather};

/// Disturbed runs of one scene.
const DISTURBED_EACH: u64 = 6;

/// How the store treats the run with this number.
type Disturbance = fn(&Weather, u64, &Undisturbed);

/// What a scene's run leaves when nothing goes wrong.
struct Undisturbed {
    tables: Tables,
    shown: Option<Vec<String>>,
    writes: u64,
}

async fn lab(scene: &Scene, weather: &Weather) -> Lab {
    let lake = scene.lake();
    let lake = lake.to_str().expect("a path in UTF-8");
    let config = WarehouseConfig {
        location: lake.to_owned(),
        catalog_uri: format!("sqlite:{lake}/catalog.db"),
        s3: None,
    };
    let weather = weather.clone();
    let rough = move |store| Arc::new(RoughStore::new(store, weather.clone())) as _;
    let warehouse = Warehouse::open_with_store(config, rough).await;
    Lab::at(&scene.project(), warehouse.expect("the lake opens"))
}

async fn undisturbed(scene: &Scene) -> Undisturbed {
    let weather = Weather::default();
    let lab = lab(scene, &weather).await;
    lab.run(&scene.as_of).await;
    Undisturbed {
        tables: lab.tables().await,
        shown: lab.shown().await.pop(),
        writes: weather.writes(),
    }
}

/// One disturbed run, and what the next one makes of it.
async fn disturb(scene: &Scene, seed: u64, disturbance: Disturbance, undisturbed: &Undisturbed) {
    scene.reset();
    let weather = Weather::default();
    disturbance(&weather, seed, undisturbed);
    let disturbed = lab(scene, &weather).await;
    if let Err(error) = disturbed.try_run(RunMode::default(), &scene.as_of).await {
        assert_eq!(
            error.kind(),
            Kind::Unavailable,
            "seed {seed}: {}",
            chain(&error)
        );
    }
    weather.clears();
    let what = format!("seed {seed}");
    let reopened = lab(scene, &weather).await;
    reopened.run(&scene.as_of).await;
    assert_same(&reopened.tables().await, &undisturbed.tables, &what);
    assert_eq!(
        reopened.shown().await.pop(),
        undisturbed.shown,
        "{what}: the newest epoch"
    );
    let again = reopened.run(&scene.as_of).await;
    assert!(again.nothing_happened(), "{what}: {:?}", again.jobs);
    reopened.maintain().await;
    let strays = strays(reopened.engine().warehouse(), &scene.lake()).await;
    assert!(strays.is_empty(), "{what}: upkeep did not find {strays:#?}");
    assert_same(&reopened.tables().await, &undisturbed.tables, &what);
}

/// Files of the lake that nothing refers to.
async fn strays(warehouse: &Warehouse, lake: &Path) -> Vec<PathBuf> {
    let mut wanted = BTreeSet::new();
    for name in warehouse.tables().await.expect("tables") {
        let table = warehouse.table(&name).await.expect("opened");
        wanted.extend(files_of(table.expect("a table").metadata_location()));
    }
    for epoch in warehouse.epochs().list().await.expect("epochs") {
        let tables = epoch.tables.values();
        wanted.extend(tables.flat_map(|table| files_of(&table.metadata_location)));
    }
    let is_own = |path: &Path| {
        let name = path.strip_prefix(lake).expect("below the lake");
        name.starts_with("epochs") || name.to_string_lossy().starts_with("catalog.db")
    };
    let files = files_below(lake).into_iter();
    files
        .filter(|path| !wanted.contains(path) && !is_own(path))
        .collect()
}

async fn disturb_all(seeds: std::ops::Range<u64>, disturbance: Disturbance) {
    for first in seeds.clone().step_by(DISTURBED_EACH as usize) {
        // A lake is in danger when it is made as well as later.
        let scene = match (first / DISTURBED_EACH).is_multiple_of(2) {
            true => Scene::prepare(first),
            false => Scene::untouched(first),
        };
        let undisturbed = undisturbed(&scene).await;
        eprintln!("seed {first}: a run writes {} files", undisturbed.writes);
        for seed in first..seeds.end.min(first + DISTURBED_EACH) {
            disturb(&scene, seed, disturbance, &undisturbed).await;
        }
    }
}

/// `C360_TEST_FAULTS` asks for more seeds.
fn asked() -> std::ops::Range<u64> {
    seeds("C360_TEST_FAULTS", 24)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_dies_at_any_write_is_mended_by_the_next() {
    disturb_all(asked(), |weather, seed, undisturbed| {
        let mut dice = Dice::new(seed);
        let done = dice.below(undisturbed.writes);
        weather.kills_after(done, dice);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_over_a_store_that_fails_is_mended_by_the_next() {
    disturb_all(asked(), |weather, seed, undisturbed| {
        let mut dice = Dice::new(seed);
        // From a fault or two in a run to one in every few calls.
        let one_in = 10 + dice.below(4 * undisturbed.writes);
        weather.roughens(dice, one_in);
    })
    .await;
}
