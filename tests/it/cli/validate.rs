//! `c360 validate`.

use super::runner::Home;

/// Five mistakes in three files.
fn with_five_mistakes() -> Home {
    let home = Home::with_people();
    home.write(
        "c360.yaml",
        "name: small\ndata: ./data\nwarehouse: {location: ./lake}\nmemory: 70%\n",
    );
    home.write(
        "schemas/people.yaml",
        "contract: people\nkey: [idd]\ncolumns:\n  - {name: id, type: lnog}\n",
    );
    home.write(
        "jobs/people.yaml",
        "job: people\nkind: source\ncontract: poeple\nfiles: [people.csv]\nformat: {type: csv}\nmode: apend\n",
    );
    home
}

#[test]
fn every_mistake_is_reported_at_once_with_file_caret_and_spelling() {
    let ran = with_five_mistakes().c360(&["validate"]).exits(2);
    for text in ["c360.yaml", "schemas/people.yaml", "jobs/people.yaml"] {
        assert!(ran.stderr.contains(text), "no `{text}` in:\n{}", ran.stderr);
    }
    for text in ["memory", "lnog", "apend"] {
        assert!(ran.stderr.contains(text), "no `{text}` in:\n{}", ran.stderr);
    }
    assert!(
        ran.stderr.contains("memory_limit"),
        "no nearest spelling in:\n{}",
        ran.stderr
    );
    assert_eq!(ran.stdout, "");
}

#[test]
fn mistakes_are_json_when_asked_for() {
    let error = with_five_mistakes()
        .c360(&["validate", "--json"])
        .exits(2)
        .error();
    assert_eq!(error["kind"], "invalid");
    let problems = error["problems"].as_array().expect("problems");
    assert_eq!(problems.len(), 5, "{problems:#?}");
    for problem in problems {
        assert!(
            problem["file"].is_string() && problem["message"].is_string(),
            "{problem}"
        );
    }
}

#[test]
fn a_file_that_is_not_text_is_named() {
    let home = Home::with_people();
    home.write_bytes("sql/odd.sql", &[0x53, 0xff, 0xfe]);
    home.c360(&["validate"])
        .exits(2)
        .says("sql/odd.sql")
        .says("UTF-8");
}

const TOTALS: &str =
    "job: totals\nkind: feature\ntable: customer.totals\nsql: sql/totals.sql\nkey: [id]\n";

/// A project with the feature `totals`, made by this SQL.
fn with_totals(sql: &str) -> Home {
    let home = Home::with_people();
    home.write("jobs/totals.yaml", TOTALS);
    home.write("sql/totals.sql", sql);
    home
}

#[test]
fn a_mark_that_a_file_is_utf_8_says_nothing_else() {
    with_totals("\u{feff}SELECT id, age FROM raw.people")
        .c360(&["validate"])
        .exits(0);
}

#[test]
fn mistakes_in_sql_are_found_without_a_lake() {
    with_totals("SELECT id, age FROM raw.people")
        .c360(&["validate"])
        .exits(0)
        .prints("1 SQL file");
    for (sql, said) in [
        ("SELEC id FROM raw.people", "found: SELEC"),
        ("SELECT 1 AS id; SELECT 2 AS id", "more than one statement"),
        ("SELECT id FROM lake.raw.people.rows", "sql/totals.sql"),
        ("SELECT id FROM raw.poeple", "did you mean `raw.people`?"),
        ("DROP TABLE raw.people", "holds no SELECT"),
        (
            "SELECT id FROM customer.totals",
            "job totals reads customer.totals, which it writes itself",
        ),
    ] {
        let home = with_totals(sql);
        home.c360(&["validate"]).exits(2).says(said);
        assert!(!home.file("lake").exists(), "{sql}");
    }
}

#[test]
fn jobs_that_wait_for_each_other_are_named() {
    let home = with_totals("SELECT id FROM customer.shares");
    home.write("jobs/shares.yaml", &TOTALS.replace("totals", "shares"));
    home.write("sql/shares.sql", "SELECT id FROM customer.totals");
    home.c360(&["validate"])
        .exits(2)
        .says("jobs wait for each other: shares, totals");
}

#[test]
fn expressions_and_countries_are_checked() {
    let home = Home::with_people();
    home.write("jobs/identity.yaml", IDENTITY);
    home.c360(&["validate"])
        .exits(2)
        .says("`name` of source people is no SQL expression")
        .says("`ZZ` of identifier kind `phone` is no country")
        .says("2 problems");
}

