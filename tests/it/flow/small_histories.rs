//! Random histories of a small shop through the whole flow, from sources to publication: after every step all tables
//! equal those of a rebuild from all that was delivered, in another order of rows and on another number of threads.
//!
//! Rows come, change and go, late and in any order; stewards link and unlink; days pass; the spec is edited once; upkeep
//! comes by.

use std::fmt::Write as _;

use c360_flow::EngineOptions;
use c360_spec::TableName;
use jiff::ToSpan;
use jiff::civil::{DateTime, date};
use tokio::runtime::Runtime;

use super::copied::Copied;
use super::histories::{RECORDS, WORN, two_of};
use super::lab::{Edit, assert_same_lakes};
use super::own_project::{OwnProject, SETTINGS};
use super::retailer::Dice;
use super::side_by_side::check_each;
use crate::asked::seeds;

/// Of so many histories, the lake of one is verified after every step.
const VERIFIED_EVERY: u64 = 20;

/// Steps of one history.
const STEPS: usize = 3;

const SOURCES: [&str; 3] = ["accounts", "sales", "visits"];

const ACCOUNTS: &str = "
contract: accounts
key: [id]
columns:
  - {name: id, type: string, required: true}
  - {name: seen, type: timestamp, required: true}
  - {name: mail, type: string}
  - {name: card, type: string}
  - {name: town, type: string}
  - {name: version, type: int, required: true}
";

const SALES: &str = "
contract: sales
key: [number]
columns:
  - {name: number, type: int, required: true}
  - {name: at, type: timestamp, required: true}
  - {name: account, type: string}
  - {name: card, type: string}
  - {name: amount, type: int, required: true}
  - {name: version, type: int, required: true}
rejects: {max_percent: 100}
";

const VISITS: &str = "
contract: visits
key: [number]
columns:
  - {name: number, type: int, required: true}
  - {name: at, type: timestamp, required: true}
  - {name: account, type: string}
  - {name: device, type: string}
  - {name: page, type: string}
  - {name: version, type: int, required: true}
";

/// Rows with versions, the greatest of which counts.
const CHANGING: &str = "mode: cdc\norder_by: version\nop: {column: op}\n";
/// Rows that stay as they came first.
const GROWING: &str = "mode: append\norder_by: version\n";

