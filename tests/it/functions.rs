//! SQL functions: what the listing says of them is so, and those of one's own are as good as the shipped ones.

use std::sync::Arc;

use c360_flow::{Action, Engine, EngineOptions, Function, FunctionOrigin, Functions, RunReport};
use c360_spec::{Project, SourceFile};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{ColumnarValue, SimpleScalarUDF, Volatility};

use self::own_functions::{GtinIsValid, ShareOf};
use crate::flow::own_project::OwnProject;

#[path = "../../examples/own_functions.rs"]
#[allow(dead_code, reason = "the example's main is not called here")]
mod own_functions;

const AS_OF: &str = "2026-03-02T00:00:00Z";

fn listed(functions: &Functions, origin: FunctionOrigin) -> Vec<Function> {
    let all = functions.all().into_iter();
    all.filter(|function| function.origin == origin).collect()
}

/// Runs the example of each function, and holds rows and type against what it says.
async fn check(functions: &Functions, told: &[Function]) {
    let project = OwnProject::with_options([], AS_OF, calling(functions.clone())).await;
    let mut wrong = Vec::new();
    for function in told {
        let name = &function.name;
        assert!(function.description.is_some(), "{name} says nothing");
        let Some(example) = &function.example else {
            panic!("{name} has no example");
        };
        let rows = project.texts(example).await;
        let rows: Vec<String> = rows.iter().map(|row| row.join(", ")).collect();
        let expected = function.result.clone().unwrap_or_default();
        if rows.join("\n") != expected {
            wrong.push(format!("{name}: {expected} is {}", rows.join("\n")));
        }
        assert!(example.contains(&format!("{name}(")), "{name}: {example}");
        let (call, gives) = function.signature.split_once(" → ").expect("a result type");
        let schema = project.rows(example).await[0].schema();
        let given = schema.field(0).data_type();
        assert!(is_called(given, gives), "{name} gives {given}");
        assert!(call.starts_with(&format!("{name}(")), "{call}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a signature calls a type so. The example of a struct takes one of its fields out.
fn is_called(given: &DataType, told: &str) -> bool {
    match told {
        "VARCHAR" => *given == DataType::Utf8,
        "BOOLEAN" => *given == DataType::Boolean,
        "BIGINT" => *given == DataType::Int64,
        "DOUBLE" => *given == DataType::Float64,
        "LIST" => matches!(given, DataType::List(_)),
        "STRUCT" => given.is_floating(),
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_is_documented_and_its_example_true() {
    let told = listed(&Functions::default(), FunctionOrigin::C360);
    assert!(
        told.iter()
            .any(|function| function.name == "lifetime_value")
    );
    check(&Functions::default(), &told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_own_functions_does_what_it_says() {
    let functions = own_functions::functions();
    let told = listed(&functions, FunctionOrigin::Own);
    let names: Vec<&str> = told.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["gtin_is_valid", "share_of", "visit_number"]);
    check(&functions, &told).await;
}

/// Lines of receipts, of which one job makes the share with a discount; another calls nothing of one's own.
fn receipts() -> [(&'static str, String); 7] {
    let feature = |name: &str| {
        format!(
            "job: {name}\nkind: feature\ntable: customer.{name}\nsql: sql/{name}.sql\nkey: [person]\n"
        )
    };
    [
        (
            "schemas/lines.yaml",
            "contract: lines
columns:
  - {name: person, type: string, required: true}
  - {name: gtin, type: string}
  - {name: discount, type: long}
  - {name: at, type: timestamp}
"
            .to_owned(),
        ),
        (
            "jobs/lines.yaml",
            "job: lines\nkind: source\ncontract: lines\nfiles: [lines.csv]\nformat: {type: csv}\n"
                .to_owned(),
        ),
        ("jobs/shares.yaml", feature("shares")),
        (
            "sql/shares.sql",
            "SELECT person, SHARE_OF(discount > 0) AS discounted FROM raw.lines GROUP BY person"
                .to_owned(),
        ),
        ("jobs/totals.yaml", feature("totals")),
        (
            "sql/totals.sql",
            "SELECT person, COUNT(*) AS lines FROM raw.lines GROUP BY person".to_owned(),
        ),
        (
            "jobs/articles.yaml",
            "job: articles
kind: measures
table: customer.articles
from: raw.lines
by: person
at: at
measures:
  - {name: articles, measure: distinct, of: gtin, where: gtin_is_valid(gtin)}
"
            .to_owned(),
        ),
    ]
}

fn acted(report: &RunReport) -> Vec<(&str, Action, &str)> {
    let jobs = report.jobs.iter();
    let acted = jobs.filter(|job| job.action != Action::Nothing);
    acted
        .map(|job| (job.job.as_str(), job.action, job.why.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_call_a_function_are_made_anew_when_its_meaning_changes_and_no_others() {
    let of = |version| {
        let functions = Functions::default().scalar(1, GtinIsValid::default());
        functions.aggregate(version, ShareOf::default())
    };
    let mut project = OwnProject::with_options(receipts(), AS_OF, calling(of(1))).await;
    let lines = "person,gtin,discount,at
p1,4006381333931,5,2026-03-01
p1,4006381333932,0,2026-03-01
p2,96385074,0,2026-03-01
";
    std::fs::write(project.data().join("lines.csv"), lines).expect("lines");
    project.run().await;
    let rows = project.texts(
        "SELECT person, discounted, articles FROM customer.shares JOIN customer.articles USING (person) ORDER BY person",
    );
    assert_eq!(rows.await, [["p1", "0.5", "1"], ["p2", "0.0", "1"]]);
    assert!(project.run().await.nothing_happened());
    project.reopen_with(calling(of(2))).await;
    let report = project.run().await;
    assert_eq!(acted(&report), [("shares", Action::Full, "spec changed")]);
    assert!(project.run().await.nothing_happened());
}

/// What a program hands in whose SQL calls these.
fn calling(functions: Functions) -> EngineOptions {
    EngineOptions {
        functions,
        ..EngineOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_is_refused() {
    let check = async |functions: Functions, expected: &str| {
        let lake = tempfile::tempdir().expect("a folder");
        let settings = "name: own\nwarehouse: {location: ./lake}\n".to_owned();
        let settings = SourceFile {
            path: "c360.yaml".to_owned(),
            text: settings,
        };
        let project = Project::parse(vec![settings], &|_| None).expect("a project");
        let refused = Engine::open(project, lake.path(), calling(functions))
            .await
            .err();
        assert_eq!(refused.expect("an error").to_string(), expected);
    };
    let own = own_functions::functions;
    check(
        own().aggregate(1, datafusion::functions_aggregate::sum::Sum::new()),
        "there already is a function `sum`",
    )
    .await;
    check(
        own().aggregate(1, ShareOf::default()),
        "there already is a function `share_of`",
    )
    .await;
    let odd = SimpleScalarUDF::new(
        "Odd",
        vec![],
        DataType::Boolean,
        Volatility::Immutable,
        Arc::new(|_| Ok(ColumnarValue::Scalar(true.into()))),
    );
    check(own().scalar(1, odd), "the function `Odd` cannot be called").await;
}
