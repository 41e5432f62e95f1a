//! A second entity over persons: households of an address and surname, or of a card, with ids and events of their own.

use std::collections::BTreeMap;

use c360_flow::RunReport;

use super::lab::assert_same_lakes;
use super::own_project::OwnProject;

const CONTACTS: &str = "
contract: contacts
key: [id]
columns:
  - {name: id, type: string, required: true}
  - {name: surname, type: string, required: true}
  - {name: street, type: string}
  - {name: card, type: string}
  - {name: created_at, type: timestamp, required: true}
  - {name: updated_at, type: timestamp, required: true}
";

const SOURCE: &str = r#"
job: contacts
kind: source
contract: contacts
files: ["contacts*.csv"]
format: {type: csv}
mode: upsert
order_by: updated_at
"#;

const IDENTITY: &str = "
job: identity
kind: identity
records:
  - {source: contacts, from: raw.contacts, key: id, seen_at: created_at, identifiers: {id: id}}
identifiers: {id: {}}
";

const FACTS: &str = "
job: known
kind: facts
table: customer.known
from: raw.contacts
person: [{source: contacts, key: id}]
";

const EVIDENCE: &str = "
job: evidence
kind: feature
table: customer.evidence
sql: sql/evidence.sql
by: person_id
key: [person_id, kind]
";

const EVIDENCE_SQL: &str = "
SELECT person_id, 'address' AS kind, street || ' | ' || surname AS value, created_at
FROM customer.known
WHERE street IS NOT NULL
UNION ALL
SELECT person_id, 'card' AS kind, card AS value, created_at
FROM customer.known
WHERE card IS NOT NULL
";

const HOUSEHOLDS: &str = "
job: households
kind: identity
entity: household
records:
  - source: persons
    from: customer.evidence
    key: person_id
    seen_at: created_at
    identifiers:
      address: CASE WHEN kind = 'address' THEN value END
      card: CASE WHEN kind = 'card' THEN value END
identifiers:
  card: {limit: {records: 4}, rank: 1}
  address: {limit: {records: 3}, rank: 2}
person_records_max: 10
";

const MEMBERS: &str = "
job: members
kind: feature
table: customer.members
sql: sql/members.sql
by: household_id
key: [person_id]
";

const MEMBERS_SQL: &str = "SELECT household_id, key AS person_id FROM household.members";

const HEADER: &str = "id,surname,street,card,created_at,updated_at";

const FIRST_DAY: [&str; 10] = [
    "ann,Lee,1 High St,,2020-01-01 00:00:00,2020-01-01 00:00:00",
    "bob,Lee,1 High St,,2020-02-01 00:00:00,2020-02-01 00:00:00",
    "cyd,Ng,1 High St,,2020-03-01 00:00:00,2020-03-01 00:00:00",
    "dan,Poe,9 Low St,K1,2020-04-01 00:00:00,2020-04-01 00:00:00",
    "eve,Roe,7 Mid St,K1,2020-05-01 00:00:00,2020-05-01 00:00:00",
    "fay,Fox,5 Mill St,,2020-06-01 00:00:00,2020-06-01 00:00:00",
    "gus,Fox,5 Mill St,,2020-06-02 00:00:00,2020-06-02 00:00:00",
    "hal,Fox,5 Mill St,,2020-06-03 00:00:00,2020-06-03 00:00:00",
    "ida,Fox,5 Mill St,,2020-06-04 00:00:00,2020-06-04 00:00:00",
    "joe,Lee,,,2020-07-01 00:00:00,2020-07-01 00:00:00",
];

async fn project() -> OwnProject {
    let files = [
        ("schemas/contacts.yaml", CONTACTS),
        ("jobs/contacts.yaml", SOURCE),
        ("jobs/identity.yaml", IDENTITY),
        ("jobs/known.yaml", FACTS),
        ("jobs/evidence.yaml", EVIDENCE),
        ("sql/evidence.sql", EVIDENCE_SQL),
        ("jobs/households.yaml", HOUSEHOLDS),
        ("jobs/members.yaml", MEMBERS),
        ("sql/members.sql", MEMBERS_SQL),
    ];
    let files = files.map(|(path, text)| (path, text.to_owned()));
    OwnProject::new(files, "2021-01-01T00:00:00Z").await
}

/// The project as days go by, and all that was delivered.
struct Village {
    project: OwnProject,
    days: Vec<String>,
}

impl Village {
    async fn new() -> Self {
        Self {
            project: project().await,
            days: Vec::new(),
        }
    }

    /// A day's contacts and a run, after which the lake equals one made of all days at once.
    async fn day(&mut self, contacts: &[&str]) -> RunReport {
        self.days
            .push(format!("{HEADER}\n{}\n", contacts.join("\n")));
        write(&self.project, &self.days, self.days.len() - 1);
        let report = self.project.run().await;
        let what = format!("day {}", self.days.len());
        self.project.assert_verified(&what).await;
        let rebuilt = project().await;
        write(&rebuilt, &self.days, 0);
        rebuilt.run().await;
        let engines = [&self.project, &rebuilt].map(OwnProject::engine);
        let rows = assert_same_lakes(engines[0], engines[1], |_| true, &what).await;
        assert!(rows["household.members"] > 0, "{rows:?}");
        report
    }

