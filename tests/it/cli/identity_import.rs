//! `c360 identity import`: a Splink model decides, and weighs two records as Splink does.

use super::runner::Home;

const FIXTURES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/engine/resolve/src/matching/tests/fixtures"
);

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{FIXTURES}/{name}")).expect("a fixture")
}

/// The records of the parity fixture, under the names that its model knows; `attributes` as given.
fn project(attributes: &str) -> Home {
    let home = Home::new();
    home.write(
        "c360.yaml",
        "name: splink\ndata: ./data\nwarehouse: {location: ./lake}\nas_of: 2026-01-01\n",
    );
    let records = fixture("records.csv");
    let header = records.lines().next().expect("a header");
    let column = |name: &str| match name {
        "unique_id" => format!("  - {{name: {name}, type: string, required: true}}\n"),
        _ => format!("  - {{name: {name}, type: string, pii: true}}\n"),
    };
    let columns: String = header.split(',').map(column).collect();
    home.write(
        "schemas/people.yaml",
        &format!("contract: people\nkey: [unique_id]\ncolumns:\n{columns}"),
    );
    home.write(
        "jobs/people.yaml",
        "job: people\nkind: source\ncontract: people\nfiles: [\"people*.csv\"]\nformat: {type: csv}\nmode: append\n",
    );
    home.write(
        "jobs/identity.yaml",
        &format!("{IDENTITY_HEAD}{attributes}{IDENTITY_TAIL}"),
    );
    home.write("data/people.csv", &records);
    home.write("model.json", &fixture("model.json"));
    home
}

const IDENTITY_HEAD: &str = "\
job: identity
kind: identity
records:
  - source: people
    from: raw.people
    key: unique_id
    seen_at: TIMESTAMP '2026-01-01 00:00:00'
    identifiers: {account: unique_id, phone: phone}
    attributes:
";

const ATTRIBUTES: &str = "
      first_name: first_name
      surname: surname
      full_name: first_name || ' ' || surname
      dob: dob
      email: email
      street: street
      city: city
      postcode: postcode
      income: income
      tags: replace(tags, '|', chr(31))
";

const IDENTITY_TAIL: &str = "
identifiers: {account: {links: false}, phone: {links: false}}
matching:
  blocking: [{on: [surname, dob], certain: true}]
  comparisons: [{compare: exact, column: surname}, {compare: phone, column: phone}]
";

fn models(home: &Home) -> u64 {
    let sql = "SELECT count(*) AS models FROM identity.models";
    let rows = home.c360(&["sql", "-c", sql, "--json"]).exits(0).json();
    rows[0]["models"].as_u64().expect("a number")
}

#[test]
fn an_imported_model_weighs_as_splink_does_and_stays() {
    let home = project(ATTRIBUTES);
    home.c360(&["run"]).exits(0);
    let model = home
        .c360(&["identity", "import", "model.json", "--json"])
        .exits(0)
        .json();
    assert_eq!(model["number"], 2, "{model}");
    assert_eq!(model["blocking_rules"], 6, "{model}");
    home.c360(&["run"]).exits(0);
    home.c360(&["run"]).exits(0).prints("nothing to do");
    assert_eq!(models(&home), 2, "the run kept to what was imported");

    for pair in fixture("pairs.csv").lines().skip(1).step_by(150) {
        let cells: Vec<&str> = pair.split(',').collect();
        let [a, b] = [cells[0], cells[1]].map(|key| format!("people:{key}"));
        let told = home
            .c360(&["identity", "explain", &a, &b, "--json"])
            .exits(0)
            .json();
        let weight = told["weight"].as_f64().expect("a weight");
        let splink: f64 = cells[2].parse().expect("a weight");
        assert!((weight - splink).abs() < 1e-6, "{pair}: {weight}");
        assert_eq!(told["meet"], true, "{pair}");
    }

    let more = "unique_id,first_name,surname,dob,email,phone,street,city,postcode,income,tags\n\
                1000,tamos,baullé,1979-10-11,,,,,,,\n";
    home.write("data/people2.csv", more);
    home.c360(&["run"]).exits(0);
    assert_eq!(models(&home), 2, "news of records are no reason to train");
    home.c360(&["identity", "explain", "people:1000", "people:2"])
        .exits(0)
        .prints("first_name_surname");

    let spec = home.read("jobs/identity.yaml");
    home.write("jobs/identity.yaml", &format!("{spec}  recall: 0.8\n"));
    home.c360(&["run"]).exits(0);
    assert_eq!(models(&home), 3, "matching changed");
}

#[test]
fn a_model_that_cannot_be_used_is_refused_with_its_place() {
    let home = project(&ATTRIBUTES.replace("      city: city\n", "      town: city\n"));
    home.c360(&["identity", "import", "model.json"])
        .exits(2)
        .says("c360 run identity");
    home.c360(&["run"]).exits(0);
    home.c360(&["identity", "import", "model.json"])
        .exits(2)
        .says("the model compares `city`, which records do not have")
        .says("add an attribute city");

    let model = fixture("model.json");
    home.write(
        "odd.json",
        &model.replacen("l.\\\"dob\\\" = r.\\\"dob\\\"", "l.dob > r.dob", 1),
    );
    home.c360(&["identity", "import", "odd.json"])
        .exits(2)
        .says("cannot import `odd.json`: blocking rule 2: `l.dob > r.dob`");
    home.write("half.json", &model[..model.len() / 2]);
    home.c360(&["identity", "import", "half.json"])
        .exits(2)
        .says("cannot import `half.json`")
        .says("line ");
    home.c360(&["identity", "import", "nowhere.json"])
        .exits(2)
        .says("nowhere.json");
    assert_eq!(models(&home), 1, "nothing was imported");
}

#[test]
fn an_identifier_is_compared_where_matching_names_it() {
    let home = project(ATTRIBUTES);
    let spec = home.read("jobs/identity.yaml");
    home.write(
        "jobs/identity.yaml",
        &spec.replace(", {compare: phone, column: phone}", ""),
    );
    home.c360(&["run"]).exits(0);
    home.c360(&["identity", "import", "model.json"])
        .exits(2)
        .says("the model compares `phone`, which records do not have")
        .says("name phone under matching too");
}