const IDENTITY: &str = "
job: identity
kind: identity
records:
  - {source: accounts, from: raw.accounts, key: id, seen_at: seen, identifiers: {mail: mail, card: card}}
  - {source: cards, from: raw.accounts, key: card, seen_at: \"TIMESTAMP '2026-01-01'\", identifiers: {card: card}}
identifiers:
  mail: {limit: {records: 4, window_days: 60}, max_per_person: 2}
  card: {rank: 1}
";

const PROFILES: &str = "
job: profiles
kind: profile
table: customer.profiles
sources:
  - {source: accounts, from: raw.accounts, key: id, observed_at: seen, fields: {town: town, mail: mail}}
fields:
  - {name: town, rule: newest}
  - {name: mail, rule: most_frequent}
";

const SALES_BY_PERSON: &str = "
job: sales_by_person
kind: facts
table: customer.sales
from: raw.sales
person:
  - {source: accounts, key: account}
  - {source: cards, key: card}
";

const VISITS_BY_PERSON: &str = "
job: visits_by_person
kind: facts
table: customer.visits
from: raw.visits
person: [{source: accounts, key: account}]
bridge: device
";

const SPENDING: &str = "
job: spending
kind: feature
table: customer.spending
sql: sql/spending.sql
by: person_id
windows: [{table: customer.sales, at: at, days: [10, 30]}]
";

const SPENDING_SQL: &str = "
SELECT
    person_id,
    COUNT(*) AS sales,
    SUM(amount) AS amount,
    SUM(amount) FILTER (WHERE at > CAST($as_of AS TIMESTAMP) - INTERVAL '10 days') AS in_10_days,
    SUM(amount) FILTER (WHERE at > CAST($as_of AS TIMESTAMP) - INTERVAL '30 days') AS in_30_days
FROM customer.sales
WHERE person_id IS NOT NULL
    AND at <= CAST($as_of AS TIMESTAMP)
GROUP BY
    person_id
";

const INTERESTS: &str = "
job: interests
kind: measures
table: customer.interests
from: customer.visits
at: at
measures:
  - {name: visits, measure: count, windows: [7d, all]}
  - {name: pages, measure: distinct, of: page, windows: [21d]}
  - {name: last_page, measure: last, of: page}
";

const PAGES: &str = "
job: pages
kind: feature
table: customer.pages
sql: sql/pages.sql
by: page
";

const PAGES_SQL: &str = "
SELECT
    page,
    COUNT(*) AS visits,
    COUNT(DISTINCT person_id) AS persons
FROM customer.visits
WHERE page IS NOT NULL
GROUP BY
    page
";

const RANKS: &str = "
job: ranks
kind: feature
table: customer.ranks
sql: sql/ranks.sql
key: [person_id]
";

const RANKS_SQL: &str = "
SELECT
    person_id,
    NTILE(3) OVER (ORDER BY in_30_days DESC NULLS LAST, person_id) AS third
FROM customer.spending
";

const CUSTOMERS: &str = "
job: customers
kind: publish
table: publish.customers
sql: sql/customers.sql
by: person_id
checks: [{check: unique, columns: [person_id]}]
epoch: [customer.pages]
";

const CUSTOMERS_SQL: &str = "
SELECT
    profiles.person_id,
    profiles.town,
    profiles.mail,
    spending.sales,
    spending.in_10_days,
    interests.visits_7_days,
    interests.last_page,
    ranks.third
FROM customer.profiles
LEFT JOIN customer.spending
    ON spending.person_id = profiles.person_id
LEFT JOIN customer.interests
    ON interests.person_id = profiles.person_id
LEFT JOIN customer.ranks
    ON ranks.person_id = profiles.person_id
";

const fn edit(path: &'static str, from: &'static str, to: &'static str) -> Edit {
    Edit { path, from, to }
}

/// Changes of the spec that users make: of who is who, a profile's rule, figures, windows, contracts.
const EDITS: [Edit; 8] = [
    edit("jobs/identity.yaml", "records: 4", "records: 2"),
    edit(
        "jobs/identity.yaml",
        "card: {rank: 1}",
        "card: {rank: 1, max_per_person: 1}",
    ),
    edit("jobs/profiles.yaml", "rule: newest", "rule: most_frequent"),
    edit("jobs/interests.yaml", "[7d, all]", "[7d, 14d, all]"),
    edit(
        "sql/spending.sql",
        "SUM(amount) AS amount",
        "CAST(SUM(amount) AS DOUBLE) AS total",
    ),
    edit("sql/ranks.sql", "NTILE(3)", "NTILE(4)"),
    edit(
        "schemas/sales.yaml",
        "name: amount, ",
        "name: amount, min: 3, ",
    ),
    edit(
        "schemas/visits.yaml",
        "columns:\n",
        "columns:\n  - {name: length, type: double}\n",
    ),
];

fn files() -> Vec<(String, String)> {
    let source = |(name, mode): (&str, &str)| {
        let job = format!(
            "job: {name}\nkind: source\ncontract: {name}\nfiles: ['{name}*.csv']\nformat: {{type: csv}}\n{mode}"
        );
        (format!("jobs/{name}.yaml"), job)
    };
    let texts = [
        ("schemas/accounts.yaml", ACCOUNTS),
        ("schemas/sales.yaml", SALES),
        ("schemas/visits.yaml", VISITS),
        ("jobs/identity.yaml", IDENTITY),
        ("jobs/profiles.yaml", PROFILES),
        ("jobs/sales_by_person.yaml", SALES_BY_PERSON),
        ("jobs/visits_by_person.yaml", VISITS_BY_PERSON),
        ("jobs/spending.yaml", SPENDING),
        ("sql/spending.sql", SPENDING_SQL),
        ("jobs/interests.yaml", INTERESTS),
        ("jobs/pages.yaml", PAGES),
        ("sql/pages.sql", PAGES_SQL),
        ("jobs/ranks.yaml", RANKS),
        ("sql/ranks.sql", RANKS_SQL),
        ("jobs/customers.yaml", CUSTOMERS),
        ("sql/customers.sql", CUSTOMERS_SQL),
    ];
    let modes = [CHANGING, CHANGING, GROWING];
    let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let sources = SOURCES.into_iter().zip(modes).map(source);
    sources.chain(texts).collect()
}

/// Draws what the shop's systems hand over.
struct Shop {
    dice: Dice,
    today: DateTime,
    version: u32,
    /// Rows by source that no file had so far.
    waiting: [Vec<String>; 3],
    /// Rows by source that some file had.
    delivered: [Vec<String>; 3],
}

const HEADERS: [&str; 3] = [
    "id,seen,mail,card,town,version,op",
    "number,at,account,card,amount,version,op",
    "number,at,account,device,page,length,version",
];

impl Shop {
    fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            today: date(2026, 3, 1).at(0, 0, 0, 0),
            version: 0,
            waiting: Default::default(),
            delivered: Default::default(),
        }
    }

    fn as_of(&self) -> String {
        format!("{}Z", self.today)
    }

    fn waits(&mut self, days: u64) {
        self.today = self.today.saturating_add((days as i64).days());
    }

    /// A value of a few, or none.
    fn some(&mut self, what: &str, of: u64) -> String {
        match self.dice.below(of + 2) {
            number if number < of => format!("{what}{number}"),
            _ => String::new(),
        }
    }

    /// An instant of the last weeks, perhaps one that is not over.
    fn moment(&mut self) -> DateTime {
        let hours = self.dice.below(45 * 24) as i64 - 48;
        self.today.saturating_sub(hours.hours())
    }

    /// Something happens in each of the systems.
    fn trades(&mut self) {
        for _ in 0..self.dice.below(6) {
            let (id, seen) = (self.dice.below(9), self.moment());
            let (mail, card) = (self.some("m", 6), self.some("c", 6));
            let (town, op) = (self.some("t", 3), self.op());
            let version = self.version();
            self.waiting[0].push(format!("a{id},{seen},{mail},{card},{town},{version},{op}"));
        }
        for _ in 0..self.dice.below(10) {
            let (number, at) = (self.dice.below(30), self.moment());
            let (account, card) = (self.some("a", 9), self.some("c", 6));
            let (amount, op) = (self.dice.below(20), self.op());
            let version = self.version();
            self.waiting[1].push(format!(
                "{number},{at},{account},{card},{amount},{version},{op}"
            ));
        }
        for _ in 0..self.dice.below(10) {
            let (number, at) = (self.dice.below(60), self.moment());
            let (account, device) = (self.some("a", 9), self.some("d", 5));
            let (page, length) = (self.some("p", 3), self.dice.below(9));
            let version = self.version();
            self.waiting[2].push(format!(
                "{number},{at},{account},{device},{page},{length},{version}"
            ));
        }
    }

    fn op(&mut self) -> &'static str {
        self.dice.pick(&["U", "U", "I", "D"])
    }

    fn version(&mut self) -> u32 {
        self.version += 1;
        self.version
    }

    /// Hands over a part of what waits, in any order: some rows are late, and overtaken by later ones.
    fn deliver(&mut self, project: &OwnProject, part: &str) {
        for source in 0..SOURCES.len() {
            let waiting = std::mem::take(&mut self.waiting[source]);
            let (sent, late) = waiting.into_iter().partition(|_| self.dice.below(4) > 0);
            self.waiting[source] = late;
            self.write(project, source, part, &sent);
            self.delivered[source].extend(sent);
        }
    }

    /// Hands over all that was handed over so far, as one file a source.
    fn deliver_again(&mut self, project: &OwnProject) {
        for source in 0..SOURCES.len() {
            let rows = self.delivered[source].clone();
            self.write(project, source, "all", &rows);
        }
    }

    fn write(&mut self, project: &OwnProject, source: usize, part: &str, rows: &[String]) {
        let mut rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        for at in (1..rows.len()).rev() {
            rows.swap(at, self.dice.below(at as u64 + 1) as usize);
        }
        let mut file = format!("{}\n", HEADERS[source]);
        for row in rows {
            writeln!(file, "{row}").expect("text");
        }
        let name = format!("{}-{part}.csv", SOURCES[source]);
        std::fs::write(project.data().join(name), file).expect("a file");
    }
}

