//! Recommendations leave out what is sold out, and say what the rest costs.

use super::hand_made::HandMade;
use crate::flow::own_project::OwnProject;

const LINES: &str = "
    person_id stock_code ts                  amount
    p1        22423      2025-03-01T09:00:00 5
    p2        71053      2025-03-01T09:00:00 5
    p2        10000      2025-03-01T09:00:00 5
";

/// Every product goes with 22423, the smaller its number the better.
const PAIRS: &str = "
    item_a item_b lift cosine
    10000  22423  2    0.9
    10001  22423  2    0.8
    10002  22423  2    0.7
    10003  22423  2    0.6
    22423  71053  2    0.5
    10005  22423  1    0.4
";

const STOCK: &str = "stock_code,on_hand,price,updated_at
10000,7,1.250,2025-03-31 00:00:00
10001,0,2.500,2025-03-31 00:00:00
10002,1,,2025-03-31 00:00:00
22423,0,12.750,2025-03-31 00:00:00
";

const ASKED: &str = "SELECT person_id, rank, stock_code, price, because FROM customer.recommendations ORDER BY 1, 2";

async fn shop(inventory: Option<&str>) -> OwnProject {
    let made = HandMade::features(&["recommendations"]).source("inventory", inventory);
    let orders = "person_id, stock_code, CAST(ts AS TIMESTAMP) AS ts, CAST(amount AS DECIMAL(14, 3)) AS amount";
    let pairs = "item_a, item_b, CAST(lift AS DOUBLE) AS lift, CAST(cosine AS DOUBLE) AS cosine";
    let made = made.table("orders", orders, LINES);
    let made = made.table("item_pairs", pairs, PAIRS);
    made.run("2025-04-01T00:00:00Z").await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_inventory_everything_is_on_hand_and_prices_are_unknown() {
    let expected = [
        ["p1", "1", "10000", "", "22423"],
        ["p1", "2", "10001", "", "22423"],
        ["p1", "3", "10002", "", "22423"],
        ["p1", "4", "10003", "", "22423"],
        ["p1", "5", "71053", "", "22423"],
        ["p2", "1", "22423", "", "10000"],
    ];
    assert_eq!(shop(None).await.texts(ASKED).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_out_is_not_offered_and_what_is_not_listed_is() {
    let expected = [
        ["p1", "1", "10000", "1.250", "22423"],
        ["p1", "2", "10002", "", "22423"],
        ["p1", "3", "10003", "", "22423"],
        ["p1", "4", "71053", "", "22423"],
    ];
    assert_eq!(shop(Some(STOCK)).await.texts(ASKED).await, expected);
}
