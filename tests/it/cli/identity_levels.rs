//! Short forms, numbers, places and lists: from the spec to the words of `c360 identity explain`.

use super::runner::Home;

const CONTRACT: &str = "\
contract: people
key: [id]
columns:
  - {name: id, type: string, required: true}
  - {name: first, type: string}
  - {name: last, type: string}
  - {name: emails, type: string}
  - {name: height, type: string}
  - {name: lat, type: string}
  - {name: lon, type: string}
";

const SOURCE: &str = "\
job: people
kind: source
contract: people
files: [people.csv]
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
    identifiers: {account: id}
    attributes:
      first: normalize_name(first)
      last: normalize_name(last)
      emails: emails
      height: height
      lat: lat
      lon: lon
identifiers: {account: {links: false}}
matching:
  blocking:
    - {on: [first, last], certain: true}
    - {on: [last], sound: {last: soundex}}
    - {on: [emails], each: {emails: ';'}}
  comparisons:
    - {compare: name, forename: first, surname: last, nicknames: {english: true, groups: [[Zoë, zozo]]}}
    - {compare: number, column: height, within: [1, 5], within_percent: [10]}
    - {compare: location, latitude: lat, longitude: lon, within_km: [1, 100]}
    - {compare: list, column: emails}
";

const PEOPLE: &str = "\
id,first,last,emails,height,lat,lon
1,William,Meyer,will@a.example;office@b.example,180,48.2083,16.3731
2,Bill,Meyer,office@b.example; bill@c.example,182.50,48.2090,16.3740
3,Zoë,Okafor,zoe@a.example,170,48.2083,16.3731
4,Zozo,Okafor,zozo@d.example,tall,99,16.3731
5,Ann,Maier,ann@a.example,198,48.1439,17.1097
6,Ann,Lee,office@b.example,,,
";

fn home() -> Home {
    let home = Home::new();
    home.write(
        "c360.yaml",
        "name: levels\ndata: ./data\nwarehouse: {location: ./lake}\nas_of: 2026-01-01\n",
    );
    home.write("schemas/people.yaml", CONTRACT);
    home.write("jobs/people.yaml", SOURCE);
    home.write("jobs/identity.yaml", IDENTITY);
    home.write("data/people.csv", PEOPLE);
    home.c360(&["run"]).exits(0);
    home
}

/// The levels of name, height, location and e-mails between two records, and whether these meet.
fn levels(home: &Home, a: u32, b: u32) -> ([String; 4], bool) {
    let [a, b] = [a, b].map(|key| format!("people:{key}"));
    let told = home.c360(&["identity", "explain", &a, &b, "--json"]);
    let told = told.exits(0).json();
    let level = |at: usize| {
        let level = told["comparisons"][at]["level"].as_str();
        level.expect("a level").to_owned()
    };
    let meet = told["meet"].as_bool().expect("whether they meet");
    ([0, 1, 2, 3].map(level), meet)
}

#[track_caller]
fn check(home: &Home, [a, b]: [u32; 2], meet: bool, expected: [&str; 4]) {
    assert_eq!(levels(home, a, b), (expected.map(String::from), meet));
}

#[test]
fn degrees_of_agreement_are_told_in_words() {
    let home = home();
    check(
        &home,
        [1, 2],
        true,
        [
            "first a known short form, last equal",
            "height up to 5 apart",
            "lat, lon up to 1 km apart",
            "emails with 1 or more in common",
        ],
    );
    // Neither `tall` nor a latitude of 99 degrees says anything.
    check(
        &home,
        [3, 4],
        true,
        [
            "first a known short form, last equal",
            "height unknown",
            "lat, lon unknown",
            "different",
        ],
    );
    // Meyer sounds like Maier.
    check(
        &home,
        [1, 5],
        true,
        [
            "different",
            "height up to 10 % apart",
            "lat, lon up to 100 km apart",
            "different",
        ],
    );
    let (_, meet) = levels(&home, 2, 6);
    assert!(meet, "an office's mailbox is in both lists");
    let (_, meet) = levels(&home, 3, 6);
    assert!(!meet, "nothing brings these two together");
    home.c360(&["identity", "why-not", "people:3", "people:6"])
        .exits(0)
        .prints("soundex(last) differs")
        .prints("emails differs");
}