/// Makes the change; returns the file's new text.
fn rewritten(files: &mut [(String, String)], edit: &Edit) -> String {
    let Edit { path, from, to } = edit;
    let file = files.iter_mut().find(|file| file.0 == *path);
    let text = &mut file.expect("a file of the project").1;
    assert!(text.contains(from), "{path} has no {from}");
    *text = text.replace(from, to);
    text.clone()
}

async fn project(files: &[(String, String)], options: EngineOptions) -> OwnProject {
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()));
    OwnProject::with_options(files, "2026-03-01T00:00:00Z", options).await
}

/// A steward links or unlinks two records.
async fn decide(project: &OwnProject, dice: &mut Dice) {
    let records = project.texts(RECORDS).await;
    if let Some([a, b]) = two_of(records, dice) {
        project.decide([&a, &b], dice.below(2) == 0).await;
    }
}

/// All tables are those of a rebuild in a lake of its own. Returns the rows that were published.
async fn equals_a_rebuild(
    project: &OwnProject,
    files: &[(String, String)],
    shop: &mut Shop,
    threads: usize,
    what: &str,
) -> u64 {
    let options = EngineOptions {
        threads: Some(threads),
        ..EngineOptions::default()
    };
    let mut rebuilt = self::project(files, options).await;
    rebuilt.see_as_of(&shop.as_of());
    let [one, other] = [project, &rebuilt].map(OwnProject::engine);
    let decided = Copied::of(one.warehouse(), &["identity.decisions"]).await;
    decided.put(other.warehouse()).await;
    shop.deliver_again(&rebuilt);
    rebuilt.run().await;
    // A reject is told by the file that it came in, which is another one.
    let is_meant = |table: &TableName| !table.name().ends_with("__rejects");
    let rows = assert_same_lakes(one, other, is_meant, what).await;
    rows["publish.customers"]
}

