//! Log lines: each names its run, as text and as JSON, and none holds a value of a row.

use serde_json::Value;

use super::runner::{Home, people};

fn lines(stderr: &str) -> Vec<Value> {
    let lines = stderr.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn json_lines_name_the_run_and_the_job() {
    let home = Home::with_people();
    let ran = home
        .c360(&["run", "--json", "--log-format", "json", "-vv"])
        .exits(0);
    let run_id = &ran.json()["run_id"];
    let lines = lines(&ran.stderr);
    assert!(lines.iter().all(|line| line["span"]["run_id"] == *run_id));
    let done = lines
        .iter()
        .find(|line| line["fields"]["message"] == "job done");
    let done = done.expect("the job's last line");
    assert_eq!(done["span"]["job"], "people");
    assert_eq!(done["fields"]["action"], "full");
    assert_eq!(done["level"], "INFO");
}

#[test]
fn text_lines_name_the_run_and_the_job() {
    let home = Home::with_people();
    let ran = home.c360(&["run", "--json", "-v"]).exits(0);
    let run_id = ran.json()["run_id"].as_str().expect("a name").to_owned();
    ran.says(&format!("job{{run_id={run_id} job=people}}: job done"));
}

/// Warnings come from outside of jobs too, and are there without `-v`.
#[test]
fn a_warning_names_the_run() {
    let home = Home::with_people();
    home.c360(&["run"]).exits(0);
    // its files gone, the ledger cannot be written
    std::fs::remove_dir_all(home.file("lake/ops")).expect("the ledger");
    home.write("data/people_2.csv", &people(100..200, 0));
    let ran = home
        .c360(&["run", "--json", "--log-format", "json"])
        .exits(0);
    let lines = lines(&ran.stderr);
    let [warning] = &lines[..] else {
        panic!("not one line: {}", ran.stderr);
    };
    assert_eq!(warning["fields"]["message"], "the ledger was not written");
    assert_eq!(warning["span"]["run_id"], ran.json()["run_id"]);
}

#[test]
fn a_failed_job_is_logged_without_values() {
    let home = Home::with_people();
    home.write("data/people.csv", &people(0..100, 4));
    let ran = home
        .c360(&["run", "-vv"])
        .exits(3)
        .says("job failed")
        .keeps_quiet_about("Person 99");
    ran.says("kind=data");
}
