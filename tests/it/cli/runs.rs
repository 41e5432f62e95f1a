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

    let sql = "SELECT job, outcome, rows_in, rows_rejected FROM ops.jobs ORDER BY started_at";
    home.c360(&["sql", "-c", sql])
        .exits(0)
        .prints("job,outcome,rows_in,rows_rejected\npeople,done,100,0\npeople,failed,100,90\n");
    home.c360(&["runs", "no-such-run"])
        .exits(2)
        .says("c360 runs lists them");
}

/// The morning after, why a query failed and what to do about it can be had from the ledger alone.
#[test]
fn a_failed_query_is_kept_with_its_cause_and_its_hint_and_without_values() {
    let home = Home::with_people();
    home.write(
        "jobs/ages.yaml",
        "job: ages\nkind: feature\ntable: customer.ages\nsql: sql/ages.sql\nkey: [id]\n",
    );
    let check = |sql: &str, code: i32, why: &str, hint: Option<&str>| {
        home.write("sql/ages.sql", sql);
        home.c360(&["run"]).exits(code);
        let run = &runs(&home)[0];
        assert_eq!(
            (run["error"].as_str(), run["hint"].as_str()),
            (Some(why), hint)
        );
        let id = run["run_id"].as_str().expect("a name");
        for words in [vec!["runs", id], vec!["status"]] {
            let told = home.c360(&words).exits(0).keeps_quiet_about("Person 1");
            let told = told.stdout + &told.stderr;
            assert!(told.contains(why), "{told}");
            assert!(hint.is_none_or(|hint| told.contains(hint)), "{told}");
        }
    };
    check(
        "SELECT id, agee FROM raw.people\n",
        2,
        "cannot plan sql/ages.sql: there is no column `agee`",
        Some("did you mean `age`?"),
    );
    check(
        "SELECT id, CAST(name AS INT) AS number FROM raw.people\n",
        3,
        "a query of job ages failed: a value cannot be cast to Int32",
        None,
    );
}
