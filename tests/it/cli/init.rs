//! `c360 init`.

use super::runner::Home;

#[test]
fn the_written_project_is_valid() {
    let home = Home::new();
    home.c360(&["init", "shop"])
        .exits(0)
        .prints("shop")
        .prints("c360 run");
    home.c360(&["--project", "shop", "validate"])
        .exits(0)
        .prints("project retail is valid");
    let counts = home
        .c360(&["--project", "shop", "--json", "validate"])
        .exits(0)
        .json();
    assert_eq!(counts["valid"], true);
    assert!(counts["jobs"].as_u64() > Some(10), "{counts}");
}

#[test]
fn a_project_is_found_from_the_folders_below_it() {
    let home = Home::new();
    home.c360(&["init", "shop"]).exits(0);
    let mut command = home.command(&["validate"]);
    let ran = command
        .current_dir(home.file("shop/jobs"))
        .output()
        .expect("c360");
    assert!(ran.status.success());
}

#[test]
fn data_elsewhere_is_named_by_its_whole_path() {
    let home = Home::new();
    home.c360(&["init", "shop", "--data", "exports"]).exits(0);
    let exports = std::path::absolute(home.file("exports")).expect("path");
    let settings = home.read("shop/c360.yaml");
    assert!(
        settings.contains(&format!("data: {}", exports.display())),
        "{settings}"
    );
}

#[test]
fn nothing_is_overwritten() {
    let home = Home::new();
    home.write("shop/jobs/identity.yaml", "mine");
    home.c360(&["init", "shop"])
        .exits(2)
        .says("already holds jobs/identity.yaml");
    assert_eq!(home.read("shop/jobs/identity.yaml"), "mine");
    assert!(!home.file("shop/c360.yaml").exists());
}
