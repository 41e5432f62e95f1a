//! A query by a column is run slice by slice: what comes of it is what one run over all rows gives.

use c360_flow::EngineOptions;

use super::own_project::OwnProject;

const AS_OF: &str = "2026-01-31T00:00:00Z";

/// Names a table twice, looks from one row at the one before, and joins what nobody owns.
const SPELLS: &str = "
WITH visit AS (
    SELECT person_id, visit, ts, amount, colour,
        LAG(person_id) OVER (ORDER BY person_id, ts, visit) AS previous_person,
        LAG(amount) OVER (ORDER BY person_id, ts, visit) AS previous_amount
    FROM customer.visits
    WHERE person_id IS NOT NULL
),
grown AS (
    SELECT person_id, COUNT(*) AS grown
    FROM visit
    WHERE previous_person = person_id AND amount > previous_amount
    GROUP BY person_id
),
shade AS (
    SELECT visits.person_id, MAX(colours.shade) AS shade
    FROM visits
    JOIN raw.colours ON colours.colour = visits.colour
    WHERE visits.amount >= 2
    GROUP BY visits.person_id
)
SELECT visit.person_id, COUNT(*) AS visits, SUM(visit.amount) AS amount, MAX(grown.grown) AS grown,
    MAX(shade.shade) AS shade
FROM visit
LEFT JOIN grown ON grown.person_id = visit.person_id
LEFT JOIN shade ON shade.person_id = visit.person_id
GROUP BY visit.person_id";

/// Types that only the planner finds, and columns of which plans disagree whether they could be null.
const COERCED: &str = "
SELECT person_id, MAX(most) AS most, MIN(kind) AS kind
FROM (
    SELECT seen.person_id, CASE WHEN dear.n > seen.n THEN dear.n ELSE seen.n END AS most, NULL AS kind
    FROM (SELECT person_id, COUNT(*) AS n FROM visits GROUP BY person_id) AS seen
    LEFT JOIN (SELECT person_id, COUNT(*) AS n FROM visits WHERE amount > 7 GROUP BY person_id) AS dear
        ON dear.person_id = seen.person_id
    UNION ALL
    SELECT person_id, CASE WHEN amount > 2 THEN amount ELSE 1 END, colour FROM visits
)
GROUP BY person_id";

fn files() -> Vec<(&'static str, String)> {
    let source = |name: &str| {
        format!(
            "job: {name}\nkind: source\ncontract: {name}\nfiles: [\"{name}*.csv\"]\nformat: {{type: csv}}\n"
        )
    };
    let visits = "contract: visits\nkey: [visit]\ncolumns:
  - {name: visit, type: long}
  - {name: person_id, type: string}
  - {name: ts, type: timestamp}
  - {name: amount, type: int}
  - {name: colour, type: string}\n";
    let colours = "contract: colours\nkey: [colour]\ncolumns:
  - {name: colour, type: string}
  - {name: shade, type: string}\n";
    let by_person =
        "job: visits_by_person\nkind: feature\ntable: customer.visits\nsql: sql/visits.sql
by: person_id\nkey: [visit]\n";
    let feature = |name: &str| {
        format!(
            "job: {name}\nkind: feature\ntable: customer.{name}\nsql: sql/{name}.sql\nby: person_id\n"
        )
    };
    vec![
        ("schemas/visits.yaml", visits.to_owned()),
        ("schemas/colours.yaml", colours.to_owned()),
        ("jobs/visits.yaml", source("visits") + "order_by: ts\n"),
        ("jobs/colours.yaml", source("colours")),
        ("jobs/visits_by_person.yaml", by_person.to_owned()),
        ("jobs/spells.yaml", feature("spells")),
        ("jobs/coerced.yaml", feature("coerced")),
        ("sql/visits.sql", "SELECT * FROM raw.visits".to_owned()),
        ("sql/spells.sql", SPELLS.to_owned()),
        ("sql/coerced.sql", COERCED.to_owned()),
    ]
}

/// Visits of a day's eight persons, three of whom come the next day as well; some are nobody's.
fn visits(day: u64) -> String {
    let mut text = String::from("visit,person_id,ts,amount,colour\n");
    for number in day * 50..day * 50 + 50 {
        let person = match number % 9 {
            0 => String::new(),
            _ => format!("p{:02}", day * 5 + number * 8 % 9),
        };
        let colour = ["red", "blue", "grey"][(number * 31 % 3) as usize];
        let (minute, amount) = (number * 17 % 60, number * 13 % 11);
        text += &format!(
            "{number},{person},2026-01-0{} 10:{minute:02}:00,{amount},{colour}\n",
            day + 1
        );
    }
    text
}

#[tokio::test]
async fn slices_make_what_one_run_over_all_rows_makes() {
    let options = EngineOptions {
        slice_rows: Some(20),
        ..EngineOptions::default()
    };
    let project = OwnProject::with_options(files(), AS_OF, options).await;
    let colours = "colour,shade\nred,warm\nblue,cold\n";
    std::fs::write(project.data().join("colours.csv"), colours).expect("a file");
    for day in 0..4 {
        let name = format!("visits_{day}.csv");
        std::fs::write(project.data().join(name), visits(day)).expect("a file");
        project.run().await;
        for (name, select) in [("spells", SPELLS), ("coerced", COERCED)] {
            let expected =
                format!("SELECT * FROM ({select}) WHERE person_id IS NOT NULL ORDER BY 1");
            let expected = project.texts(&expected).await;
            let found = format!("SELECT * FROM customer.{name} ORDER BY 1");
            assert_eq!(project.texts(&found).await, expected, "day {day}: {name}");
            assert_eq!(expected.len() as u64, day * 5 + 8, "every person comes");
        }
    }
    let again = project.run_in_full().await;
    for name in ["spells", "coerced"] {
        let report = again.jobs.iter().find(|job| job.job == name);
        let rows = &report.expect("a report").outcome;
        assert_eq!((rows.inserted, rows.updated, rows.deleted), (0, 0, 0));
    }
}
