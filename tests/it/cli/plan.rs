//! What `c360 plan` says that a run would read and write, held against what there is and what runs do.

use serde_json::{Value, json};

use super::runner::{Home, people};

const AGES_JOB: &str = "\
job: ages
kind: feature
table: customer.ages
sql: sql/ages.sql
key: [age]
";

const AGES_SQL: &str = "\
SELECT age, COUNT(*) AS people
FROM raw.people
WHERE age IS NOT NULL
GROUP BY age
";

fn with_ages() -> Home {
    let home = Home::with_people();
    home.write("jobs/ages.yaml", AGES_JOB);
    home.write("sql/ages.sql", AGES_SQL);
    home
}

fn planned(home: &Home, words: &[&str]) -> Value {
    let words = [&["plan", "--json"], words].concat();
    home.c360(&words).exits(0).json()["jobs"].clone()
}

/// A name, a figure, and whether it is an estimate.
fn figure(job: &Value, name: &str) -> (Option<u64>, bool) {
    let estimated = job["estimated"].as_array().expect("a list");
    (job[name].as_u64(), estimated.contains(&json!(name)))
}

#[test]
fn of_waiting_files_bytes_are_known_and_rows_estimated_once_some_were_read() {
    let home = with_ages();
    let bytes = |file: &str| Some(home.read(file).len() as u64);
    let jobs = planned(&home, &[]);
    assert_eq!(jobs[0]["job"], "people");
    let first = bytes("data/people.csv");
    assert_eq!(figure(&jobs[0], "bytes_to_read"), (first, false));
    assert_eq!(figure(&jobs[0], "rows_to_read"), (None, false));
    assert_eq!(jobs[1]["action"], "waits");
    assert_eq!(figure(&jobs[1], "rows_to_read"), (None, false));
    home.c360(&["plan"])
        .exits(0)
        .prints("?")
        .says("? cannot be told before the run");

    home.c360(&["run"]).exits(0);
    home.write("data/people_2.csv", &people(100..150, 0));
    let jobs = planned(&home, &[]);
    let second = bytes("data/people_2.csv");
    assert_eq!(figure(&jobs[0], "bytes_to_read"), (second, false));
    let (rows, is_estimated) = figure(&jobs[0], "rows_to_read");
    let rows = rows.expect("an estimate");
    assert!(is_estimated && (40..70).contains(&rows), "{rows}");
    // What the source will write is what the next job will read.
    let written = figure(&jobs[0], "rows_to_write");
    assert!(written.1, "{jobs}");
    assert_eq!(figure(&jobs[1], "rows_to_read"), written);
    home.c360(&["plan"]).exits(0).prints(&format!("~{rows}"));
}

#[test]
fn of_a_change_the_rows_that_were_added_are_known() {
    let home = with_ages();
    home.c360(&["run"]).exits(0);
    let idle = planned(&home, &[]);
    for job in idle.as_array().expect("jobs") {
        assert_eq!(job["action"], "nothing");
        for name in [
            "rows_to_read",
            "bytes_to_read",
            "rows_to_write",
            "bytes_to_write",
        ] {
            assert_eq!(figure(job, name), (Some(0), false), "{job}");
        }
    }
    home.write("data/people_2.csv", &people(100..150, 0));
    home.c360(&["run", "people"]).exits(0);
    let jobs = planned(&home, &["ages"]);
    assert_eq!(jobs[0]["action"], "incremental");
    assert_eq!(figure(&jobs[0], "rows_to_read"), (Some(50), false));
    let (bytes, is_estimated) = figure(&jobs[0], "bytes_to_read");
    assert!(bytes > Some(0) && !is_estimated, "{jobs}");
    // It never did the like.
    assert_eq!(figure(&jobs[0], "rows_to_write"), (None, false));

    let ran = home.c360(&["run", "--json"]).exits(0).json();
    assert_eq!(ran["jobs"][1]["inserted"], 50);
    home.write("data/people_3.csv", &people(150..160, 0));
    home.c360(&["run", "people"]).exits(0);
    let jobs = planned(&home, &["ages"]);
    assert_eq!(figure(&jobs[0], "rows_to_read"), (Some(10), false));
    // As many as the last time.
    assert_eq!(figure(&jobs[0], "rows_to_write"), (Some(50), true));
    let bytes = &ran["jobs"][1]["bytes_written"];
    assert_eq!(jobs[0]["bytes_to_write"], *bytes);
}

#[test]
fn of_a_job_that_is_made_anew_all_rows_are_read() {
    let home = with_ages();
    home.c360(&["run"]).exits(0);
    home.write("sql/ages.sql", &AGES_SQL.replace("COUNT(*)", "COUNT(id)"));
    let jobs = planned(&home, &["ages"]);
    assert_eq!(jobs[0]["action"], "full");
    assert_eq!(figure(&jobs[0], "rows_to_read"), (Some(100), false));
    // Of one that also waits nobody knows how much its inputs will be.
    home.write("data/people_2.csv", &people(100..150, 0));
    let jobs = planned(&home, &[]);
    assert_eq!(jobs[1]["action"], "waits");
    assert_eq!(figure(&jobs[1], "rows_to_read"), (None, false));
}
