//! A column that gets a wider type changes what is computed of it, though no row changes.

use super::own_project::OwnProject;

const AS_OF: &str = "2026-01-31T00:00:00Z";

fn contract(wide: bool) -> String {
    let (whole, broken) = match wide {
        true => ("long", "double"),
        false => ("int", "float"),
    };
    format!(
        "contract: a\nkey: [id]\ncolumns:\n  - {{name: id, type: long}}\n  - {{name: k, type: string}}
  - {{name: whole, type: {whole}}}\n  - {{name: broken, type: {broken}}}\n"
    )
}

fn files() -> Vec<(&'static str, String)> {
    let source = "job: a\nkind: source\ncontract: a\nfiles: [\"a*.csv\"]\nformat: {type: csv}\n";
    let middle = "job: middle\nkind: feature\ntable: customer.middle\nsql: sql/middle.sql\nby: k\nkey: [id]\n";
    let top = "job: top\nkind: feature\ntable: customer.top\nsql: sql/top.sql\nby: k\n";
    let of = "max(arrow_typeof(whole * whole)) AS type, min(1 / broken) AS part";
    vec![
        ("schemas/a.yaml", contract(false)),
        ("jobs/a.yaml", source.to_owned()),
        ("jobs/middle.yaml", middle.to_owned()),
        ("jobs/top.yaml", top.to_owned()),
        (
            "sql/middle.sql",
            "SELECT id, k, whole, broken FROM raw.a".to_owned(),
        ),
        (
            "sql/top.sql",
            format!("SELECT k, {of} FROM customer.middle GROUP BY k"),
        ),
    ]
}

async fn check(project: &OwnProject, expected: [&str; 3]) {
    let rows = project.texts("SELECT * FROM customer.top").await;
    assert_eq!(rows, [expected]);
    let again = project.run().await;
    assert!(again.nothing_happened(), "{again:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reads_a_wider_column_is_computed_anew() {
    for is_there in [true, false] {
        let mut project = OwnProject::new(files(), AS_OF).await;
        let file = project.data().join("a.csv");
        std::fs::write(&file, "id,k,whole,broken\n1,k,100,7\n").expect("a file");
        project.run().await;
        check(&project, ["k", "Int32", "0.14285715"]).await;
        if !is_there {
            std::fs::remove_file(&file).expect("a file");
            let other = project.data().join("a2.csv");
            std::fs::write(other, "id,k,whole,broken\n").expect("a file");
        }
        project.rewrite("schemas/a.yaml", contract(true)).await;
        project.run().await;
        check(&project, ["k", "Int64", "0.14285714285714285"]).await;
        if is_there {
            project.assert_verified("wider").await;
        }
    }
}