const IDENTITY: &str = "\
job: identity
kind: identity
records:
  - source: people
    from: raw.people
    key: id
    seen_at: to_timestamp(0)
    attributes: {name: \"lower(name\"}
    identifiers: {phone: name}
identifiers:
  phone: {normalize: phone, region: ZZ}
";

#[test]
fn mistakes_in_yaml_and_sql_are_told_together() {
    let home = with_five_mistakes();
    home.write("sql/totals.sql", "SELECT 1; SELECT 2");
    let error = home.c360(&["validate", "--json"]).exits(2).error();
    let problems = error["problems"].as_array().expect("problems");
    assert_eq!(problems.len(), 6, "{problems:#?}");
    assert_eq!(problems[5]["file"], "sql/totals.sql");
}

#[test]
fn sql_that_no_run_could_plan_is_found_over_no_rows() {
    for (sql, said) in [
        ("SELECT id, agee FROM raw.people", "did you mean `age`?"),
        ("SELECT id, lowr(name) AS n FROM raw.people", "lowr"),
        (
            "SELECT id, sum(name) AS n FROM raw.people GROUP BY id",
            "no function matches",
        ),
        ("SELECT age FROM raw.people", "id"),
        (
            "SELECT id FROM raw.people WHERE name ~ '(['",
            "regex parse error",
        ),
        (
            "SELECT id, DATE '2026-02-30' AS day FROM raw.people",
            "cast",
        ),
    ] {
        let home = with_totals(sql);
        home.c360(&["validate"])
            .exits(2)
            .says("sql/totals.sql")
            .says(said);
        assert!(!home.file("lake").exists(), "{sql}");
    }
}

#[test]
fn columns_that_are_described_and_not_selected_are_told() {
    let home = with_totals("SELECT id, age FROM raw.people");
    let described = format!("{TOTALS}columns: {{agee: how old they are}}\n");
    home.write("jobs/totals.yaml", &described);
    home.c360(&["validate"])
        .exits(2)
        .says("`columns` describes agee, which sql/totals.sql does not select")
        .says("did you mean `age`?");
}

#[test]
fn a_job_is_not_blamed_for_what_the_jobs_before_it_lack() {
    let home = with_totals("SELECT id, agee FROM raw.people");
    home.write("jobs/shares.yaml", &TOTALS.replace("totals", "shares"));
    home.write("sql/shares.sql", "SELECT id, agee FROM customer.totals");
    home.c360(&["validate"]).exits(2).says("1 problem in");
    home.write("sql/totals.sql", "SELECT id, age FROM raw.people");
    home.c360(&["validate"])
        .exits(2)
        .says("1 problem in")
        .says("sql/shares.sql");
}

#[test]
fn expressions_of_columns_that_a_source_lacks_are_found_where_they_stand() {
    let home = Home::with_people();
    let identity = IDENTITY
        .replace("\"lower(name\"", "lower(nam)")
        .replace("ZZ", "DE");
    home.write("jobs/identity.yaml", &identity);
    home.c360(&["validate"])
        .exits(2)
        .says("jobs/identity.yaml")
        .says("did you mean `name`?");
}

#[test]
fn neither_files_nor_rows_nor_the_lake_are_needed_to_validate() {
    let home = with_totals("SELECT id, age FROM raw.people");
    home.write(
        "jobs/published.yaml",
        "job: published\nkind: publish\ntable: customer.published\nsql: sql/published.sql\nkey: [id]\n\
         checks:\n  - {check: sql, name: some, sql: sql/none.sql}\n",
    );
    home.write("sql/published.sql", "SELECT id, age FROM customer.totals");
    // a check that a table without rows does not pass says nothing of the project
    home.write(
        "sql/none.sql",
        "SELECT count(*) AS rows FROM customer.published HAVING count(*) = 0",
    );
    std::fs::remove_file(home.file("data/people.csv")).expect("removed");
    home.c360(&["validate"]).exits(0).prints("3 jobs");
}

const MEASURES: &str = "\
job: visits
kind: measures
table: customer.visits
from: raw.people
by: id
at: at
measures:
  - {name: visits, measure: count, windows: [all]}
";

#[test]
fn what_expressions_may_not_do_is_told_with_its_place() {
    let home = Home::with_people();
    let contract = home.read("schemas/people.yaml");
    let at = "  - {name: age, type: int}\n  - {name: at, type: timestamp}";
    home.write(
        "schemas/people.yaml",
        &contract.replace("  - {name: age, type: int}", at),
    );
    let check = |measures: &str, said: &str| {
        home.write("jobs/visits.yaml", measures);
        home.c360(&["validate"]).exits(2).says(said);
    };
    home.write("jobs/visits.yaml", MEASURES);
    home.c360(&["validate"]).exits(0);
    check(
        &MEASURES.replace("at: at", "at: age"),
        "whose age is of type Int32",
    );
    let only = |sql: &str| {
        MEASURES.replace(
            "measure: count",
            &format!("measure: count, where: \"{sql}\""),
        )
    };
    check(&only("name"), "measure visits, where is of type Utf8");
    check(&only("at < $as_of"), "asks for $as_of");
    check(
        &only("max(age) > 3"),
        "calls max(), which takes several rows",
    );
    check(
        &MEASURES.replace(
            "measure: count",
            "measure: percentile, percent: 50, of: name",
        ),
        "takes numbers",
    );
    let identity = IDENTITY
        .replace("\"lower(name\"", "lower(name)")
        .replace("ZZ", "DE")
        .replace("to_timestamp(0)", "age");
    home.write("jobs/visits.yaml", MEASURES);
    home.write("jobs/identity.yaml", &identity);
    home.c360(&["validate"])
        .exits(2)
        .says("seen_at is of type Int32");
}
