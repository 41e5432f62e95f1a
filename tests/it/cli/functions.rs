//! `c360 functions`: what SQL may call, told without a project.

use super::runner::Home;

#[test]
fn functions_are_told_without_a_project() {
    let home = Home::new();
    let told = home.c360(&["functions", "--json"]).exits(0).json();
    let told = told.as_array().expect("functions").clone();
    assert!(told.iter().all(|function| function["origin"] == "c360"));
    let email = told.iter().find(|it| it["name"] == "normalize_email");
    let email = email.expect("normalize_email");
    assert_eq!(email["kind"], "scalar");
    assert_eq!(
        email["signature"],
        "normalize_email(text VARCHAR) → VARCHAR"
    );
    assert_eq!(email["result"], "ann.lee@mail.example");
    home.c360(&["functions"])
        .exits(0)
        .prints("stable_sum")
        .prints("aggregate");
}

#[test]
fn one_function_is_told_in_full_and_an_unknown_one_is_guessed() {
    let home = Home::new();
    home.c360(&["functions", "Top_Values"])
        .exits(0)
        .prints("top_values(value ANY, n BIGINT) → LIST")
        .prints("  aggregate function of c360")
        .prints("how many, from 1")
        .prints("    [red, blue]");
    home.c360(&["functions", "abs"])
        .exits(0)
        .prints("of DataFusion");
    home.c360(&["functions", "normalise_email"])
        .exits(2)
        .says("there is no function `normalise_email`")
        .says("did you mean `normalize_email`?");
    home.c360(&["functions", "--all"])
        .exits(0)
        .prints("row_number");
}
