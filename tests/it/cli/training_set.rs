//! `c360 training-set`: labels with measures as they were, printed or kept as a table.

use serde_json::{Value, json};

use super::runner::Home;

/// People, of whom the years since birth are measured.
fn home() -> Home {
    let home = Home::with_people();
    home.write(
        "schemas/people.yaml",
        "contract: people
key: [id]
columns:
  - {name: id, type: long, required: true}
  - {name: name, type: string}
  - {name: visited_at, type: timestamp}
",
    );
    home.write(
        "data/people.csv",
        "id,name,visited_at\n1,Ann,2025-01-01\n2,Ann,2025-02-01\n3,Bob,2025-03-01\n",
    );
    home.write(
        "jobs/visits.yaml",
        "job: visits
kind: measures
table: customer.visits
from: raw.people
by: name
at: visited_at
measures:
  - {name: visits, measure: count}
",
    );
    home.write(
        "labels.sql",
        "SELECT name, visited_at AS label_at, name = 'Ann' AS stayed FROM raw.people ORDER BY id",
    );
    home.c360(&["run"]).exits(0);
    home
}

const KEEP: [&str; 6] = [
    "training-set",
    "labels.sql",
    "--measures",
    "visits",
    "--table",
    "training.stayed",
];

fn rows(home: &Home, sql: &str) -> Value {
    home.c360(&["sql", "--json", "-c", sql]).exits(0).json()
}

#[test]
fn a_set_that_is_kept_is_what_would_be_printed_and_is_replaced_as_a_whole() {
    let home = home();
    let printed = home.c360(&[
        "training-set",
        "labels.sql",
        "--measures",
        "visits",
        "--json",
    ]);
    let printed = printed.exits(0).json();
    assert_eq!(printed[1]["visits"], 2);
    home.c360(&KEEP)
        .exits(0)
        .says("wrote 3 rows to training.stayed");
    let all = "SELECT * FROM training.stayed ORDER BY label_at";
    assert_eq!(rows(&home, all), printed);
    home.write(
        "labels.sql",
        "SELECT name, visited_at AS label_at, true AS stayed FROM raw.people WHERE id = 2",
    );
    let kept = home
        .c360(&[&KEEP[..], &["--json"]].concat())
        .exits(0)
        .json();
    assert_eq!(kept["rows"], 1);
    let expected =
        json!([{"name": "Ann", "label_at": "2025-02-01T00:00:00", "stayed": true, "visits": 2}]);
    assert_eq!(rows(&home, all), expected);
    home.c360(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn a_set_says_of_what_it_was_made() {
    let home = home();
    home.c360(&KEEP).exits(0);
    let metadata = home.c360(&["tables", "--json"]).exits(0).json();
    let of = |name: &str| {
        let mut tables = metadata.as_array().expect("tables").iter();
        tables
            .find(|table| table["table"] == name)
            .expect("a table")
            .clone()
    };
    let location = of("training.stayed")["metadata_location"].clone();
    let location = location.as_str().expect("a place");
    let text = std::fs::read_to_string(location.trim_start_matches("file://")).expect("metadata");
    let metadata: Value = serde_json::from_str(&text).expect("JSON");
    let summary = &metadata["snapshots"][0]["summary"];
    assert_eq!(summary["c360.job"], "training-set");
    assert_eq!(summary["c360.measures"], "visits");
    assert!(
        summary["c360.labels"]
            .as_str()
            .expect("labels")
            .starts_with("SELECT name")
    );
    let inputs = summary["c360.inputs"].as_str().expect("inputs");
    let people = of("raw.people")["snapshot_id"].clone();
    assert_eq!(
        serde_json::from_str::<Value>(inputs).expect("JSON")["tables"],
        json!({"raw.people": people})
    );
}

#[test]
fn only_a_training_sets_own_table_is_written() {
    let home = home();
    let keep = |table: &str| {
        let mut words = KEEP;
        words[5] = table;
        home.c360(&words)
    };
    keep("customer.visits")
        .exits(2)
        .says("job visits writes customer.visits")
        .says("training.churn");
    keep("ops.runs").exits(2).says("c360 keeps itself");
    keep("training.stayed").exits(0);
    home.write(
        "labels.sql",
        "SELECT name, visited_at AS label_at FROM raw.people",
    );
    keep("training.stayed").exits(0);
    let set = home.c360(&[
        "--json",
        "sql",
        "-c",
        "SELECT * FROM training.stayed LIMIT 1",
    ]);
    assert!(set.stdout.contains("label_at"), "{}", set.stderr);
    assert!(!set.stdout.contains("stayed"), "{}", set.stdout);
}
