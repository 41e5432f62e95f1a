//! Filters above joins hold for the columns that they name, also where both tables have one of that name.

use super::own_project::OwnProject;

const AS_OF: &str = "2026-01-31T00:00:00Z";

/// Orders of customers 0 to 59, customers 40 to 69: some of each have no other.
async fn shop() -> OwnProject {
    let mut files = Vec::new();
    for name in ["orders", "customers"] {
        let contract = "key: [number]\ncolumns:
  - {name: number, type: long}
  - {name: customer, type: string}
  - {name: seen, type: long}\n";
        files.push((
            format!("schemas/{name}.yaml"),
            format!("contract: {name}\n{contract}"),
        ));
        let job = format!(
            "job: {name}\nkind: source\ncontract: {name}\nfiles: [\"{name}.csv\"]\nformat: {{type: csv}}\n"
        );
        files.push((format!("jobs/{name}.yaml"), job));
    }
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()));
    let project = OwnProject::new(files, AS_OF).await;
    let row = |number: i64, customer: i64| format!("{number},c{customer:02},{}\n", number % 7);
    let orders: String = (0..600).map(|number| row(number, number % 60)).collect();
    let customers: String = (40..70).map(|number| row(number, number)).collect();
    for (name, rows) in [("orders", orders), ("customers", customers)] {
        let text = format!("number,customer,seen\n{rows}");
        std::fs::write(project.data().join(format!("{name}.csv")), text).expect("a file");
    }
    project.run().await;
    project
}

async fn check(project: &OwnProject, from_where: &str, expected: i64) {
    let sql = format!("SELECT COUNT(*) AS rows FROM {from_where}");
    assert_eq!(project.texts(&sql).await, [[expected.to_string()]], "{sql}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_above_a_join_is_neither_lost_nor_held_against_a_namesake() {
    let project = shop().await;
    let on = "o.customer = c.customer";
    for (join, filter, expected) in [
        (
            "raw.orders o RIGHT JOIN raw.customers c",
            "o.customer IS NULL",
            10,
        ),
        (
            "raw.orders o RIGHT JOIN raw.customers c",
            "o.customer LIKE 'c4%'",
            100,
        ),
        (
            "raw.orders o RIGHT JOIN raw.customers c",
            "o.customer IS DISTINCT FROM c.customer",
            10,
        ),
        (
            "raw.orders o RIGHT JOIN raw.customers c",
            "o.seen IS DISTINCT FROM c.seen",
            170,
        ),
        (
            "raw.customers c LEFT JOIN raw.orders o",
            "o.customer IS NULL",
            10,
        ),
        (
            "raw.customers c RIGHT JOIN raw.orders o",
            "c.customer IS NULL",
            400,
        ),
        (
            "raw.orders o LEFT JOIN raw.customers c",
            "c.customer IS NULL",
            400,
        ),
        (
            "raw.orders o LEFT JOIN raw.customers c",
            "o.seen IS DISTINCT FROM c.seen",
            560,
        ),
        (
            "raw.orders o FULL JOIN raw.customers c",
            "o.customer IS NULL",
            10,
        ),
        (
            "raw.orders o FULL JOIN raw.customers c",
            "c.customer IS NULL",
            400,
        ),
    ] {
        check(
            &project,
            &format!("{join} ON {on} WHERE {filter}"),
            expected,
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_joined_rows_are_those_of_the_column_that_they_are_ordered_by() {
    let project = shop().await;
    let first = "(SELECT o.seen, c.number FROM raw.orders o JOIN raw.customers c ON o.customer = c.customer \
                 ORDER BY o.seen DESC, o.number LIMIT 20) f WHERE f.seen = 6";
    check(&project, first, 20).await;
}
