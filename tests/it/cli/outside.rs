//! What the world outside does to a run: buckets that are not there, other runs at the same time.

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
        let started: Vec<_> = (0..3)
            .map(|_| {
                let mut command = home.command(&["run", "--json"]);
                command
                    .stdout(std::process::Stdio::piped())
                    .stderr(std::process::Stdio::piped());
                command.spawn().expect("c360")
            })
            .collect();
        for run in started {
            let ran: Ran = run.wait_with_output().expect("c360").into();
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
        let sql = "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM raw.people";
        home.c360(&["sql", "-c", sql])
            .exits(0)
            .prints(&format!("n,ids\n{rows},{rows}\n"));
        if conflicts > 0 {
            return;
        }
    }
    panic!("no conflict in six races of three");
}
