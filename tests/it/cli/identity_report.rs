//! `c360 identity why-not`, `audit` and `preview`: they look and write nothing.

use serde_json::Value;

use super::identity::shop;
use super::runner::Home;

/// A shop of four sources that share e-mail addresses, of which one is shared too widely and one is guarded.
fn family() -> Home {
    let home = Home::new();
    home.write(
        "c360.yaml",
        "name: family\ndata: ./data\nwarehouse: {location: ./lake}\nas_of: 2026-01-01\n",
    );
    home.write("schemas/people.yaml", CONTRACT);
    home.write("jobs/people.yaml", SOURCE);
    home.write("jobs/identity.yaml", IDENTITY);
    home.write("data/people.csv", PEOPLE);
    home.c360(&["run"]).exits(0);
    home
}

const CONTRACT: &str = "\
contract: people
key: [id]
columns:
  - {name: id, type: string, required: true}
  - {name: email, type: string, pii: true}
  - {name: phone, type: string, pii: true}
  - {name: born, type: string, pii: true}
";

const SOURCE: &str = "\
job: people
kind: source
contract: people
files: [\"people*.csv\"]
format: {type: csv}
mode: append
";

const IDENTITY: &str = "\
job: identity
kind: identity
records:
  - source: people
    from: raw.people
    key: id
    seen_at: TIMESTAMP '2026-01-01 00:00:00'
    identifiers: {email: email, phone: phone}
    attributes: {born: born}
identifiers:
  email: {normalize: email, rank: 1}
  phone: {limit: {records: 2}, rank: 2}
guards:
  - {attribute: born, max_per_person: 1}
";

/// 1 and 2 share an e-mail and a birth date; 3 shares the e-mail and not the date. 4, 5 and 6 share a phone.
const PEOPLE: &str = "\
id,email,phone,born
1,ann@home.example,,1980-01-01
2,ann@home.example,,1980-01-01
3,ann@home.example,,2005-05-05
4,bo@home.example,700100200,
5,cy@home.example,700100200,
6,di@home.example,700100200,
7,eve@home.example,,
";

fn snapshots(home: &Home) -> Value {
    home.c360(&["tables", "--json"]).exits(0).json()
}

#[test]
fn two_records_are_told_apart_by_what_keeps_them_apart() {
    let home = family();
    let why_not = |a: &str, b: &str| {
        home.c360(&["identity", "why-not", a, b, "--json"])
            .exits(0)
            .json()
    };
    let guarded = why_not("people:1", "people:3");
    assert_eq!(guarded["same_person"], false, "{guarded:#}");
    assert_eq!(guarded["same_component"], true, "{guarded:#}");
    assert_eq!(guarded["shared"][0]["kind"], "email", "{guarded:#}");
    assert_eq!(guarded["shared"][0]["over_limit"], false, "{guarded:#}");
    assert_eq!(guarded["refused"][0]["refused_by"], "born", "{guarded:#}");
    assert_eq!(guarded["limits"][0]["limit"], "born", "{guarded:#}");
    assert_eq!(guarded["limits"][0]["together"], 2, "{guarded:#}");

    let shared = why_not("people:4", "people:5");
    assert_eq!(shared["same_component"], false, "{shared:#}");
    assert_eq!(shared["shared"][0]["over_limit"], true, "{shared:#}");
    assert_eq!(shared["shared"][0]["records"], 3, "{shared:#}");
    home.c360(&["identity", "why-not", "people:4", "people:5"])
        .exits(0)
        .prints("over its limit")
        .prints("identifiers.phone.limit.records of 3 or more")
        .keeps_quiet_about("700100200");

    home.c360(&["identity", "why-not", "people:1", "people:7"])
        .exits(0)
        .prints("no evidence connects them")
        .prints("c360 link");
    let joined = why_not("people:1", "people:2");
    assert_eq!(joined["same_person"], true, "{joined:#}");
    assert_eq!(joined["path"][0]["rule"], "email", "{joined:#}");
    home.c360(&["identity", "why-not", "people:1", "people:2"])
        .exits(0)
        .prints("one person")
        .keeps_quiet_about("ann@home.example");

    home.c360(&["unlink", "people:1", "people:2"]).exits(0);
    home.c360(&["run"]).exits(0);
    home.c360(&["identity", "why-not", "people:1", "people:2"])
        .exits(0)
        .prints("people:1 and people:2: not the same")
        .prints("takes that back");
    home.c360(&["identity", "why-not", "people:1", "people:1"])
        .exits(2)
        .says("one record");
    home.c360(&["identity", "why-not", "people:1", "people:none"])
        .exits(2)
        .says("source people has no record of that key");
}

#[test]
fn the_model_says_why_it_does_not_join_two_records() {
    let home = shop();
    let sql = "SELECT a.source || ':' || a.key AS a, b.source || ':' || b.key AS b
               FROM identity.records AS a JOIN identity.records AS b
                 ON a.family_name = b.family_name AND a.given_name <> b.given_name
                 AND a.birth_date <> b.birth_date
               WHERE a.source = 'crm_contacts' AND b.source = 'loyalty_members'
               ORDER BY 1, 2 LIMIT 1";
    let pair = home.c360(&["sql", "-c", sql, "--json"]).exits(0).json();
    let [a, b] = ["a", "b"].map(|end| pair[0][end].as_str().expect("a record").to_owned());
    let told = home
        .c360(&["identity", "why-not", &a, &b, "--json"])
        .exits(0)
        .json();
    let model = &told["model"];
    let rules = model["blocking"].as_array().expect("rules");
    let of_names = rules
        .iter()
        .find(|rule| rule["rule"] == "given_name, family_name");
    let of_names = of_names.unwrap_or_else(|| panic!("no rule of names: {told:#}"));
    let apart = of_names["apart"].as_array().expect("parts");
    assert_eq!(apart[0], "given_name differs", "{told:#}");
    assert!(model["mean"].as_f64() < Some(0.0), "{told:#}");
    home.c360(&["identity", "why-not", &a, &b])
        .exits(0)
        .prints("they join from 0 on")
        .prints("given_name differs");
}

#[test]
fn the_graph_is_audited_without_showing_values() {
    let home = family();
    home.c360(&["link", "people:1", "people:2"]).exits(0);
    home.c360(&["unlink", "people:1", "people:7"]).exits(0);
    home.c360(&["run"]).exits(0);
    let before = snapshots(&home);
    let audit = home.c360(&["identity", "audit", "--json"]).exits(0).json();
    assert_eq!(audit["records"], 7, "{audit:#}");
    assert_eq!(audit["persons"], 6, "{audit:#}");
    assert_eq!(audit["sizes"][0]["persons"], 5, "{audit:#}");
    assert_eq!(audit["largest"][0]["records"], 2, "{audit:#}");
    let busiest = &audit["busiest_identifiers"];
    assert_eq!(busiest[0]["records"], 3, "{audit:#}");
    assert_eq!(busiest[1]["records"], 3, "{audit:#}");
    assert_eq!(busiest[0]["over_limit"], false, "{audit:#}");
    assert_eq!(busiest[1]["over_limit"], true, "{audit:#}");
    let phone = &audit["kinds"][1];
    assert_eq!(phone["over_limit"], 1, "{audit:#}");
    assert_eq!(phone["records_over_limit"], 3, "{audit:#}");
    assert_eq!(phone["junk"], 1, "{audit:#}");
    assert_eq!(busiest[0]["whose"], "household", "{audit:#}");
    assert_eq!(busiest[1]["whose"], "junk", "{audit:#}");
    let idle = audit["idle_decisions"].as_array().expect("decisions");
    let why: Vec<&str> = idle.iter().filter_map(|row| row["why"].as_str()).collect();
    assert_eq!(
        why,
        [
            "nothing connects the two",
            "other evidence links the two as well"
        ]
    );
    home.c360(&["identity", "audit"])
        .exits(0)
        .prints("7 records in 6 persons")
        .prints("born")
        .keeps_quiet_about("home.example")
        .keeps_quiet_about("700100200");
    assert_eq!(snapshots(&home), before, "an audit writes nothing");

    let digest = busiest[0]["digest"].as_str().expect("a digest");
    let sql = format!(
        "SELECT count(*) AS found FROM identity.identifiers
         WHERE substr(encode(sha256(value), 'hex'), 1, 12) = '{digest}'"
    );
    let found = home.c360(&["sql", "-c", &sql, "--json"]).exits(0).json();
    assert_eq!(found[0]["found"], 3);
}

#[test]
fn what_alone_holds_a_person_together_is_a_bridge() {
    let home = family();
    // 11 and 12 share an e-mail, 13 and 14 another; one phone holds the four together.
    home.write(
        "data/people2.csv",
        "id,email,phone,born\n11,fay@home.example,900,\n12,fay@home.example,,\n\
         13,gus@home.example,900,\n14,gus@home.example,,\n",
    );
    home.c360(&["run"]).exits(0);
    let audit = home.c360(&["identity", "audit", "--json"]).exits(0).json();
    let bridges = audit["bridges"].as_array().expect("bridges");
    assert_eq!(bridges.len(), 1, "{audit:#}");
    assert_eq!(bridges[0]["rule"], "phone", "{audit:#}");
    assert_eq!(bridges[0]["records"], 2, "{audit:#}");
}

#[test]
fn a_preview_says_what_a_run_then_does() {
    let home = family();
    let preview = || {
        home.c360(&["identity", "preview", "--json"])
            .exits(0)
            .json()
    };
    let same = preview();
    assert_eq!(same["unchanged"], 6, "{same:#}");
    assert_eq!(same["merged"], 0, "{same:#}");

    let before = snapshots(&home);
    let spec = IDENTITY.replace("records: 2", "records: 5");
    home.write(
        "jobs/identity.yaml",
        &spec.replace(
            "{normalize: email, rank: 1}",
            "{normalize: email, rank: 1, links: false}",
        ),
    );
    let found = preview();
    assert_eq!(found["persons_before"], 6, "{found:#}");
    assert_eq!(found["persons_after"], 5, "{found:#}");
    assert_eq!(found["merged"], 1, "{found:#}");
    assert_eq!(found["split"], 1, "{found:#}");
    assert_eq!(found["unchanged"], 2, "{found:#}");
    assert_eq!(found["records_moved"], 3, "{found:#}");
    let parts = found["merges"][0]["parts"].as_array().expect("parts");
    let keys: Vec<&str> = parts
        .iter()
        .filter_map(|part| part["key"].as_str())
        .collect();
    assert_eq!(keys, ["4", "5", "6"]);
    home.c360(&["identity", "preview", "--examples", "1"])
        .exits(0)
        .prints("1 merged, 1 split")
        .prints("of people:4, people:5, people:6");
    assert_eq!(snapshots(&home), before, "a preview writes nothing");

    home.c360(&["run"]).exits(0);
    let after = preview();
    assert_eq!(after["persons_before"], 5, "{after:#}");
    assert_eq!(after["unchanged"], 5, "{after:#}");
}

#[test]
fn the_shops_persons_come_out_of_a_preview_as_they_are() {
    let home = shop();
    let before = snapshots(&home);
    let found = home
        .c360(&["identity", "preview", "--json"])
        .exits(0)
        .json();
    assert_eq!(found["unchanged"], found["persons_before"], "{found:#}");
    assert_eq!(found["records_moved"], 0, "{found:#}");
    assert_eq!(found["model"], "newest", "{found:#}");
    let job = home.read("jobs/identity.yaml");
    home.write(
        "jobs/identity.yaml",
        &job.replace("    - {on: [phone]}\n", ""),
    );
    let found = home
        .c360(&["identity", "preview", "--json"])
        .exits(0)
        .json();
    assert_eq!(found["model"], "trained", "{found:#}");
    assert_eq!(snapshots(&home), before, "a preview writes nothing");
}

#[test]
fn a_row_is_looked_up_by_its_identifiers_and_by_the_model() {
    let home = shop();
    let sql = "SELECT c.first_name, c.last_name, c.birth_date, c.email, c.mobile, c.street, c.suburb, c.postcode,
                      c.crm_id, p.person_id
               FROM raw.crm_contacts c JOIN identity.persons p ON p.source = 'crm_contacts' AND p.key = c.crm_id
               WHERE c.first_name IS NOT NULL AND c.last_name IS NOT NULL AND c.birth_date IS NOT NULL
                 AND c.email IS NOT NULL AND c.street IS NOT NULL
               ORDER BY c.crm_id LIMIT 1";
    let known = home.c360(&["sql", "-c", sql, "--json"]).exits(0).json()[0].clone();
    let text = |column: &str| known[column].as_str().unwrap_or_default().to_owned();
    let given = |columns: &[&str]| -> Vec<String> {
        let given = columns.iter().filter(|column| known[**column].is_string());
        given
            .map(|column| format!("{column}={}", text(column)))
            .collect()
    };
    let ask = |values: Vec<String>| -> Value {
        let mut arguments = vec!["identity", "lookup", "crm_contacts"];
        arguments.extend(values.iter().map(String::as_str));
        arguments.push("--json");
        home.c360(&arguments).exits(0).json()
    };
    let own = |persons: &Value| -> Value {
        let persons = persons.as_array().expect("persons");
        let own = persons
            .iter()
            .find(|person| person["person_id"] == known["person_id"]);
        let records = own.expect("the person")["records"].clone();
        let records = records.as_array().expect("records");
        let own = records
            .iter()
            .find(|record| record["record"]["key"] == known["crm_id"]);
        own.expect("the record").clone()
    };

    let shares = own(&ask(given(&["email"])))["shares"].clone();
    assert!(
        shares.as_array().expect("kinds").contains(&"email".into()),
        "{shares}"
    );
    let unshared = ask(given(&[
        "first_name",
        "birth_date",
        "street",
        "suburb",
        "postcode",
    ]));
    let unshared = own(&unshared);
    assert!(unshared["weight"].as_f64() > Some(0.0), "{unshared}");

    let nobody = [
        "identity",
        "lookup",
        "crm_contacts",
        "first_name=Zebulon",
        "last_name=Quux",
    ];
    home.c360(&nobody).exits(0).prints("nobody");
    home.c360(&["identity", "lookup", "crm", "first_name=Anna"])
        .exits(2)
        .says("crm_contacts");
    home.c360(&["identity", "lookup", "crm_contacts", "firstname=Anna"])
        .exits(2)
        .says("did you mean first_name?");
    home.c360(&["identity", "lookup", "crm_contacts", "created_at=yesterday"])
        .exits(2)
        .says("created_at")
        .keeps_quiet_about("yesterday");
}
