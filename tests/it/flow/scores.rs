//! Scores of models outside: who was scored what last, and whether it came true; and a source that has no file yet.

use std::path::Path;

use super::own_project::OwnProject;

const AS_OF: &str = "2026-01-31T00:00:00Z";

/// The shipped files that take part.
const SHIPPED: [&str; 6] = [
    "schemas/model_scores.yaml",
    "jobs/model_scores.yaml",
    "jobs/scores.yaml",
    "sql/scores.sql",
    "jobs/score_calibration.yaml",
    "sql/score_calibration.sql",
];

/// An account is a person here, and lines of orders hold what is looked at.
const OWN: [(&str, &str); 5] = [
    (
        "jobs/scored_persons.yaml",
        "job: scored_persons\nkind: feature\ntable: customer.model_scores\nsql: sql/scored_persons.sql
key: [model, model_version, key_type, key_value, scored_at]\n",
    ),
    (
        "sql/scored_persons.sql",
        "SELECT key_value AS person_id, * FROM raw.model_scores",
    ),
    (
        "schemas/lines.yaml",
        "contract: lines\nkey: [line]
columns:
  - {name: line, type: long}
  - {name: person_id, type: string}
  - {name: ts, type: timestamp}
  - {name: amount, type: \"decimal(14,3)\"}\n",
    ),
    (
        "jobs/lines.yaml",
        "job: lines\nkind: source\ncontract: lines\nfiles: [lines.csv]\nformat: {type: csv}\norder_by: ts\n",
    ),
    (
        "jobs/orders.yaml",
        "job: orders\nkind: feature\ntable: customer.orders\nsql: sql/orders.sql\nkey: [line]\n",
    ),
];

async fn project() -> OwnProject {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = SHIPPED.iter().map(|path| {
        let text = std::fs::read_to_string(root.join(path)).expect("a shipped file");
        (*path, text)
    });
    let own = OWN.iter().map(|(path, text)| (*path, (*text).to_owned()));
    let orders = ("sql/orders.sql", "SELECT * FROM raw.lines".to_owned());
    let project = OwnProject::new(shipped.chain(own).chain([orders]), AS_OF).await;
    deliver(&project, "lines.csv", LINES, &[]);
    project
}

fn deliver(project: &OwnProject, file: &str, header: &str, rows: &[String]) {
    let mut text = format!("{header}\n");
    for row in rows {
        text += &format!("{row}\n");
    }
    std::fs::write(project.data().join(file), text).expect("a file");
}

const SCORES: &str = "model,model_version,key_type,key_value,score,scored_at";
const LINES: &str = "line,person_id,ts,amount";

#[tokio::test(flavor = "multi_thread")]
async fn a_source_without_a_file_is_empty_until_one_comes() {
    let project = project().await;
    project.run().await;
    let scores = "SELECT COUNT(*) FROM customer.scores";
    assert_eq!(project.texts(scores).await, [["0"]]);
    assert!(project.run().await.nothing_happened());
    let score = "purchase_30_days,1,account_id,p1,0.5,2026-01-30 00:00:00";
    deliver(&project, "model_scores.csv", SCORES, &[score.to_owned()]);
    project.run().await;
    assert_eq!(project.texts(scores).await, [["1"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_score_of_each_model_counts_and_none_of_the_future() {
    let project = project().await;
    let rows = [
        "purchase_30_days,1,account_id,p1,0.1,2026-01-01 00:00:00",
        "purchase_30_days,1,account_id,p1,0.2,2026-01-02 00:00:00",
        "purchase_30_days,2,account_id,p1,0.3,2026-01-02 00:00:00",
        "purchase_30_days,2,account_id,p1,0.4,2026-02-01 00:00:00",
        "churn_30_days,1,account_id,p1,0.9,2026-01-01 00:00:00",
    ];
    let rows = rows.map(str::to_owned);
    deliver(&project, "model_scores.csv", SCORES, &rows);
    project.run().await;
    let told = "SELECT model, model_version, score FROM customer.scores ORDER BY model";
    assert_eq!(
        project.texts(told).await,
        [
            ["churn_30_days", "1", "0.9"],
            ["purchase_30_days", "2", "0.3"]
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calibration_holds_what_was_foretold_against_what_came_true() {
    let project = project().await;
    // Twenty persons, 0.025, 0.075 … 0.975; those of even number order within the 30 days.
    let score = |i: u32| {
        let score = f64::from(i) / 20.0 - 0.025;
        format!("purchase_30_days,1,account_id,p{i},{score:.3},2026-01-01 00:00:00")
    };
    let mut scores: Vec<String> = (1..=20).map(score).collect();
    // Not ripe: 30 days have not passed.
    scores.push("purchase_30_days,1,account_id,p2,0.5,2026-01-02 00:00:00".to_owned());
    // Of the other outcome, and of no known one.
    scores.push("churn_30_days,1,account_id,p2,0.2,2026-01-01 00:00:00".to_owned());
    scores.push("taste,1,account_id,p2,0.2,2026-01-01 00:00:00".to_owned());
    deliver(&project, "model_scores.csv", SCORES, &scores);
    let line = |i: u32| {
        let (ts, amount) = match i {
            // The very instant of the score, a day too late, and a return: no order within 30 days.
            1 => ("2026-01-01 00:00:00", "9"),
            3 => ("2026-01-31 00:00:01", "9"),
            5 => ("2026-01-10 00:00:00", "-9"),
            // The last instant that counts.
            2 => ("2026-01-31 00:00:00", "9"),
            _ => ("2026-01-10 00:00:00", "9"),
        };
        format!("{i},p{i},{ts},{amount}")
    };
    let ordering = (1..=20).filter(|i| i % 2 == 0 || *i <= 5);
    deliver(
        &project,
        "lines.csv",
        LINES,
        &ordering.map(line).collect::<Vec<_>>(),
    );
    project.run().await;
    let told = "SELECT model, decile, scores, persons, score_mean, outcome_share, brier_score
                FROM customer.score_calibration ORDER BY model, decile";
    let told = project.texts(told).await;
    assert_eq!(told.len(), 11, "{told:?}");
    assert_eq!(
        told[0],
        [
            "churn_30_days",
            "1",
            "1",
            "1",
            "0.200000",
            "0.000000",
            "0.040000"
        ]
    );
    for (row, decile) in told[1..].iter().zip(1..=10_u32) {
        let d = f64::from(decile);
        let (low, high) = (d / 10.0 - 0.075, d / 10.0 - 0.025);
        let brier = (low * low + (1.0 - high) * (1.0 - high)) / 2.0;
        let expected = [
            "purchase_30_days".to_owned(),
            decile.to_string(),
            "2".to_owned(),
            "2".to_owned(),
            format!("{:.6}", d / 10.0 - 0.05),
            "0.500000".to_owned(),
            format!("{brier:.6}"),
        ];
        assert_eq!(*row, expected);
    }
}
