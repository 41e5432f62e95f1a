//! What the world outside does to a run: buckets that are not there, other runs at the same time.

use std::process::Stdio;

use super::runner::{Home, Ran, people};
use crate::catalog::s3_server;

const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "tester"),
    ("AWS_SECRET_ACCESS_KEY", "of-no-consequence"),
    ("AWS_REGION", "us-east-1"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_bucket_is_named() {
    let home = Home::with_people();
    std::fs::create_dir_all(home.file("buckets/there")).expect("bucket");
    let endpoint = s3_server::serve(&home.file("buckets")).await;
    let run_in = |bucket: &str| -> Ran {
        home.write("c360.yaml", &settings(bucket, &endpoint));
        let mut command = home.command(&["run"]);
        command.envs(CREDENTIALS).output().expect("c360").into()
    };
    run_in("nowhere")
        .exits(2)
        .says("nowhere")
        .keeps_quiet_about("of-no-consequence");
    run_in("there").exits(0).prints("rows in      100");
}

fn settings(bucket: &str, endpoint: &str) -> String {
    format!(
        "name: small\ndata: ./data\nwarehouse:\n  location: s3://{bucket}/lake\n  \
         catalog: sqlite:./{bucket}.db\n  s3: {{endpoint: \"{endpoint}\", region: us-east-1, \
         path_style: true, allow_http: true}}\n"
    )
}

/// Of runs that start together one may lose the race; it says so, and nothing is doubled or lost.
#[test]
fn a_second_writer_is_told_to_run_again() {
    let home = Home::with_people();
    home.c360(&["run"]).exits(0);
    let mut conflicts = 0;
    let mut rows = 100;
    for round in 1..=6 {
        home.write(
            &format!("data/people_{round}.csv"),
            &people(rows..rows + 20_000, 0),
        );
        rows += 20_000;
        for ran in side_by_side(&home, &[["run", "--json"].as_slice(); 3]) {
            if ran.code == 4 {
                conflicts += 1;
                let error = ran.error();
                assert_eq!(error["kind"], "conflict");
                let hint = error["hint"].as_str().unwrap_or_default();
                assert!(hint.contains("run again"), "{error}");
            } else {
                ran.exits(0);
            }
        }
        home.c360(&["run"]).exits(0);
        check_people(&home, rows);
        if conflicts > 0 {
            return;
        }
    }
    panic!("no conflict in six races of three");
}

/// Upkeep gives way to a run, and a run does not mind what upkeep moved.
#[test]
fn upkeep_beside_runs_disturbs_nobody() {
    let home = Home::with_people();
    let settings = home.read("c360.yaml");
    let upkeep = "upkeep: {snapshots_days: 0, small_files: 2, delete_files: 2, deleted_percent: 1}";
    home.write("c360.yaml", &format!("{settings}{upkeep}\n"));
    home.c360(&["run"]).exits(0);
    let mut rows = 100;
    for round in 1..=4 {
        home.write(
            &format!("data/people_{round}.csv"),
            &people(rows..rows + 5000, 0),
        );
        rows += 5000;
        for ran in side_by_side(&home, &[&["run"], &["maintain"], &["maintain"]]) {
            ran.exits(0);
        }
        check_people(&home, rows);
    }
    home.c360(&["plan"]).exits(0).says("nothing to do");
}

/// Starts the commands at once and waits for all of them.
fn side_by_side(home: &Home, commands: &[&[&str]]) -> Vec<Ran> {
    let start = |words: &&[&str]| {
        let mut command = home.command(words);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("c360")
    };
    let started: Vec<_> = commands.iter().map(start).collect();
    let ended = started
        .into_iter()
        .map(|run| run.wait_with_output().expect("c360").into());
    ended.collect()
}

/// Whether each of so many people is there once.
fn check_people(home: &Home, rows: usize) {
    let sql = "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM raw.people";
    home.c360(&["sql", "-c", sql])
        .exits(0)
        .prints(&format!("n,ids\n{rows},{rows}\n"));
}
