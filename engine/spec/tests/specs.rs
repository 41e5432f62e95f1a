//! Every folder of `tests/specs/valid` is a project that must be accepted; every folder of
//! `tests/specs/invalid` is one whose problems must read as in its `expected.txt`. A folder
//! without a `c360.yaml` gets a plain one. `C360_BLESS=1` writes what was found.

use std::fs;
use std::path::{Path, PathBuf};

use c360_spec::{Problems, Project, SourceFile};
use miette::{GraphicalReportHandler, GraphicalTheme};

const SETTINGS: &str = "name: shop\nwarehouse: {location: ./lake}\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn blessing() -> bool {
    std::env::var_os("C360_BLESS").is_some_and(|value| value == "1")
}

fn folders(kind: &str) -> Vec<PathBuf> {
    let folder = root().join("tests/specs").join(kind);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "no cases in {folder:?}");
    folders
}

fn files(project: &Path) -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect(project, project, &mut files);
    if !files.iter().any(|file| file.path.starts_with("c360.y")) {
        files.push(SourceFile {
            path: "c360.yaml".to_owned(),
            text: SETTINGS.to_owned(),
        });
    }
    files
}

fn collect(project: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(project, &path, files);
            continue;
        }
        let relative = path.strip_prefix(project).expect("inside the project");
        files.push(SourceFile {
            path: relative.to_string_lossy().replace('\\', "/"),
            text: fs::read_to_string(&path).expect("a text"),
        });
    }
}

/// The environment of all cases.
fn env(name: &str) -> Option<String> {
    match name {
        "C360_CATALOG_URI" => Some("postgres://me:hunter2@db/c360".to_owned()),
        "BAD_CATALOG_URI" => Some("mysql://me:hunter2@db/c360".to_owned()),
        _ => None,
    }
}

fn rendered(problems: &Problems) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let mut text = String::new();
    handler
        .with_width(100)
        .render_report(&mut text, problems)
        .expect("a report");
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// Compares with the file, or writes it when blessing.
fn check(expected: &Path, found: &str) {
    if blessing() {
        fs::create_dir_all(expected.parent().expect("a folder")).expect("a folder");
        return fs::write(expected, found).expect("a written file");
    }
    let text = fs::read_to_string(expected).unwrap_or_default();
    assert_eq!(
        text,
        found,
        "{} is stale: run with C360_BLESS=1",
        expected.display()
    );
}

#[test]
fn valid_projects_are_accepted() {
    for project in folders("valid") {
        if let Err(problems) = Project::parse(files(&project), &env) {
            panic!("{}\n{}", project.display(), rendered(&problems));
        }
    }
}

#[test]
fn invalid_projects_tell_all_their_problems() {
    for project in folders("invalid") {
        let Err(problems) = Project::parse(files(&project), &env) else {
            panic!("{} was accepted", project.display());
        };
        let found = rendered(&problems);
        assert!(
            !found.contains("hunter2"),
            "{} tells a secret",
            project.display()
        );
        assert!(!problems.to_json().to_string().contains("hunter2"));
        check(&project.join("expected.txt"), &found);
    }
}

#[test]
fn committed_json_schemas_are_current() {
    for (name, schema) in c360_spec::json_schemas() {
        let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
        check(&root().join("schemas/json").join(name), &text);
    }
}

#[test]
fn the_retail_project_is_accepted() {
    let mut project = vec![SourceFile {
        path: "c360.yaml".to_owned(),
        text: SETTINGS.to_owned(),
    }];
    for room in ["schemas", "jobs", "sql"] {
        collect(&root(), &root().join(room), &mut project);
    }
    if let Err(problems) = Project::parse(project, &env) {
        panic!("{}", rendered(&problems));
    }
}

#[test]
fn torn_files_are_told_and_never_panic() {
    let project = files(&root().join("tests/specs/valid/every_job"));
    for index in 0..project.len() {
        let text = project[index].text.clone();
        for end in (0..text.len())
            .step_by(11)
            .filter(|end| text.is_char_boundary(*end))
        {
            let mut torn = project.clone();
            torn[index].text = format!("{}é: [", &text[..end]);
            if let Err(problems) = Project::parse(torn, &env) {
                assert!(!problems.is_empty());
                rendered(&problems);
            }
        }
    }
}
