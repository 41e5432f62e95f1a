//! Random histories of who is who: after every step, records inserted, updated or deleted, linked or unlinked by a
//! steward, the identity tables equal a rebuild's from what there is then, in another order of rows and on another
//! number of threads. The model is given, so that every step is matched incrementally.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use c360_catalog::Warehouse;
use c360_flow::{
    AskedRow, Clock, Engine, EngineOptions, LikelyPerson, RecordName, Selection, Silent,
};
use c360_spec::{Project, SourceFile, TableName};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::copied::Copied;
use super::lab::{assert_same_lakes, chain};
use super::retailer::Dice;
use super::side_by_side::check_each;
use crate::asked::seeds;

/// Of so many histories, the lake of one is verified after every step.
const VERIFIED_EVERY: u64 = 20;

/// Steps of one history.
const STEPS: usize = 4;

const FIRST: [&str; 8] = [
    "anna", "bert", "cleo", "dora", "emil", "frida", "gregor", "hilde",
];
const LAST: [&str; 6] = ["berg", "stone", "lee", "moritz", "okafor", "silva"];
const TOWNS: [&str; 4] = ["ulm", "graz", "bern", "linz"];

/// Records that the model of all histories is trained on.
const TAUGHT_BY: usize = 400;

/// The columns of [`Person::values`].
const COLUMNS: [&str; 6] = ["first", "last", "born", "mail", "card", "town"];

const SETTINGS: &str = "name: people\ndata: ./data\nwarehouse: {location: ./lake}\n";

const CONTRACT: &str = "
contract: people
key: [id]
columns:
  - {name: id, type: string, required: true}
  - {name: system, type: string, required: true}
  - {name: seen, type: timestamp, required: true, formats: ['%Y-%m-%d']}
  - {name: version, type: int, required: true}
  - {name: first, type: string}
  - {name: last, type: string}
  - {name: born, type: string}
  - {name: mail, type: string}
  - {name: card, type: string}
  - {name: town, type: string}
";

const SOURCE: &str = "
job: people
kind: source
contract: people
files: ['people*.csv']
format: {type: csv}
mode: cdc
order_by: version
op: {column: op}
";

