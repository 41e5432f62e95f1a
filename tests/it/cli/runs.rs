//! `c360 runs`: the ledger has what ran and what failed, and nothing of runs without work.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

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

/// The ledger and lineage know of a run that was asked to stop, whoever asked.
#[test]
fn an_interrupted_run_is_written_down_with_the_job_that_it_was_at() {
    for signal in ["-INT", "-TERM"] {
        let home = Home::with_people();
        let settings = home.read("c360.yaml");
        home.write(
            "c360.yaml",
            &format!("{settings}lineage: {{file: lineage.jsonl}}\n"),
        );
        let endless = "SELECT SUM(a.id * b.id * c.id * d.id * e.id) AS id FROM raw.people AS a, raw.people AS b, \
                       raw.people AS c, raw.people AS d, raw.people AS e, raw.people AS f, raw.people AS g\n";
        home.write("sql/endless.sql", endless);
        home.write(
            "jobs/endless.yaml",
            "job: endless\nkind: feature\ntable: customer.endless\nsql: sql/endless.sql\nkey: [id]\n",
        );
        let mut command = home.command(&["run", "-v", "--log-format", "json"]);
        let mut run = command.stderr(Stdio::piped()).spawn().expect("c360");
        let log = BufReader::new(run.stderr.take().expect("a log"));
        let mut lines = log.lines().map(|line| line.expect("a line"));
        let has_begun = |line: &String| line.contains("job started") && line.contains("endless");
        lines.find(has_begun).expect("the job");
        let kill = format!("kill {signal} {}", run.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("kill").success());
        let rest: Vec<String> = lines.collect();
        assert_eq!(run.wait().expect("an end").code(), Some(130), "{rest:?}");

        let ledger = runs(&home);
        assert_eq!(ledger[0]["outcome"], "interrupted");
        assert_eq!(ledger[0]["error"], Value::Null);
        let id = ledger[0]["run_id"].as_str().expect("a name");
        let jobs = home.c360(&["runs", id, "--json"]).exits(0).json();
        assert_eq!(jobs[0]["outcome"], "done");
        assert_eq!(
            (&jobs[1]["job"], &jobs[1]["outcome"]),
            (&"endless".into(), &"interrupted".into())
        );
        home.c360(&["status"]).exits(0).prints("interrupted");
        let told = home.read("lineage.jsonl");
        assert_eq!(told.matches("\"ABORT\"").count(), 2, "{told}");
    }
}
