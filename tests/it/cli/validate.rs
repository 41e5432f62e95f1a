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