async fn check(seed: u64) -> usize {
    let mut shop = Shop::new(seed);
    let mut dice = Dice::new(seed + 1_000_000);
    let settings = format!("{SETTINGS}upkeep: {WORN}\n");
    let mut files = files();
    let mut incremental = project(&files, EngineOptions::default()).await;
    incremental.rewrite("c360.yaml", settings).await;
    let edit = &EDITS[dice.below(EDITS.len() as u64) as usize];
    let edited_at = dice.below(2 * STEPS as u64) as usize;
    let mut published = 0;
    for step in 0..STEPS {
        let what = format!("seed {seed}, step {step}");
        if step == edited_at {
            let text = rewritten(&mut files, edit);
            incremental.rewrite(edit.path, text).await;
        }
        shop.waits(dice.below(20));
        incremental.see_as_of(&shop.as_of());
        for part in 0..1 + dice.below(2) {
            shop.trades();
            shop.deliver(&incremental, &format!("{step}-{part}"));
            if dice.below(2) == 0 {
                incremental.run().await;
            }
        }
        incremental.run().await;
        if dice.below(2) == 0 {
            decide(&incremental, &mut dice).await;
            shop.waits(dice.below(20));
            incremental.see_as_of(&shop.as_of());
            incremental.run().await;
        }
        if dice.below(4) == 0 {
            incremental.maintain().await;
        }
        let threads = 1 + dice.below(3) as usize;
        published += equals_a_rebuild(&incremental, &files, &mut shop, threads, &what).await;
        if seed.is_multiple_of(VERIFIED_EVERY) {
            incremental.assert_verified(&what).await;
        }
    }
    let again = incremental.run().await;
    assert!(again.nothing_happened(), "seed {seed}: {:?}", again.jobs);
    published as usize
}

/// `C360_TEST_SMALL_HISTORIES` asks for more of them.
#[test]
fn a_small_shop_after_every_step_equals_a_rebuild() {
    let runtime = Runtime::new().expect("a runtime");
    let seeds = seeds("C360_TEST_SMALL_HISTORIES", 100);
    let published = check_each(&runtime, seeds.clone(), check);
    assert!(published > seeds.count(), "{published} published rows");
}
