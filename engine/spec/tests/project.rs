//! What a project that was read says of itself.

use c360_spec::{JobKind, Literal, Project, SourceFile};

const SETTINGS: &str = "name: shop\nwarehouse: {location: ./lake}\n";
const CONTRACT: &str = "
contract: orders
key: [id]
columns:
  - {name: id, type: long}
  - {name: ts, type: timestamp, description: when}
  - {name: status, type: string, accepted_values: [1, open]}
null_values: [NULL, '', 0]
";
const SOURCE: &str = "
job: orders
kind: source
contract: orders
files: [orders.csv]
format: {type: csv}
mode: upsert
order_by: ts
";
const FEATURE: &str = "
job: totals
kind: feature
table: customer.totals
sql: sql/totals.sql
by: person_id
windows: [{table: raw.orders, at: ts, days: [30]}]
";
const SQL: &str = "SELECT 1 AS person_id";

fn project(files: &[(&str, &str)]) -> Project {
    let files = files.iter().map(|(path, text)| SourceFile {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    });
    let env = |name: &str| (name == "CATALOG").then(|| "postgres://me:hunter2@db/c360".to_owned());
    match Project::parse(files.collect(), &env) {
        Ok(project) => project,
        Err(problems) => panic!("{:#}", problems.to_json()),
    }
}

fn shop() -> Vec<(&'static str, &'static str)> {
    vec![
        ("c360.yaml", SETTINGS),
        ("schemas/orders.yaml", CONTRACT),
        ("jobs/orders.yaml", SOURCE),
        ("jobs/totals.yaml", FEATURE),
        ("sql/totals.sql", SQL),
    ]
}

/// Fingerprints of `orders` and `totals` once a file has another text.
fn fingerprints(path: &str, from: &str, to: &str) -> [String; 2] {
    let mut files = shop();
    let changed = files
        .iter()
        .find(|(name, _)| *name == path)
        .expect("a file")
        .1
        .replace(from, to);
    files
        .iter_mut()
        .filter(|(name, _)| *name == path)
        .for_each(|file| file.1 = &changed);
    let project = project(&files);
    ["orders", "totals"].map(|job| project.jobs[job].fingerprint.clone())
}

#[test]
fn fingerprints_follow_what_decides_the_result() {
    let [orders, totals] = fingerprints("c360.yaml", "", "");
    assert_eq!(orders.len(), 16);
    let same = [
        (
            "jobs/orders.yaml",
            "mode: upsert\norder_by: ts",
            "order_by: \"ts\" # newest\nmode: upsert",
        ),
        (
            "jobs/orders.yaml",
            "kind: source",
            "kind: source\ndescription: all orders",
        ),
        (
            "jobs/orders.yaml",
            "{type: csv}",
            "{type: csv, delimiter: ','}",
        ),
        (
            "schemas/orders.yaml",
            "description: when",
            "description: when it was made",
        ),
        ("schemas/orders.yaml", "type: long", "type: long, pii: true"),
        (
            "schemas/orders.yaml",
            "key: [id]",
            "key: [id]\nrejects: {max_rows: 3}",
        ),
        ("c360.yaml", "./lake", "./sea"),
    ];
    for (path, from, to) in same {
        assert_eq!(
            fingerprints(path, from, to),
            [orders.clone(), totals.clone()],
            "{to}"
        );
    }
    let [other, unmoved] = fingerprints("schemas/orders.yaml", "type: long", "type: int");
    assert_ne!(other, orders);
    assert_eq!(unmoved, totals);
    let [unmoved, other] = fingerprints("sql/totals.sql", "1", "2");
    assert_eq!(unmoved, orders);
    assert_ne!(other, totals);
}

#[test]
fn jobs_name_their_tables() {
    let project = project(&shop());
    let texts = |tables: Vec<c360_spec::TableName>| {
        tables
            .iter()
            .map(|table| table.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let outputs = |job: &str| texts(project.jobs[job].output_tables());
    assert_eq!(
        outputs("orders"),
        "raw.orders raw.orders__rejects raw.orders__deleted"
    );
    assert_eq!(outputs("totals"), "customer.totals");
    assert_eq!(texts(project.jobs["totals"].input_tables()), "raw.orders");
    assert_eq!(project.jobs["totals"].sql_files(), ["sql/totals.sql"]);
}

#[test]
fn defaults_are_filled_in() {
    let project = project(&shop());
    let JobKind::Feature(job) = &project.jobs["totals"].kind else {
        panic!("a feature job")
    };
    assert_eq!(job.key, ["person_id"]);
    let contract = &project.contracts["orders"];
    assert!(contract.trim);
    assert_eq!(contract.rejects.max_percent, 1.0);
    assert_eq!(contract.booleans.truthy[0], "true");
    assert_eq!(
        project.settings.warehouse.catalog_uri().reveal(),
        "sqlite:./lake/catalog.db"
    );
}

#[test]
fn scalars_are_read_as_what_is_expected_of_them() {
    let project = project(&shop());
    let contract = &project.contracts["orders"];
    assert_eq!(contract.null_values, ["NULL", "", "0"]);
    let accepted = &contract.columns[2].accepted_values;
    assert_eq!(
        accepted,
        &[Literal("1".to_owned()), Literal("open".to_owned())]
    );
}

#[test]
fn connections_come_from_the_environment_and_are_not_shown() {
    let mut files = shop();
    let settings =
        "name: shop\nwarehouse: {location: s3://lake, catalog: env:CATALOG}\nas_of: 2011-12-10\n";
    files[0].1 = settings;
    let settings = project(&files).settings;
    assert_eq!(
        settings.warehouse.catalog_uri().reveal(),
        "postgres://me:hunter2@db/c360"
    );
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert_eq!(
        settings.as_of.map(|at| at.to_string()).as_deref(),
        Some("2011-12-10T00:00:00Z")
    );
}