const IDENTITY: &str = "
job: identity
kind: identity
records:
  - source: shop
    from: raw.people
    key: CASE WHEN system = 'shop' THEN id END
    seen_at: seen
    attributes: {first: first, last: last, born: born, town: town, ways: \"concat_ws(';', mail, card)\"}
    identifiers: {mail: mail, card: card}
  - source: till
    from: raw.people
    key: CASE WHEN system = 'till' THEN id END
    seen_at: seen
    attributes: {first: first, last: last, born: born, town: town, ways: \"concat_ws(';', mail, card)\"}
    identifiers: {mail: mail, card: card}
identifiers:
  card: {rank: 1, limit: {records: 3}}
  mail: {rank: 9, limit: {records: 4, window_days: 90}, max_per_person: 2}
guards:
  - {attribute: born, max_per_person: 2}
person_records_max: 8
matching:
  rank: 5
  blocking:
    - {on: [first, last, born], certain: true}
    - {on: [mail], records_max: 3}
    - {on: [last, town], records_max: 4}
    - {on: [first, last], first: {first: 1}}
    - {on: [born]}
    - {on: [ways], each: {ways: ';'}, records_max: 4}
    - {on: [last, born], sound: {last: soundex}}
  comparisons:
    - {compare: name, forename: first, surname: last, nicknames: {groups: [[anna, dora], [dora, cleo]]}}
    - {compare: date_of_birth, column: born}
    - {compare: email, column: mail}
    - {compare: exact, column: town}
    - {compare: list, column: ways, common: [2, 1]}
";

fn project() -> Project {
    let files = [
        ("c360.yaml", SETTINGS),
        ("schemas/people.yaml", CONTRACT),
        ("jobs/people.yaml", SOURCE),
        ("jobs/identity.yaml", IDENTITY),
    ];
    let files = files.map(|(path, text)| SourceFile {
        path: path.into(),
        text: text.into(),
    });
    Project::parse(files.into(), &|_| None).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// One row of the source, but for its key.
#[derive(Clone)]
struct Person {
    system: &'static str,
    seen: String,
    values: [String; 6],
}

/// What there is, and how it changes.
struct World {
    dice: Dice,
    /// How many real persons there are.
    somebodies: u64,
    people: BTreeMap<String, Person>,
    version: u32,
}

impl World {
    fn new(seed: u64, somebodies: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            somebodies,
            people: BTreeMap::new(),
            version: 0,
        }
    }

    /// A record of somebody, as systems have it: with gaps and slips. Neighbours are of one family.
    fn person(&mut self) -> Person {
        let who = self.dice.below(self.somebodies);
        let (mut own, mut family) = (Dice::new(who), Dice::new(who / 2 + 1000));
        let first = own.pick(&FIRST);
        let born = format!(
            "{}-{:02}-{:02}",
            1950 + own.below(50),
            1 + own.below(12),
            1 + own.below(28)
        );
        let mail = match own.below(3) {
            0 => format!("family{}@home.example", who / 2),
            _ => format!("{first}{}@mail.example", who % 9),
        };
        let card = match self.dice.below(4) {
            0 => format!("k{who}"),
            _ => String::new(),
        };
        let [last, town] = [family.pick(&LAST), family.pick(&TOWNS)].map(String::from);
        let mut values = [first.into(), last, born, mail, card, town];
        for value in &mut values[..4] {
            match self.dice.below(9) {
                0 => value.clear(),
                1 if !value.is_empty() => {
                    let at = self.dice.below(value.len() as u64) as usize;
                    value.insert(at, 'e');
                }
                _ => {}
            }
        }
        Person {
            system: self.dice.pick(&["shop", "till"]),
            seen: format!("2025-0{}-1{}", 1 + self.dice.below(9), self.dice.below(9)),
            values,
        }
    }

    /// Changes some rows; returns them as a file of changes.
    fn step(&mut self, most: u64) -> String {
        let mut changes = header();
        for _ in 0..1 + self.dice.below(most) {
            self.version += 1;
            let known: Vec<String> = self.people.keys().cloned().collect();
            let some = known.get(self.dice.below(1 + known.len() as u64) as usize);
            match (self.dice.below(4), some) {
                (0, Some(id)) => {
                    let gone = self.people.remove(id).expect("known");
                    line(&mut changes, "D", id, self.version, &gone);
                }
                (1, Some(id)) => {
                    let (mut person, other) = (self.people[id].clone(), self.person());
                    let at = self.dice.below(6) as usize;
                    person.values[at] = other.values[at].clone();
                    line(&mut changes, "U", id, self.version, &person);
                    self.people.insert(id.clone(), person);
                }
                _ => {
                    let (id, person) = (format!("r{}", self.version), self.person());
                    line(&mut changes, "I", &id, self.version, &person);
                    self.people.insert(id, person);
                }
            }
        }
        changes
    }

    /// All rows as one file, in any order.
    fn everything(&mut self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for (id, person) in &self.people {
            let mut text = String::new();
            line(&mut text, "I", id, 1, person);
            lines.push(text);
        }
        for at in (1..lines.len()).rev() {
            lines.swap(at, self.dice.below(at as u64 + 1) as usize);
        }
        header() + &lines.concat()
    }

    /// Two records, if there are two.
    fn two(&mut self) -> Option<[RecordName; 2]> {
        let name = |(id, person): (&String, &Person)| RecordName {
            source: person.system.into(),
            key: id.clone(),
        };
        let names: Vec<RecordName> = self.people.iter().map(name).collect();
        let count = names.len() as u64;
        let (a, b) = match count {
            0 | 1 => return None,
            _ => (self.dice.below(count), self.dice.below(count - 1)),
        };
        let b = if b < a { b } else { b + 1 };
        Some([a, b].map(|at| names[at as usize].clone()))
    }
}

fn header() -> String {
    "op,id,system,seen,version,first,last,born,mail,card,town\n".into()
}

fn line(file: &mut String, op: &str, id: &str, version: u32, person: &Person) {
    let Person {
        system,
        seen,
        values,
    } = person;
    let values = values.join(",");
    writeln!(file, "{op},{id},{system},{seen},{version},{values}").expect("text");
}

/// A project in a folder of its own.
struct Lake {
    folder: TempDir,
    engine: Engine,
    runs: u32,
}

impl Lake {
    async fn new(threads: Option<usize>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("data")).expect("a data folder");
        let options = EngineOptions {
            threads,
            ..EngineOptions::default()
        };
        let engine = Engine::open(project(), folder.path(), options).await;
        Self {
            engine: engine.unwrap_or_else(|error| panic!("{}", chain(&error))),
            folder,
            runs: 0,
        }
    }

    fn warehouse(&self) -> &Warehouse {
        self.engine.warehouse()
    }

    fn clock(&mut self) -> Clock {
        self.runs += 1;
        let now = "2026-01-01T00:00:00Z".parse().expect("an instant");
        Clock {
            run_id: format!("run-{}", self.runs),
            now,
            as_of: now,
        }
    }

    async fn take(&mut self, file: &str) {
        let name = format!("data/people-{}.csv", self.runs);
        std::fs::write(self.folder.path().join(name), file).expect("a file");
        let clock = self.clock();
        let run = self
            .engine
            .run(&Selection::default(), &clock, &Silent)
            .await;
        run.unwrap_or_else(|error| panic!("{}", chain(&error)));
    }

    async fn decide(&mut self, [a, b]: &[RecordName; 2], same: bool) {
        let clock = self.clock();
        let decided = self.engine.decide([a, b], same, &clock).await;
        decided.unwrap_or_else(|error| panic!("{}", chain(&error)));
    }

    /// Fails where a verification finds anything.
    async fn verify(&mut self, what: &str) {
        let (jobs, clock) = (Selection::default(), self.clock());
        let report = self.engine.verify(&jobs, 5, &clock, &Silent).await;
        let report = report.unwrap_or_else(|error| panic!("{}", chain(&error)));
        let tables = report.tables.len() as u64;
        assert_eq!(report.same().0, tables, "{what}: {:#?}", report.tables);
    }

    /// Who a row of this person would be.
    async fn lookup(&mut self, person: &Person) -> Vec<LikelyPerson> {
        let values = COLUMNS.map(String::from).into_iter();
        let values = values.zip(person.values.iter().cloned());
        let asked = AskedRow {
            source: person.system,
            values: &values.filter(|(_, value)| !value.is_empty()).collect(),
        };
        let clock = self.clock();
        let found = self.engine.lookup(asked, &clock).await;
        found.unwrap_or_else(|error| panic!("{}", chain(&error)))
    }
}

/// The model that all histories use.
async fn model() -> Copied {
    let mut lake = Lake::new(None).await;
    let mut world = World::new(77, 150);
    let mut file = header();
    while world.people.len() < TAUGHT_BY {
        file += world.step(9).trim_start_matches(&header());
    }
    lake.take(&file).await;
    Copied::of(
        lake.warehouse(),
        &["identity.models", "identity.frequencies"],
    )
    .await
}

async fn check(seed: u64, model: &Copied) -> usize {
    let mut world = World::new(seed, 8);
    let mut incremental = Lake::new(None).await;
    model.put(incremental.warehouse()).await;
    let mut matches = 0;
    for step in 0..STEPS {
        for _ in 0..world.dice.below(3) {
            if let Some(two) = world.two() {
                let same = world.dice.below(2) == 0;
                incremental.decide(&two, same).await;
            }
        }
        incremental.take(&world.step(12)).await;
        let mut rebuilt = Lake::new(Some(1 + (seed as usize + step) % 3)).await;
        model.put(rebuilt.warehouse()).await;
        let decided = Copied::of(incremental.warehouse(), &["identity.decisions"]).await;
        decided.put(rebuilt.warehouse()).await;
        rebuilt.take(&world.everything()).await;
        let what = format!("seed {seed}, step {step}");
        let [one, other] = [&incremental.engine, &rebuilt.engine];
        let is_meant = |table: &TableName| table.namespace() == "identity";
        let rows = assert_same_lakes(one, other, is_meant, &what).await;
        matches += rows["identity.matches"] as usize;
        if seed.is_multiple_of(VERIFIED_EVERY) {
            incremental.verify(&what).await;
        }
        let somebody = world.person();
        let found = incremental.lookup(&somebody).await;
        assert_eq!(found, rebuilt.lookup(&somebody).await, "{what}");
    }
    matches
}

/// `C360_TEST_IDENTITY_HISTORIES` asks for more of them.
#[test]
fn identity_after_every_step_equals_a_rebuild() {
    let runtime = Runtime::new().expect("a runtime");
    let model = runtime.block_on(model());
    let seeds = seeds("C360_TEST_IDENTITY_HISTORIES", 200);
    let matches = check_each(&runtime, seeds.clone(), async |seed| {
        check(seed, &model).await
    });
    assert!(matches > seeds.count(), "{matches} matches");
}
