//! `c360 features`: what the spec says of each feature, and where it comes from.

use serde_json::{Value, json};

use super::runner::Home;

/// Measures of people, and what ranks them by these.
fn home() -> Home {
    let home = Home::with_people();
    home.write(
        "schemas/people.yaml",
        "contract: people
key: [id]
columns:
  - {name: id, type: long, required: true}
  - {name: name, type: string}
  - {name: age, type: int}
  - {name: born, type: timestamp}
",
    );
    home.write(
        "data/people.csv",
        "id,name,age,born\n1,Ann,40,1985-01-01\n2,Bob,20,2005-01-01\n",
    );
    home.write(
        "jobs/ages.yaml",
        r#"job: ages
kind: measures
table: customer.ages
from: raw.people
by: name
at: born
about: {owner: crm, purpose: service}
measures:
  - {name: oldest, measure: maximum, of: age + 1, windows: [30d, all], description: Age}
"#,
    );
    home.write(
        "jobs/ranks.yaml",
        "job: ranks\nkind: feature\ntable: customer.ranks\nsql: sql/ranks.sql\nkey: [name]\ncolumns: {place: Rank by age}\n",
    );
    home.write(
        "jobs/sums.yaml",
        "job: sums\nkind: feature\ntable: customer.sums\nsql: sql/sums.sql\nkey: [name]\n",
    );
    home.write(
        "sql/sums.sql",
        "SELECT COALESCE(name, 'all') AS name, SUM(age) AS age FROM raw.people GROUP BY ROLLUP (name)",
    );
    home.write(
        "sql/ranks.sql",
        "WITH known AS (SELECT name, oldest FROM customer.ages UNION ALL SELECT name, age FROM raw.people)
         SELECT name, RANK() OVER (ORDER BY MAX(oldest)) AS place, (SELECT MAX(id) FROM raw.people) AS last_id
         FROM known GROUP BY name",
    );
    home
}

fn told(home: &Home) -> Vec<Value> {
    let told = home.c360(&["features", "--json"]).exits(0).json();
    told.as_array().expect("features").clone()
}

#[test]
fn features_are_told_with_their_owners_and_the_columns_that_they_come_from() {
    let home = home();
    let before = told(&home);
    assert_eq!(before[0]["column"], "oldest_30_days");
    assert_eq!(before[0]["from"], json!([]), "nothing is there yet");
    home.c360(&["features", "sums"])
        .exits(0)
        .says("before their tables are there");
    home.c360(&["run"]).exits(0);
    let told = told(&home);
    let columns: Vec<&Value> = told.iter().map(|feature| &feature["column"]).collect();
    assert_eq!(
        columns,
        ["oldest_30_days", "oldest", "place", "last_id", "age"]
    );
    let of = |column: &str| json!({"table": "raw.people", "column": column});
    assert_eq!(
        told[1],
        json!({
            "table": "customer.ages",
            "column": "oldest",
            "job": "ages",
            "type": "Int64",
            "description": "Age",
            "owner": "crm",
            "purpose": "service",
            "from": [of("age")],
        })
    );
    assert_eq!(told[0]["from"], json!([of("age"), of("born")]));
    assert_eq!(told[2]["description"], "Rank by age");
    assert_eq!(told[2]["from"], json!([of("age")]));
    assert_eq!(told[3]["from"], json!([of("id")]));
    assert_eq!(told[4]["from"], json!([of("age")]));
    home.c360(&["features", "ranks"])
        .exits(0)
        .prints("customer.ranks.place");
    home.c360(&["features", "people"])
        .exits(2)
        .says("no job `people` makes features");
}
