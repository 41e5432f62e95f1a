//! A run that may take little memory makes the tables that one without a limit makes.

use c360_flow::EngineOptions;

use super::own_project::OwnProject;

const AS_OF: &str = "2026-01-31T00:00:00Z";
const MEMBERS: u64 = 60_000;
const ORDERS: u64 = 120_000;

fn files() -> Vec<(&'static str, String)> {
    let contract = |name: &str, columns: &str| {
        let columns = columns.split(' ').map(|column| {
            let (name, kind) = column.split_once(':').expect("a name and a type");
            format!("  - {{name: {name}, type: {kind}}}\n")
        });
        format!(
            "contract: {name}\ncolumns:\n{}",
            columns.collect::<String>()
        )
    };
    let source = |name: &str| {
        format!(
            "job: {name}\nkind: source\ncontract: {name}\nfiles: [\"{name}.csv\"]\nformat: {{type: csv}}\nmode: append\n"
        )
    };
    let identity = "job: identity\nkind: identity\nrecords:
  - source: members
    from: raw.members
    key: member
    seen_at: seen
    attributes: {name: name}
    identifiers: {email: email}
  - source: guests
    from: raw.orders
    key: email
    seen_at: ts
    identifiers: {email: email}
identifiers:
  email: {rank: 1}\n";
    let profiles = "job: profiles\nkind: profile\ntable: customer.profiles\nsources:
  - source: members
    from: raw.members
    key: member
    observed_at: seen
    fields: {name: name, email: email}
  - source: guests
    from: raw.orders
    key: email
    observed_at: ts
    fields: {email: email}
fields:
  - {name: name, rule: newest}
  - {name: email, rule: newest}\n";
    let orders = "job: facts\nkind: facts\ntable: customer.orders\nfrom: raw.orders\nperson:
  - {source: members, key: member}
  - {source: guests, key: email}\n";
    let key = |contract: String, key: &str| {
        contract.replace("\ncolumns", &format!("\nkey: [{key}]\ncolumns"))
    };
    vec![
        (
            "schemas/members.yaml",
            contract(
                "members",
                "member:string seen:timestamp name:string email:string",
            ),
        ),
        (
            "schemas/orders.yaml",
            key(
                contract(
                    "orders",
                    "number:string ts:timestamp member:string email:string",
                ),
                "number",
            ),
        ),
        ("jobs/members.yaml", source("members")),
        ("jobs/orders.yaml", source("orders")),
        ("jobs/identity.yaml", identity.to_owned()),
        ("jobs/profiles.yaml", profiles.to_owned()),
        ("jobs/facts.yaml", orders.to_owned()),
    ]
}

/// Every member twice, under two names.
fn members() -> String {
    let mut text = String::from("member,seen,name,email\n");
    for row in 0..2 * MEMBERS {
        let (member, day) = (row % MEMBERS, 1 + row / MEMBERS);
        let member_id = member * 7_919 % MEMBERS;
        text += &format!(
            "member {member_id:07},2026-01-0{day} 10:00:00,Somebody Called {row},mailbox.{member_id}@example.org\n"
        );
    }
    text
}

/// Orders of members, of people who left an address only, and of nobody.
fn orders() -> String {
    let mut text = String::from("number,ts,member,email\n");
    for row in 0..ORDERS {
        let who = row * 104_729 % (2 * MEMBERS);
        let (member, email) = match row % 3 {
            0 => (format!("member {who:07}"), String::new()),
            1 => (String::new(), format!("mailbox.{who}@example.org")),
            _ => Default::default(),
        };
        text += &format!("order {row:07},2026-01-03 11:00:00,{member},{email}\n");
    }
    text
}

#[tokio::test]
async fn a_run_within_a_limit_makes_what_one_without_makes() {
    for threads in [2, 8] {
        check(threads).await;
    }
}

async fn check(threads: usize) {
    let tight = EngineOptions {
        memory_limit: Some(32 << 20),
        threads: Some(threads),
        ..EngineOptions::default()
    };
    let mut project = OwnProject::with_options(files(), AS_OF, tight).await;
    std::fs::write(project.data().join("members.csv"), members()).expect("a file");
    std::fs::write(project.data().join("orders.csv"), orders()).expect("a file");
    project.run().await;
    let counted = "SELECT
        (SELECT COUNT(*) FROM customer.profiles) AS profiles,
        (SELECT COUNT(*) FROM customer.orders) AS orders,
        (SELECT COUNT(person_id) FROM customer.orders) AS of_persons";
    // Guests are members or, every second one, known by a mailbox alone; a third of the orders names nobody.
    assert_eq!(project.texts(counted).await, [["80000", "120000", "60000"]]);
    project.reopen_with(EngineOptions::default()).await;
    project
        .assert_verified("what was made within the limit")
        .await;
}