    /// Who is in which household, by its id.
    async fn households(&self) -> BTreeMap<String, String> {
        let sql = "SELECT members.household_id, persons.key
                   FROM household.members
                   INNER JOIN identity.persons ON persons.person_id = members.key
                   ORDER BY 2";
        let mut households: BTreeMap<String, String> = BTreeMap::new();
        for row in self.project.texts(sql).await {
            let members = households.entry(row[0].clone()).or_default();
            *members = format!("{members} {}", row[1]).trim().to_owned();
        }
        households
    }

    /// The household that these are, no more and no fewer.
    async fn id_of(&self, members: &str) -> String {
        let households = self.households().await;
        let found = households.iter().find(|(_, of)| *of == members);
        let found = found.unwrap_or_else(|| panic!("no household {members}: {households:?}"));
        found.0.clone()
    }

    /// What a run wrote down of households: what happened, from where, to where.
    async fn events(&self, of: &RunReport) -> Vec<Vec<String>> {
        let sql = format!(
            "SELECT event, COALESCE(from_household_id, ''), COALESCE(to_household_id, '')
             FROM household.events WHERE run_id = '{}' ORDER BY 1, 2, 3",
            of.run_id
        );
        self.project.texts(&sql).await
    }
}

fn write(project: &OwnProject, days: &[String], from: usize) {
    for (number, day) in days.iter().enumerate().skip(from) {
        let path = project.data().join(format!("contacts_{number}.csv"));
        std::fs::write(path, day).expect("a file");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shares_an_address_and_surname_or_a_card_is_one_household() {
    let mut village = Village::new().await;
    let report = village.day(&FIRST_DAY).await;
    let households = village.households().await;
    let mut members: Vec<&str> = households.values().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        ["ann bob", "cyd", "dan eve", "fay", "gus", "hal", "ida"],
        "four at one address are more than the limit, and joe has none"
    );
    assert!(
        households.keys().all(|id| id.starts_with('H')),
        "{households:?}"
    );
    let made = "SELECT COUNT(DISTINCT household_id), COUNT(*) FROM customer.members";
    assert_eq!(village.project.texts(made).await, [["7", "9"]]);

    // Households are counted as such, and not as persons.
    let job = |name: &str| {
        report
            .jobs
            .iter()
            .find(|job| job.job == name)
            .expect("the job")
    };
    let counted = job("households").outcome.entities.as_ref().expect("counts");
    assert_eq!(
        (counted.entity.as_str(), counted.counts.created),
        ("household", 7)
    );
    assert!(job("households").outcome.persons.is_none());
    assert_eq!(job("identity").outcome.persons.expect("counts").created, 10);
    let ledger = "SELECT job, COALESCE(persons_created, -1) FROM ops.jobs
                  WHERE kind = 'identity' ORDER BY 1";
    assert_eq!(
        village.project.texts(ledger).await,
        [["households", "-1"], ["identity", "10"]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_keeps_its_id_with_its_anchor_while_members_come_and_go() {
    let mut village = Village::new().await;
    village.day(&FIRST_DAY).await;
    let lees = village.id_of("ann bob").await;

    let moved = village
        .day(&["bob,Lee,3 Far St,,2020-02-01 00:00:00,2020-08-01 00:00:00"])
        .await;
    assert_eq!(village.id_of("ann").await, lees);
    let bobs = village.id_of("bob").await;
    assert_eq!(village.events(&moved).await, [["split", &lees, &bobs]]);

    let back = village
        .day(&["bob,Lee,1 High St,,2020-02-01 00:00:00,2020-09-01 00:00:00"])
        .await;
    assert_eq!(village.id_of("ann bob").await, lees);
    assert_eq!(village.events(&back).await, [["merged", &bobs, &lees]]);

    // Whoever was known first takes the id along, and one more at the crowded address changes nothing for the others.
    let gone = village
        .day(&[
            "ann,Lee,8 Hill St,,2020-01-01 00:00:00,2020-10-01 00:00:00",
            "kim,Fox,5 Mill St,,2020-10-01 00:00:00,2020-10-01 00:00:00",
        ])
        .await;
    assert_eq!(village.id_of("ann").await, lees);
    assert_eq!(village.id_of("bob").await, bobs);
    let kims = village.id_of("kim").await;
    let told = village.events(&gone).await;
    assert_eq!(told, [["created", "", &kims], ["split", &lees, &bobs]]);

    // Two leave the address, which is within its limit from then on.
    village
        .day(&[
            "hal,Fox,,,2020-06-03 00:00:00,2020-11-01 00:00:00",
            "kim,Fox,2 New St,,2020-10-01 00:00:00,2020-11-01 00:00:00",
        ])
        .await;
    village.id_of("fay gus ida").await;
    assert!(
        !village
            .households()
            .await
            .values()
            .any(|of| of.contains("hal"))
    );
}
