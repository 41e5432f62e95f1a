//! Random histories of facts: rows come, change and go, as do the accounts and cards that they name, devices are shared,
//! the source gets a column and upkeep comes by; after every step all tables equal what is made anew.

use std::fmt::Write as _;

use super::histories::WORN;
use super::own_project::{OwnProject, SETTINGS};
use super::retailer::Dice;

const HISTORIES: u64 = 12;
const STEPS: usize = 6;

const ACCOUNTS: &str = "
contract: accounts
key: [id]
columns:
  - {name: id, type: string, required: true}
  - {name: mail, type: string}
  - {name: card, type: string}
  - {name: version, type: int, required: true}
";

const VISITS: &str = "
contract: visits
key: [number]
columns:
  - {name: number, type: int, required: true}
  - {name: account, type: string}
  - {name: card, type: string}
  - {name: device, type: string}
  - {name: page, type: string}
  - {name: version, type: int, required: true}
";

const LENGTH: &str = "  - {name: length, type: double}\n";

const IDENTITY: &str = "
job: identity
kind: identity
records:
  - {source: accounts, from: raw.accounts, key: id, seen_at: \"TIMESTAMP '2026-01-01'\", identifiers: {mail: mail, card: card}}
  - {source: cards, from: raw.accounts, key: card, seen_at: \"TIMESTAMP '2026-01-01'\", identifiers: {card: card}}
identifiers:
  mail: {limit: {records: 4}}
  card: {rank: 1}
";

const FACTS: &str = "
job: visits_by_person
kind: facts
table: customer.visits
from: raw.visits
person:
  - {source: accounts, key: account}
  - {source: cards, key: card}
bridge: device
";

fn source(name: &str) -> String {
    format!(
        "job: {name}\nkind: source\ncontract: {name}\nfiles: ['{name}*.csv']\nformat: {{type: csv}}\nmode: cdc\n\
         order_by: version\nop: {{column: op}}\n"
    )
}

async fn project() -> OwnProject {
    let files = [
        ("schemas/accounts.yaml", ACCOUNTS.to_owned()),
        ("schemas/visits.yaml", VISITS.to_owned()),
        ("jobs/accounts.yaml", source("accounts")),
        ("jobs/visits.yaml", source("visits")),
        ("jobs/identity.yaml", IDENTITY.to_owned()),
        ("jobs/visits_by_person.yaml", FACTS.to_owned()),
    ];
    let mut project = OwnProject::new(files, "2026-02-01T00:00:00Z").await;
    let settings = format!("{SETTINGS}upkeep: {WORN}\n");
    project.rewrite("c360.yaml", settings).await;
    project
}

/// A value of a few, or none.
fn some(dice: &mut Dice, what: &str, of: u64) -> String {
    match dice.below(of + 2) {
        number if number < of => format!("{what}{number}"),
        _ => String::new(),
    }
}

/// Rows of accounts that came, changed or went.
fn accounts(dice: &mut Dice, step: usize) -> String {
    let mut file = "id,mail,card,version,op\n".to_owned();
    for _ in 0..dice.below(5) {
        let id = dice.below(9);
        let (mail, card) = (some(dice, "m", 6), some(dice, "c", 6));
        let op = dice.pick(&["U", "U", "I", "D"]);
        writeln!(file, "a{id},{mail},{card},{step},{op}").expect("a line");
    }
    file
}

/// The same of visits.
fn visits(dice: &mut Dice, step: usize) -> String {
    let mut file = "number,account,card,device,page,length,version,op\n".to_owned();
    for _ in 0..dice.below(12) {
        let number = dice.below(40);
        let (account, card) = (some(dice, "a", 9), some(dice, "c", 6));
        let (device, page) = (some(dice, "d", 5), some(dice, "p", 3));
        let op = dice.pick(&["U", "U", "I", "D"]);
        let length = dice.below(9);
        writeln!(
            file,
            "{number},{account},{card},{device},{page},{length},{step},{op}"
        )
        .expect("a line");
    }
    file
}

async fn check(seed: u64) -> u64 {
    let mut dice = Dice::new(seed);
    let mut project = project().await;
    let longer_at = dice.below(2 * STEPS as u64) as usize;
    for step in 0..STEPS {
        if step == longer_at {
            let visits = format!("{VISITS}{LENGTH}");
            project.rewrite("schemas/visits.yaml", visits).await;
        }
        let files = [
            ("accounts", accounts(&mut dice, step)),
            ("visits", visits(&mut dice, step)),
        ];
        for (name, file) in files {
            if step == 0 || dice.below(3) > 0 {
                let file = (project.data().join(format!("{name}-{step}.csv")), file);
                std::fs::write(file.0, file.1).expect("a file");
            }
        }
        project.run().await;
        if dice.below(4) == 0 {
            project.maintain().await;
        }
        project
            .assert_verified(&format!("seed {seed}, step {step}"))
            .await;
    }
    let moved = "SELECT count(*) FROM customer.visits WHERE person_id IS NOT NULL";
    project.texts(moved).await[0][0].parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_after_every_step_are_what_is_made_anew() {
    let mut known = 0;
    for seed in 0..HISTORIES {
        known += check(seed).await;
    }
    assert!(known > HISTORIES, "{known} rows have a person at the end");
}
