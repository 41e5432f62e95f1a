//! What sells in each channel lately.

use super::hand_made::HandMade;
use crate::flow::own_project::OwnProject;

const COLUMNS: &str = "channel, person_id, stock_code, CAST(ts AS TIMESTAMP) AS ts,
    CAST(quantity AS INT) AS quantity, CAST(amount AS DECIMAL(14, 3)) AS amount";

/// As of the first of April, the first of January is 90 days ago.
const LINES: &str = "
    channel person_id stock_code ts                  quantity amount
    web     p1        22423      2025-03-01T09:00:00 1        5
    web     p2        22423      2025-03-02T09:00:00 1        5
    web     p2        22423      2025-03-03T09:00:00 1        5
    web     p3        71053      2025-03-01T09:00:00 900      5
    web     p3        85123      2025-03-01T09:00:00 1        5
    web     p4        85123      2025-01-01T00:00:00 1        5
    web     p4        84029      2025-01-01T00:01:00 3        5
    web     p4        POST       2025-03-01T09:00:00 1        5
    web     -         71053      2025-03-01T09:00:00 1        5
    web     p1        71053      2025-04-02T09:00:00 1        5
    store   p1        71053      2025-03-01T09:00:00 2        5
    store   p2        22423      2025-03-01T09:00:00 -1       -5
";

const STOCK: &str = "stock_code,on_hand,price,updated_at
22423,4,12.750,2025-03-31 00:00:00
71053,0,3.390,2025-03-31 00:00:00
85123,-2,2.550,2025-03-31 00:00:00
";

const ASKED: &str = "SELECT channel, rank, stock_code, price, buyers, units, score
    FROM customer.shop_recommendations ORDER BY channel, rank";

async fn shop(inventory: Option<&str>) -> OwnProject {
    let made = HandMade::features(&["shop_recommendations"]).source("inventory", inventory);
    let made = made.table("orders", COLUMNS, LINES);
    made.run("2025-04-01T00:00:00Z").await
}

#[tokio::test(flavor = "multi_thread")]
async fn products_are_ranked_by_the_persons_who_bought_them_in_the_last_90_days() {
    let expected = [
        ["store", "1", "71053", "", "1", "2", "1.0"],
        ["web", "1", "22423", "", "2", "3", "0.5"],
        ["web", "2", "71053", "", "1", "900", "0.25"],
        ["web", "3", "84029", "", "1", "3", "0.25"],
        ["web", "4", "85123", "", "1", "1", "0.25"],
    ];
    assert_eq!(shop(None).await.texts(ASKED).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_out_makes_room_for_the_next() {
    let expected = [
        ["web", "1", "22423", "12.750", "2", "3", "0.5"],
        ["web", "2", "84029", "", "1", "3", "0.25"],
    ];
    assert_eq!(shop(Some(STOCK)).await.texts(ASKED).await, expected);
}
