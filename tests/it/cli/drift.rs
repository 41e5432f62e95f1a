//! `c360 drift`: how far columns moved between epochs, and what a scheduler is told.

use serde_json::Value;

use super::runner::{Home, people};

/// Published people, first 100 and then 200, of whom the later ones are older.
fn home() -> Home {
    let home = Home::with_people();
    home.write(
        "sql/everybody.sql",
        "SELECT id, age, CASE WHEN age < 100 THEN 'young' ELSE 'old' END AS era FROM raw.people",
    );
    home.write(
        "jobs/everybody.yaml",
        "job: everybody\nkind: publish\ntable: publish.everybody\nsql: sql/everybody.sql\nkey: [id]\n",
    );
    home.c360(&["run"]).exits(0);
    home
}

fn close(value: &Value, expected: f64) {
    let number = value.as_f64().expect("a number");
    assert!(
        (number - expected).abs() < 1e-9,
        "{number} is not {expected}"
    );
}

#[test]
fn columns_are_compared_between_epochs_and_a_limit_stops_a_scheduler() {
    let home = home();
    let drift = ["drift", "publish.everybody"];
    home.c360(&drift)
        .exits(0)
        .says("no earlier epoch shows other rows");
    home.write("data/people_2.csv", &people(100..200, 0));
    home.c360(&["run"]).exits(0);
    let told = home
        .c360(&[&drift[..], &["--json"]].concat())
        .exits(0)
        .json();
    assert_eq!(
        (&told["rows_from"], &told["rows_to"]),
        (&100.into(), &200.into())
    );
    let columns = told["columns"].as_array().expect("columns");
    let of = |name: &str| {
        columns
            .iter()
            .find(|it| it["column"] == name)
            .expect("a column")
    };
    assert_eq!(columns.len(), 2, "a key does not drift: {told}");
    // Each of nine tenths went from 10 % to 5 %, the last from 10 % to 55 %.
    close(
        &of("age")["psi"],
        9.0 * 0.05 * 2.0_f64.ln() + 0.45 * 5.5_f64.ln(),
    );
    close(&of("age")["ks"], 0.5);
    close(&of("age")["mean_from"], 49.5);
    close(&of("age")["mean_to"], 99.5);
    // From all young to one half; no old one counts as half a row of 100.
    close(
        &of("era")["psi"],
        -0.5 * 0.5_f64.ln() + (0.5 - 0.005) * 100.0_f64.ln(),
    );
    assert_eq!(of("era")["kind"], "categories");

    home.c360(&[&drift[..], &["age", "--max-psi", "2"]].concat())
        .exits(0)
        .prints("1.079  shifted");
    home.c360(&[&drift[..], &["--max-psi", "0.25"]].concat())
        .exits(3)
        .says("2 columns of publish.everybody moved beyond 0.25: era, age")
        .says("c360 rollback 1");
    let back = home.c360(&[&drift[..], &["age", "--from", "2", "--to", "1", "--json"]].concat());
    let back = back.exits(0).json();
    close(&back["columns"][0]["mean_to"], 49.5);
}

#[test]
fn what_is_not_there_is_named() {
    let home = home();
    home.write("data/people_2.csv", &people(100..200, 0));
    home.c360(&["run"]).exits(0);
    home.c360(&["drift", "publish.everybody", "agee"])
        .exits(2)
        .says("publish.everybody has no column agee")
        .says("did you mean `age`?");
    home.c360(&["drift", "publish.everyone"])
        .exits(2)
        .says("there is no table publish.everyone in epoch 2")
        .says("did you mean publish.everybody?");
    home.c360(&["drift", "publish.everybody", "--from", "9"])
        .exits(2)
        .says("epoch 9 does not exist");
    home.c360(&["drift", "publish.everybody", "--max-psi", "much"])
        .exits(2)
        .says("a number from 0");
}
