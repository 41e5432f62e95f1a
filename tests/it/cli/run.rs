//! `c360 plan` and `c360 run` over one small source, and what each kind of trouble looks like.

use super::runner::{Home, people};

#[test]
fn a_plan_says_what_a_run_does_and_writes_nothing() {
    let home = Home::with_people();
    home.c360(&["plan", "--exit-code"]).exits(6);
    home.c360(&["plan"])
        .exits(0)
        .prints("people")
        .prints("raw.people");
    let tables = home.c360(&["tables", "--json"]).exits(0).json();
    assert_eq!(tables, serde_json::json!([]));
    assert!(!home.file("lake").exists());
}

#[test]
fn a_second_run_says_why_it_does_nothing() {
    let home = Home::with_people();
    home.c360(&["run"])
        .exits(0)
        .prints("rows in      100, 0 rejected");
    let again = home.c360(&["run"]).exits(0).prints("nothing to do: ");
    assert_eq!(again.stdout.lines().count(), 1, "{}", again.stdout);
    home.c360(&["plan", "--exit-code"])
        .exits(0)
        .says("nothing to do");
}

#[test]
fn a_run_reports_in_json() {
    let report = Home::with_people().c360(&["run", "--json"]).exits(0).json();
    assert_eq!(report["jobs"][0]["job"], "people");
    assert_eq!(report["jobs"][0]["rows_in"], 100);
    assert!(report["run_id"].is_string());
}

#[test]
fn an_unknown_job_is_invalid_with_the_nearest_spelling() {
    Home::with_people()
        .c360(&["run", "poeple"])
        .exits(2)
        .says("poeple")
        .says("people");
}

#[test]
fn bad_rows_under_the_limit_are_set_aside() {
    let home = Home::with_people();
    home.write("data/people.csv", &people(0..100, 3));
    home.c360(&["run"]).exits(0).prints("100, 3 rejected");
    let sql = "SELECT count(*) AS n FROM raw.people__rejects";
    home.c360(&["sql", "-c", sql]).exits(0).prints("n\n3\n");
}

#[test]
fn bad_rows_over_the_limit_stop_the_run_before_it_commits() {
    let home = Home::with_people();
    home.write("data/people.csv", &people(0..100, 4));
    home.c360(&["run"])
        .exits(3)
        .says("data: ")
        .keeps_quiet_about("Person 99");
    let error = home.c360(&["run", "--json"]).exits(3).error();
    assert_eq!(error["kind"], "data");
    let sql = "SELECT * FROM raw.people";
    let ran = home.c360(&["sql", "-c", sql]).exits(0);
    assert_eq!(ran.stdout, "id,name,age\n");
}

#[test]
fn a_select_without_the_column_that_its_job_goes_by_is_told_with_both_files() {
    let home = Home::with_people();
    home.write("sql/ages.sql", "SELECT id AS person, age FROM raw.people\n");
    for (role, told) in [("by: id", "`by`"), ("key: [id]", "`key`")] {
        home.write(
            "jobs/ages.yaml",
            &format!("job: ages\nkind: feature\ntable: customer.ages\nsql: sql/ages.sql\n{role}\n"),
        );
        let why = "sql/ages.sql selects no column id, which jobs/ages.yaml has as its ";
        home.c360(&["run"]).exits(2).says(why).says(told);
    }
}

#[test]
fn a_run_that_fails_tells_what_was_done_before() {
    let home = Home::with_people();
    home.write(
        "jobs/ages.yaml",
        "job: ages\nkind: feature\ntable: customer.ages\nsql: sql/ages.sql\nkey: [id]\n",
    );
    let sql = "SELECT id, CAST(name AS INT) AS age FROM raw.people\n";
    home.write("sql/ages.sql", sql);
    home.c360(&["run"])
        .exits(3)
        .prints("people")
        .prints("this is done and stays")
        .says("job ages");
    let ran = home.c360(&["run"]).exits(3);
    assert_eq!(ran.stdout, "", "nothing was done");
    let ran = home.c360(&["run", "--full", "--json"]).exits(3);
    assert_eq!(ran.json()["jobs"][0]["job"], "people");
    assert_eq!(ran.json()["stopped"], "failed");
}

#[test]
fn a_truncated_parquet_file_is_named() {
    let home = Home::with_people();
    home.c360(&["run"]).exits(0);
    let out = [
        "sql",
        "-c",
        "SELECT * FROM raw.people",
        "--output",
        "data/people.parquet",
    ];
    home.c360(&out).exits(0).says("wrote 100 rows");
    let whole = std::fs::read(home.file("data/people.parquet")).expect("file");
    home.write_bytes("data/people_2.parquet", &whole[..whole.len() / 2]);
    let job = home.read("jobs/people.yaml").replace("csv", "parquet");
    home.write("jobs/people.yaml", &job);
    home.c360(&["run"]).exits(3).says("people_2.parquet");
}

#[test]
fn a_lake_that_cannot_be_written_is_unavailable() {
    let home = Home::with_people();
    // a file in the way stands in for a read-only folder, which the superuser would not notice
    home.write("lake", "not a folder");
    home.c360(&["run"])
        .exits(5)
        .says("unavailable: ")
        .says("lake");
}

#[test]
fn a_contract_that_drops_a_columns_type_is_refused() {
    let home = Home::with_people();
    home.c360(&["run"]).exits(0);
    let contract = home
        .read("schemas/people.yaml")
        .replace("name: age, type: int", "name: age, type: date");
    home.write("schemas/people.yaml", &contract);
    home.write("data/people_2.csv", "id,name,age\n1000,Person,2001-01-01\n");
    home.c360(&["run"]).exits(2).says("age");
}

#[test]
fn a_first_run_that_fails_leaves_the_contract_free() {
    let home = Home::with_people();
    let contract = home.read("schemas/people.yaml");
    let wrong = contract.replace("name: name, type: string", "name: name, type: long");
    home.write("schemas/people.yaml", &wrong);
    home.c360(&["run"]).exits(3);
    home.write("schemas/people.yaml", &contract);
    home.c360(&["run"]).exits(0);
    let sql = "SELECT name FROM raw.people WHERE id = 7";
    home.c360(&["sql", "-c", sql]).exits(0).prints("Person 7");
}

#[test]
fn sql_may_look_into_rejects_of_which_there_are_none() {
    let home = Home::with_people();
    home.write(
        "jobs/faults.yaml",
        "job: faults\nkind: feature\ntable: customer.faults\nsql: sql/faults.sql\nkey: [reason]\n",
    );
    let sql = "SELECT reason, count(*) AS rows FROM raw.people__rejects GROUP BY reason\n";
    home.write("sql/faults.sql", sql);
    home.c360(&["validate"]).exits(0);
    home.c360(&["run"]).exits(0);
    home.write("data/people_2.csv", "id,name,age\n");
    home.write("data/people.csv", &people(0..100, 1));
    home.c360(&["run"]).exits(0);
    let sql = "SELECT rows FROM customer.faults";
    home.c360(&["sql", "-c", sql]).exits(0).prints("rows\n1\n");
}

#[test]
fn missing_sources_are_explained() {
    let home = Home::with_people();
    std::fs::remove_file(home.file("data/people.csv")).expect("file");
    home.c360(&["run"])
        .exits(3)
        .says("source people has no files: people*.csv match nothing in ")
        .says("jobs/people.yaml");
}
