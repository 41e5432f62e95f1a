//! `c360 sql`, `tables` and `schema` over one small table.

use std::io::Write;
use std::process::Stdio;

use super::runner::{Home, people};

fn filled() -> Home {
    let home = Home::with_people();
    home.c360(&["run"]).exits(0);
    home
}

#[test]
fn rows_come_in_every_format() {
    let home = filled();
    let sql = "SELECT id, name, age FROM raw.people WHERE id < 2 ORDER BY id";
    let ask = |format| home.c360(&["sql", "-c", sql, "--format", format]).exits(0);
    assert_eq!(
        ask("csv").stdout,
        "id,name,age\n0,Person 0,0\n1,Person 1,1\n"
    );
    assert_eq!(
        ask("json").json()[1],
        serde_json::json!({"id": 1, "name": "Person 1", "age": 1})
    );
    assert_eq!(ask("ndjson").stdout.lines().count(), 2);
    ask("table").prints("Person 1").prints("(2 rows)");
    home.c360(&["sql", "-c", sql, "--format", "parquet"])
        .exits(2)
        .says("--output FILE");
}

#[test]
fn an_empty_result_keeps_its_columns() {
    let home = filled();
    let sql = "SELECT id, name FROM raw.people WHERE id < 0";
    assert_eq!(home.c360(&["sql", "-c", sql]).exits(0).stdout, "id,name\n");
    home.c360(&["sql", "-c", sql, "-f", "table"])
        .exits(0)
        .prints("id")
        .prints("(0 rows)");
    assert_eq!(
        home.c360(&["sql", "-c", sql, "--json"]).exits(0).stdout,
        "[]\n"
    );
}

#[test]
fn what_would_be_passed_over_is_refused() {
    let home = filled();
    let ask = |sql: &str| home.c360(&["sql", "-c", sql]).exits(2);
    ask("SELECT id FROM (SELECT id FROM raw.people TABLESAMPLE (10 PERCENT))").says("TABLESAMPLE");
    let twice = "SELECT a.id, b.id FROM raw.people AS a JOIN raw.people AS b ON b.id = a.id";
    home.c360(&["sql", "--json", "-c", twice]).exits(2);
    home.c360(&["sql", "-c", twice]).exits(0).prints("id,id");
}

#[test]
fn a_filter_that_fails_tells_no_value() {
    let home = filled();
    let cast = "SELECT id FROM raw.people WHERE CAST(name AS INT) = 3";
    let told = home.c360(&["sql", "-c", cast]).exits(3);
    assert!(!told.stderr.contains("Person"), "{}", told.stderr);
    told.says("a value cannot be cast to Int32");
    let pattern = "SELECT id FROM raw.people WHERE regexp_replace('x', '(' || name, '') = 'x'";
    let told = home.c360(&["sql", "-c", pattern]).exits(3);
    assert!(!told.stderr.contains("Person"), "{}", told.stderr);
}

#[test]
fn a_long_table_is_cut_and_says_so() {
    let home = filled();
    let sql = "SELECT id FROM raw.people";
    home.c360(&["sql", "-c", sql, "-f", "table", "--limit", "5"])
        .exits(0)
        .prints("(5 rows and more)")
        .says("--limit");
}

