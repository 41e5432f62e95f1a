//! Help, usage errors and the reference.

use std::path::Path;

use super::runner::Home;

#[test]
fn help_is_data_and_names_the_exit_codes() {
    let home = Home::new();
    home.c360(&["--help"])
        .exits(0)
        .prints("Usage: c360")
        .prints("4  conflict");
    home.c360(&["help", "exit-codes"])
        .exits(0)
        .prints("5  unavailable");
    home.c360(&["--version"]).exits(0).prints("c360 ");
}

#[test]
fn a_mistyped_command_line_is_invalid() {
    let home = Home::new();
    home.c360(&["valdiate"]).exits(2).says("validate");
    home.c360(&["plan", "--threads", "0"])
        .exits(2)
        .says("number from 1");
    home.c360(&["sql", "-c", "SELECT 1", "query.sql"])
        .exits(2)
        .says("cannot be used with");
    home.c360(&["changes"]).exits(2).says("--since");
}

#[test]
fn a_mistyped_command_line_is_json_when_asked_for() {
    let home = Home::new();
    let error = home.c360(&["valdiate", "--json"]).exits(2).error();
    assert_eq!(error["kind"], "invalid");
    assert_eq!(error["message"], "unrecognized subcommand 'valdiate'");
    assert_eq!(error["hint"], "a similar subcommand exists: 'validate'");
    let error = home.c360(&["changes", "--json"]).exits(2).error();
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("--since"), "{error}");
    home.c360(&["--help", "--json"])
        .exits(0)
        .prints("Usage: c360");
}

#[test]
fn a_folder_without_a_project_says_how_to_make_one() {
    let home = Home::new();
    home.c360(&["validate"])
        .exits(2)
        .says("c360.yaml")
        .says("c360 init");
    let error = home.c360(&["--json", "validate"]).exits(2).error();
    assert_eq!(error["kind"], "invalid");
    assert!(
        error["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("c360 init")),
        "{error}"
    );
}

#[test]
fn the_reference_is_what_the_program_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let reference = c360_cli::reference();
    if std::env::var_os("C360_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().expect("docs")).expect("docs");
        std::fs::write(&file, &reference).expect("docs/cli.md");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == reference,
        "docs/cli.md is stale: C360_BLESS=1 cargo test --test it reference"
    );
}
