//! `c360 runs`: the ledger has what ran and what failed, and nothing of runs without work.

use serde_json::Value;

use super::runner::{Home, people};

fn runs(home: &Home) -> Vec<Value> {
    let printed = home.c360(&["runs", "--json"]).exits(0).stdout;
    serde_json::from_str(&printed).expect("a list")
}

#[test]
fn the_ledger_tells_what_ran_and_what_failed() {
    let home = Home::with_people();
    home.c360(&["runs"])
        .exits(0)
        .says("no run has done anything");
    home.c360(&["run"]).exits(0);
    home.c360(&["run"]).exits(0);
    home.write("data/people_2.csv", &people(100..200, 90));
    home.c360(&["run"]).exits(3);
    let ledger = runs(&home);
    let outcomes: Vec<&Value> = ledger.iter().map(|run| &run["outcome"]).collect();
    assert_eq!(
        outcomes,
        ["failed", "done"],
        "newest first, and no run that found nothing"
    );
    assert_eq!(ledger[0]["error_kind"], "data");
    assert!(ledger[1]["seconds"].as_f64() > Some(0.0));

    let done = ledger[1]["run_id"].as_str().expect("a name");
    let printed = home.c360(&["runs", done, "--json"]).exits(0).stdout;
    let jobs: Vec<Value> = serde_json::from_str(&printed).expect("a list");
    assert_eq!(jobs.len(), 1);
    assert_eq!(
        (&jobs[0]["job"], &jobs[0]["action"]),
        (&"people".into(), &"full".into())
    );
    assert_eq!(
        (&jobs[0]["rows_in"], &jobs[0]["inserted"]),
        (&100.into(), &100.into())
    );
    assert!(
        jobs[0]["inputs"]
            .as_str()
            .expect("JSON")
            .contains("manifest")
    );

    let sql = "SELECT job, outcome, rows_in FROM ops.jobs ORDER BY started_at";
    home.c360(&["sql", "-c", sql])
        .exits(0)
        .prints("job,outcome,rows_in\npeople,done,100\npeople,failed,0\n");
    home.c360(&["runs", "no-such-run"])
        .exits(2)
        .says("c360 runs lists them");
}
