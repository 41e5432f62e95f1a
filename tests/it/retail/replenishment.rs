//! What persons buy again and again, and when they will need it next.

use super::hand_made::HandMade;
use crate::flow::own_project::OwnProject;

const COLUMNS: &str =
    "person_id, stock_code, CAST(ts AS TIMESTAMP) AS ts, CAST(quantity AS INT) AS quantity,
    CAST(amount AS DECIMAL(14, 3)) AS amount";

/// The days on which p1 bought 22423 are 10, 8 and 30 days apart.
const LINES: &str = "
    person_id stock_code ts                  quantity amount
    p1        22423      2025-01-12T09:00:00 2        10
    p1        22423      2025-01-12T18:00:00 2        10
    p1        22423      2025-01-22T09:00:00 3        10
    p1        22423      2025-01-30T09:00:00 4        10
    p1        22423      2025-03-01T09:00:00 9        10
    p1        22423      2025-03-05T09:00:00 -9       -10
    p1        85123      2025-01-01T09:00:00 1        10
    p1        85123      2025-02-01T09:00:00 1        10
    p1        POST       2025-01-01T09:00:00 1        10
    p1        POST       2025-02-01T09:00:00 1        10
    p1        POST       2025-03-01T09:00:00 1        10
    p2        71053      2025-01-01T09:00:00 1        10
    p2        71053      2025-01-01T10:00:00 1        10
    p2        71053      2025-01-01T11:00:00 1        10
    p3        71053      2025-02-10T09:00:00 1        10
    p3        71053      2025-02-20T09:00:00 1        10
    p3        71053      2025-03-02T09:00:00 1        10
    p3        71053      2025-04-01T09:00:00 1        10
    p4        71053      2025-01-01T09:00:00 1        10
    p4        71053      2025-01-02T09:00:00 1        10
    p4        71053      2025-01-03T09:00:00 1        10
    -         71053      2025-01-01T09:00:00 1        10
    -         71053      2025-01-02T09:00:00 1        10
    -         71053      2025-01-03T09:00:00 1        10
";

async fn shop(as_of: &'static str) -> OwnProject {
    let made = HandMade::features(&["replenishment", "replenishment_due"]);
    made.table("orders", COLUMNS, LINES).run(as_of).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rhythm_takes_three_days_and_is_the_median_of_their_gaps() {
    let shop = shop("2025-03-20T00:00:00Z").await;
    let rhythms = "SELECT person_id, stock_code, purchases, usual_units, gap_days, last_bought_on, expected_on,
            due_on, overdue_on, given_up_on
        FROM customer.replenishment ORDER BY person_id, stock_code";
    let p1 = "p1 22423 4 4.0 10.0 2025-03-01 2025-03-11 2025-03-09 2025-03-14 2025-03-31";
    let p3 = "p3 71053 3 1.0 10.0 2025-03-02 2025-03-12 2025-03-10 2025-03-15 2025-04-01";
    let p4 = "p4 71053 3 1.0 1.0 2025-01-03 2025-01-04 2025-01-04 2025-01-05 2025-01-06";
    assert_eq!(joined(&shop, rhythms).await, [p1, p3, p4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_due_becomes_overdue_and_is_given_up() {
    let days = [
        ("2025-03-08T23:00:00Z", vec![]),
        ("2025-03-09T00:00:00Z", vec!["p1 due -2 -0.20"]),
        (
            "2025-03-13T23:00:00Z",
            vec!["p1 due 2 0.20", "p3 due 1 0.10"],
        ),
        (
            "2025-03-20T00:00:00Z",
            vec!["p1 overdue 9 0.90", "p3 overdue 8 0.80"],
        ),
        ("2025-03-31T00:00:00Z", vec!["p3 overdue 19 1.90"]),
    ];
    for (as_of, expected) in days {
        let due = "SELECT person_id, status, late_days, late_gaps FROM customer.replenishment_due
            ORDER BY person_id";
        assert_eq!(joined(&shop(as_of).await, due).await, expected, "{as_of}");
    }
}

async fn joined(shop: &OwnProject, sql: &str) -> Vec<String> {
    let rows = shop.texts(sql).await.into_iter();
    rows.map(|row| row.join(" ")).collect()
}
