//! `c360 verify` over one small source: silent, or exactly what is wrong and how to mend it.

use std::future::Future;

use c360_catalog::{Warehouse, WarehouseConfig};
use tokio::runtime::Runtime;

use super::runner::Home;
use crate::planted;

/// Does something to the lake behind the command line's back.
fn behind<F: Future>(home: &Home, plant: impl FnOnce(Warehouse) -> F) {
    let lake = home.file("lake").display().to_string();
    let config = WarehouseConfig {
        catalog_uri: format!("sqlite:{lake}/catalog.db"),
        location: lake,
        s3: None,
    };
    Runtime::new().expect("a runtime").block_on(async {
        plant(Warehouse::open(config).await.expect("a lake")).await;
    });
}

fn with_a_run() -> Home {
    let home = Home::with_people();
    home.c360(&["run"]).exits(0);
    home
}

#[test]
fn a_good_lake_is_silent() {
    let home = with_a_run();
    let verified = home
        .c360(&["verify"])
        .exits(0)
        .says("2 tables verified, 100 rows: nothing differs");
    assert_eq!(verified.stdout, "");
    let report = home.c360(&["verify", "--json"]).exits(0).json();
    assert_eq!(report["tables"][0]["table"], "raw.people");
    assert_eq!(report["tables"][0]["verdict"], "same");
    assert_eq!(report["tables"][0]["rows"], 100);
}

#[test]
fn a_wrong_cell_is_named_and_repaired() {
    let home = with_a_run();
    behind(&home, async |lake| {
        planted::change(&lake, "raw.people", "id = 7", "age", "CAST(99 AS INT)").await;
    });
    home.c360(&["plan"]).exits(0).says("nothing to do");
    home.c360(&["verify"])
        .exits(3)
        .prints("raw.people: 1 differing, of 100 rows\n")
        .prints("differs  id=7  age     99           7")
        .says("data: 1 table is not what its inputs make")
        .says("c360 run --full people");
    let ran = home.c360(&["verify", "--json", "people"]).exits(3);
    let mismatch = &ran.json()["tables"][0]["mismatches"][0];
    let expected = serde_json::json!({
        "what": "differs",
        "key": {"id": 7},
        "column": "age",
        "lake": 99,
        "rebuilt": 7,
    });
    assert_eq!(*mismatch, expected);
    assert_eq!(ran.error()["kind"], "data");
    home.c360(&["run", "--full", "people"])
        .exits(0)
        .prints("full");
    home.c360(&["verify"]).exits(0);
}

#[test]
fn as_many_mismatches_are_shown_as_are_asked_for() {
    let home = with_a_run();
    behind(&home, async |lake| {
        for _ in 0..3 {
            planted::lose(&lake, "raw.people").await;
        }
    });
    let ran = home.c360(&["verify", "--limit", "2"]).exits(3);
    let ran = ran.prints("raw.people: 3 missing, of 97 rows\n");
    assert_eq!(
        ran.stdout.matches("missing  id=").count(),
        2,
        "{}",
        ran.stdout
    );
}

#[test]
fn what_cannot_be_verified_says_why_and_what_to_do() {
    let home = with_a_run();
    let contract = home.read("schemas/people.yaml");
    let contract = contract.replace("type: int}", "type: int, required: true}");
    home.write("schemas/people.yaml", &contract);
    home.c360(&["verify"])
        .exits(0)
        .prints("the spec of people changed since")
        .prints("c360 run people, then verify again")
        .says("0 tables verified, 0 rows: nothing differs; 2 not verified");
}

#[test]
fn a_lake_without_tables_is_not_called_fine() {
    let home = Home::with_people();
    home.c360(&["verify"])
        .exits(0)
        .prints("raw.people was never made")
        .prints("c360 run people");
}

#[test]
fn a_sample_says_what_it_saw_and_how_to_see_it_again() {
    let home = with_a_run();
    let ran = home
        .c360(&["verify", "--sample", "30%", "--seed", "3"])
        .exits(0)
        .says("rows in 30% of the keys: nothing differs")
        .says("--seed 3 takes the same keys again");
    let line = ran.stdout.lines().find(|it| it.starts_with("raw.people "));
    let cells: Vec<&str> = line.expect("a line").split_whitespace().collect();
    let [_, compared, "100"] = cells[..] else {
        panic!("{}", ran.stdout);
    };
    let compared: u32 = compared.parse().expect("a number");
    assert!((10..60).contains(&compared), "{compared}");
    let words = ["verify", "--json", "--sample", "30", "--seed", "3"];
    let report = home.c360(&words).exits(0).json();
    assert_eq!(
        report["sample"],
        serde_json::json!({"percent": 30.0, "seed": 3})
    );
    assert_eq!(report["tables"][0]["rows"], compared);
    assert_eq!(report["tables"][0]["rows_total"], 100);
}

#[test]
fn a_wrong_cell_is_found_by_the_seeds_whose_sample_holds_it() {
    let home = with_a_run();
    behind(&home, async |lake| {
        planted::change(&lake, "raw.people", "id = 7", "age", "CAST(99 AS INT)").await;
    });
    let mut codes = Vec::new();
    for seed in 0..8 {
        let seed = seed.to_string();
        let ran = home.c360(&["verify", "--sample", "40%", "--seed", &seed]);
        if ran.code != 0 {
            assert!(ran.stdout.contains("raw.people: 1 differing, of "));
            assert!(ran.stdout.contains(" rows compared of 100\n"), "{ran:?}");
        }
        codes.push(ran.code);
    }
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, [0, 3]);
}

#[test]
fn a_sample_of_nothing_is_refused() {
    let home = Home::with_people();
    for percent in ["0", "-1%", "101%", "half"] {
        let words = format!("--sample={percent}");
        home.c360(&["verify", &words])
            .exits(2)
            .says("more than 0% and at most 100%");
    }
    home.c360(&["verify", "--seed", "1"])
        .exits(2)
        .says("--sample");
}
