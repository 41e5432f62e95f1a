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