#[test]
fn statements_come_from_a_file_or_stdin() {
    let home = filled();
    home.c360(&["sql", "SELECT 1"])
        .exits(2)
        .says("cannot read `SELECT 1`")
        .says("the statement itself with -c");
    home.write("count.sql", "SELECT count(*) AS n FROM raw.people;\n");
    home.c360(&["sql", "count.sql"]).exits(0).prints("n\n100\n");
    home.c360(&["sql", "nowhere.sql"])
        .exits(2)
        .says("nowhere.sql");

    let mut child = home
        .command(&["sql"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("c360");
    child
        .stdin
        .take()
        .expect("stdin")
        .write_all(b"SELECT 1 + 1 AS two")
        .expect("statement");
    let output = child.wait_with_output().expect("c360");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "two\n2\n");
}

#[test]
fn an_unknown_column_is_invalid_with_the_nearest_spelling() {
    let home = filled();
    home.c360(&["sql", "-c", "SELECT agee FROM raw.people"])
        .exits(2)
        .says("agee")
        .says("age");
    home.c360(&["sql", "-c", "SELECT 1 FROM raw.poeple"])
        .exits(2)
        .says("poeple");
    home.c360(&["sql", "-c", "SELEC 1"]).exits(2).says("SELEC");
}

#[test]
fn a_column_with_capitals_is_suggested_in_its_quotes() {
    let named = "SELECT Number FROM (SELECT id AS \"Number\" FROM raw.people)";
    filled()
        .c360(&["sql", "-c", named])
        .exits(2)
        .says("`\"Number\"`")
        .says("double quotes");
}

#[test]
fn a_call_with_the_wrong_types_is_told_without_all_the_right_ones() {
    let home = filled();
    for (call, told) in [
        ("SUM(name)", "no function matches `sum(Utf8"),
        ("AVG(name)", "no function matches `avg(Utf8"),
    ] {
        let sql = format!("SELECT {call} FROM raw.people");
        let ran = home.c360(&["sql", "-c", &sql]).exits(2).says(told);
        ran.says("CAST(").keeps_quiet_about("Candidate");
    }
}

#[test]
fn values_of_rows_stay_out_of_errors() {
    let home = filled();
    home.c360(&["sql", "-c", "SELECT CAST(name AS INT) AS n FROM raw.people"])
        .exits(3)
        .says("Int32")
        .keeps_quiet_about("Person");
    let large = "SELECT CAST(id + 4111111111111111 AS INT) AS n FROM raw.people";
    home.c360(&["sql", "-c", large])
        .exits(3)
        .says("Int32")
        .keeps_quiet_about("4111");
    home.write("data/people_2.csv", "id,name,age\n500,O'Brien,1\n");
    home.c360(&["run"]).exits(0);
    let odd = "SELECT CAST(name AS INT) AS n FROM raw.people WHERE id = 500";
    home.c360(&["sql", "-c", odd])
        .exits(3)
        .keeps_quiet_about("Brien");
}

#[test]
fn a_file_of_the_same_name_in_the_making_is_left_alone() {
    let home = filled();
    home.write("out.csv.partial", "mine");
    let sql = "SELECT id FROM raw.people WHERE id = 1";
    home.c360(&["sql", "-c", sql, "--output", "out.csv"])
        .exits(0);
    assert_eq!(home.read("out.csv"), "id\n1\n");
    assert_eq!(home.read("out.csv.partial"), "mine");
}

#[test]
fn queries_spill_where_they_are_told_to() {
    let home = filled();
    let sql = ["sql", "-c", "SELECT count(*) AS n FROM raw.people"];
    std::fs::create_dir(home.file("spill")).expect("folder");
    home.c360(&[&sql[..], &["--spill-dir", "spill"]].concat())
        .exits(0)
        .prints("n\n100\n");
}

#[test]
fn an_ending_that_names_no_format_is_invalid() {
    let home = filled();
    home.c360(&["sql", "-c", "SELECT 1", "-o", "rows.xlsx"])
        .exits(2)
        .says("the ending of `rows.xlsx` names no format");
}

#[test]
fn an_ending_that_names_another_format_is_invalid() {
    let home = filled();
    home.c360(&["sql", "-c", "SELECT 1", "-f", "csv", "-o", "rows.parquet"])
        .exits(2)
        .says("--format says csv, and the file's ending parquet");
    assert!(!home.file("rows.parquet").exists());
}

#[test]
fn writing_is_refused() {
    let home = filled();
    for sql in [
        "DROP TABLE raw.people",
        "DELETE FROM raw.people",
        "CREATE TABLE t AS SELECT 1",
    ] {
        home.c360(&["sql", "-c", sql]).exits(2);
    }
    home.c360(&["sql", "-c", "SELECT count(*) AS n FROM raw.people"])
        .exits(0)
        .prints("n\n100\n");
}

#[test]
fn time_travel_reads_what_was_there() {
    let home = filled();
    let before = home.c360(&["tables", "--json"]).exits(0).json();
    let then = before[0]["committed_at"].as_str().expect("time").to_owned();
    std::thread::sleep(std::time::Duration::from_millis(5));
    home.write("data/people_2.csv", &people(100..150, 0));
    home.c360(&["run"]).exits(0);
    let sql = ["sql", "-c", "SELECT count(*) AS n FROM raw.people"];
    home.c360(&sql).exits(0).prints("n\n150\n");
    home.c360(&[&sql[..], &["--as-of", &then]].concat())
        .exits(0)
        .prints("n\n100\n");
    home.c360(&[&sql[..], &["--as-of", "2020-01-01T00:00:00Z"]].concat())
        .exits(2)
        .says("table `raw.people` has no snapshot as old as 2020-01-01T00:00:00Z: the oldest that it keeps is of")
        .says("--epoch N");
}

#[test]
fn an_unknown_epoch_is_invalid() {
    let home = filled();
    home.c360(&["sql", "-c", "SELECT 1 FROM raw.people", "--epoch", "7"])
        .exits(2)
        .says("7");
    home.c360(&["rollback", "7"]).exits(2);
    assert_eq!(home.c360(&["epochs", "--json"]).exits(0).stdout, "[]\n");
    home.c360(&["epochs"])
        .exits(0)
        .says("no epoch has been published yet");
}

#[test]
fn a_reader_that_hangs_up_is_no_error() {
    let home = filled();
    let sql = "SELECT a.name, b.name, c.name FROM raw.people a, raw.people b, raw.people c";
    let mut child = home
        .command(&["sql", "-c", sql])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("c360");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("c360");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn tables_and_columns_are_listed() {
    let home = filled();
    home.c360(&["tables"])
        .exits(0)
        .prints("raw.people")
        .prints("100");
    home.c360(&["schema", "raw.people"])
        .exits(0)
        .prints("age")
        .prints("Int32");
    home.c360(&["schema", "raw.poeple"])
        .exits(2)
        .says("raw.poeple");
    home.c360(&["schema", "people"])
        .exits(2)
        .says("namespace.table");
    let schema = home.c360(&["schema", "--spec", "job"]).exits(0).json();
    assert!(schema.is_object());
}
