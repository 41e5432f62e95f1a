//! `c360 draft`, from an empty project to rows in the lake.

use super::runner::Home;

const CUSTOMERS: &str = "\u{feff}No; Full name;e-mail;born;postcode;spent;\"on\";since\n\
    1;Ann Lee;ann@mail.example;31.12.1980;0049;12.50;yes;2024-01-02 10:00:00\n\
    2;Bob Ray;;01.02.1990;0050;7;no;2024-02-03 11:30:00\n";

fn empty() -> Home {
    let home = Home::new();
    home.c360(&["init", ".", "--empty"])
        .exits(0)
        .prints("c360 draft");
    home.c360(&["validate"])
        .exits(0)
        .prints("project customers is valid: 0 contracts");
    home
}

#[test]
fn a_draft_takes_in_the_files_that_it_was_made_from() {
    let home = empty();
    home.write("data/customers-1.csv", CUSTOMERS);
    home.c360(&["draft", "customers", "customers-*.csv"])
        .exits(0)
        .prints("8 columns, from 2 rows of customers-1.csv")
        .prints("no value occurs twice of: No, Full name, born, postcode, spent, on, since")
        .prints("c360 run customers");
    let contract = "\
contract: customers
key: []
columns:
  - {name: \"No\", type: long}
  - {name: \"Full name\", type: string}
  - {name: \"e-mail\", type: string}
  - {name: born, type: date, formats: [\"%d.%m.%Y\"]}
  - {name: postcode, type: string}
  - {name: spent, type: \"decimal(18,2)\"}
  - {name: \"on\", type: boolean}
  - {name: since, type: timestamp}
";
    let written = home.read("schemas/customers.yaml");
    assert!(written.ends_with(contract), "{written}");
    home.c360(&["run", "customers"]).exits(0);
    let sql = "SELECT \"No\", born, postcode, spent, \"on\" FROM raw.customers ORDER BY 1 LIMIT 1";
    let rows = home.c360(&["--json", "sql", "-c", sql]).exits(0).stdout;
    for value in ["1980-12-31", "0049", "12.5", "true"] {
        assert!(rows.contains(value), "no {value} in {rows}");
    }
    home.c360(&["draft", "customers", "customers-*.csv"])
        .exits(2)
        .says("already holds schemas/customers.yaml");
}

#[test]
fn a_column_without_a_name_is_left_out() {
    let home = empty();
    home.write("data/frame.csv", ",a,A\n0,x,1\n1,y,2\n");
    home.c360(&["draft", "frame", "frame.csv", "--project", "data/.."])
        .exits(0)
        .says("column number 1, which has no name, is left out")
        .says("column A, which another is called, is left out")
        .prints("1 column, from 2 rows");
    home.c360(&["run", "frame"]).exits(0);
    let rows = home.c360(&["--json", "sql", "-c", "SELECT a FROM raw.frame ORDER BY a"]);
    assert!(rows.exits(0).stdout.contains('y'));
}

#[test]
fn objects_and_a_key_of_several_columns_are_drafted_too() {
    let home = empty();
    let rows = "{\"shop\": 1, \"till\": 1, \"at\": \"2024-01-02T10:00:00Z\"}\n\
                {\"shop\": 1, \"till\": 2, \"at\": \"2024-01-02T10:00:01Z\", \"note\": null}\n";
    home.write("data/tills.ndjson", rows);
    let drafted = home.c360(&[
        "--json",
        "draft",
        "tills",
        "tills.ndjson",
        "--key",
        "shop,till",
    ]);
    assert_eq!(drafted.exits(0).json()["columns"], 4);
    let contract = home.read("schemas/tills.yaml");
    for line in [
        "key: [shop, till]",
        "{name: shop, type: long, required: true}",
        "{name: note, type: string}",
    ] {
        assert!(contract.contains(line), "no {line} in {contract}");
    }
    home.c360(&["run", "tills"]).exits(0).prints("2");
}

#[test]
fn what_cannot_be_drafted_is_told_and_nothing_is_written() {
    let home = empty();
    home.c360(&["draft", "orders", "orders*.csv"])
        .exits(2)
        .says("no file in")
        .says("orders*.csv");
    home.write("data/orders.csv", "order_id,amount\n1,2\n");
    home.c360(&["draft", "Orders", "orders.csv"])
        .exits(2)
        .says("lower-case");
    home.c360(&["draft", "orders", "orders.csv", "--key", "orderid"])
        .exits(2)
        .says("no column orderid")
        .says("did you mean `order_id`?");
    home.write("data/orders.json", "[1, 2]\n");
    home.c360(&["draft", "orders", "orders.json"])
        .exits(3)
        .says("no JSON objects");
    assert!(!home.file("schemas").exists());
}

#[test]
fn files_that_are_no_utf_8_are_drafted_as_what_they_most_often_are() {
    let home = Home::with_people();
    home.write_bytes("data/crm.csv", b"id;stra\xDFe\n1;10 \x80\n");
    home.c360(&["draft", "crm", "crm.csv"])
        .exits(0)
        .says("crm.csv is no UTF-8: it is read as windows-1252");
    assert!(home.read("schemas/crm.yaml").contains("straße"));
    assert!(
        home.read("jobs/crm.yaml")
            .contains("encoding: windows-1252")
    );
    home.c360(&["run", "crm"]).exits(0);
    let sql = "SELECT \"straße\" FROM raw.crm";
    home.c360(&["sql", "-c", sql]).exits(0).prints("10 €");
}
