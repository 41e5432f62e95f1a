//! `c360 status`: where the lake stands, whatever state it is in, and the same by its exit code.

use serde_json::Value;

use super::runner::{Home, people};

fn status(home: &Home) -> Value {
    home.c360(&["status", "--json"]).exits(0).json()
}

fn code(home: &Home) -> i32 {
    home.c360(&["status", "--exit-code"]).code
}

#[test]
fn before_the_first_run_everything_is_to_do() {
    let home = Home::with_people();
    home.c360(&["status"])
        .exits(0)
        .prints("last run     none that did anything")
        .prints("epoch        none is published")
        .prints("to do        1 of 1 job");
    let told = status(&home);
    assert_eq!(told["last_run"], Value::Null);
    let job = &told["jobs"][0];
    assert_eq!(
        (&job["action"], &job["rows"]),
        (&"full".into(), &Value::Null)
    );
    assert_eq!(job["source"]["waiting_files"], 1);
    assert_eq!(code(&home), 6);
    let tables = home.c360(&["tables", "--json"]).exits(0).json();
    assert_eq!(tables, serde_json::json!([]));
    assert!(!home.file("lake").exists(), "nothing is written");
}

#[test]
fn after_a_run_it_tells_what_came_of_each_job() {
    let home = Home::with_people();
    home.write("data/people.csv", &people(0..100, 2));
    home.c360(&["run"]).exits(0);
    let told = status(&home);
    assert_eq!(told["last_run"]["outcome"], "done");
    let job = &told["jobs"][0];
    assert_eq!(
        (&job["job"], &job["output"]),
        (&"people".into(), &"raw.people".into())
    );
    assert_eq!(
        (&job["rows"], &job["action"]),
        (&98.into(), &"nothing".into())
    );
    assert_eq!(job["last"]["run_id"], told["last_run"]["run_id"]);
    assert_eq!(
        (&job["last"]["action"], &job["last"]["rows_rejected"]),
        (&"full".into(), &2.into())
    );
    assert_eq!(
        (
            &job["source"]["quarantined"],
            &job["source"]["waiting_files"]
        ),
        (&2.into(), &0.into())
    );
    let instant = |value: &Value| -> jiff::Timestamp {
        value.as_str().expect("an instant").parse().expect("one")
    };
    assert!(instant(&job["source"]["newest_file_at"]) <= instant(&job["changed_at"]));
    assert!(instant(&job["changed_at"]) <= instant(&told["looked_at"]));
    assert_eq!(code(&home), 0);
    home.c360(&["status"])
        .exits(0)
        .prints("to do        nothing")
        .keeps_quiet_about("Person 99");
}

#[test]
fn a_failed_run_is_told_with_what_to_do_until_it_is_made_good() {
    let home = Home::with_people();
    home.c360(&["run"]).exits(0);
    home.write("data/people_2.csv", &people(100..200, 90));
    home.c360(&["run"]).exits(3);
    let told = status(&home);
    let run = &told["last_run"];
    assert_eq!(
        (&run["outcome"], &run["error_kind"]),
        (&"failed".into(), &"data".into())
    );
    assert!(run["hint"].is_string(), "{run}");
    let last = &told["jobs"][0]["last"];
    assert_eq!(
        (&last["outcome"], &last["rows_rejected"]),
        (&"failed".into(), &90.into())
    );
    assert_eq!(told["jobs"][0]["rows"], 100);
    home.c360(&["status"])
        .exits(0)
        .prints("failed: data")
        .prints("hint: ");
    assert_eq!(code(&home), 3);
    std::fs::remove_file(home.file("data/people_2.csv")).expect("the file");
    assert_eq!(code(&home), 0, "there is nothing left that could fail");
}

#[test]
fn a_job_that_cannot_be_planned_is_part_of_the_answer() {
    let home = Home::with_people();
    let job = home
        .read("jobs/people.yaml")
        .replace("people*.csv", "nobody.csv");
    home.write("jobs/people.yaml", &job);
    home.write("sql/names.sql", "SELECT id, name FROM raw.people\n");
    home.write(
        "jobs/names.yaml",
        "job: names\nkind: feature\ntable: customer.names\nsql: sql/names.sql\nkey: [id]\n",
    );
    let told = status(&home);
    let jobs = told["jobs"].as_array().expect("jobs");
    assert_eq!(
        (&jobs[0]["action"], &jobs[0]["error_kind"]),
        (&Value::Null, &"data".into())
    );
    assert!(
        jobs[0]["hint"]
            .as_str()
            .expect("a hint")
            .contains("jobs/people.yaml")
    );
    assert_eq!(
        (&jobs[1]["action"], &jobs[1]["why"]),
        (&"waits".into(), &"people would fail".into())
    );
    assert_eq!(code(&home), 3);
}

/// The job that did something last need not be part of the last run.
#[test]
fn each_job_is_told_by_the_run_that_it_was_last_active_in() {
    let home = Home::with_people();
    home.write(
        "sql/names.sql",
        "SELECT id, name FROM raw.people WHERE id < 100\n",
    );
    home.write(
        "jobs/names.yaml",
        "job: names\nkind: feature\ntable: customer.names\nsql: sql/names.sql\nkey: [id]\n",
    );
    home.c360(&["run"]).exits(0);
    let first = status(&home);
    home.write("data/people_2.csv", &people(100..200, 0));
    home.c360(&["run", "people"]).exits(0);
    let told = status(&home);
    let jobs = told["jobs"].as_array().expect("jobs");
    assert_eq!(jobs[0]["last"]["run_id"], told["last_run"]["run_id"]);
    assert_eq!(jobs[0]["last"]["inserted"], 100);
    assert_eq!(jobs[1]["last"]["run_id"], first["last_run"]["run_id"]);
    assert_ne!(first["last_run"]["run_id"], told["last_run"]["run_id"]);
}
