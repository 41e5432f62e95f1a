//! Published figures: the shipped SQL over the Online Retail data, with the customer's number as the person.
//!
//! Reads `online_retail` below the folder that `C360_TEST_DATA` names, `../shared/data` by default; says so and passes
//! where it is absent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{Float64Type, Int64Type};
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::prelude::{ParquetReadOptions, SessionContext};

use super::dev_data::test_data;
use super::own_project::{OwnProject, text};

const AS_OF: &str = "2011-12-11T00:00:00Z";

/// What the shipped project is told of the customers.
const ORDERS_JOB: &str =
    "job: orders\nkind: feature\ntable: customer.orders\nsql: sql/orders.sql\nkey: [line_no]\n";
const ORDERS_SQL: &str = "SELECT account_id AS person_id, * FROM raw.order_lines";

/// The shipped files that take part.
const SHIPPED: [&str; 10] = [
    "schemas/order_lines.yaml",
    "jobs/order_lines.yaml",
    "jobs/order_features.yaml",
    "sql/order_features.sql",
    "jobs/rfm.yaml",
    "sql/rfm.sql",
    "jobs/cohorts.yaml",
    "sql/cohorts.sql",
    "jobs/item_pairs.yaml",
    "sql/item_pairs.sql",
];

/// The lines in the columns of the contract.
const LINES: &str = r#"
    SELECT
        ROW_NUMBER() OVER (ORDER BY "InvoiceNo", "StockCode", "Quantity", "UnitPrice") AS line_no,
        "InvoiceNo" AS invoice_no,
        "StockCode" AS stock_code,
        "Quantity" AS quantity,
        CAST("UnitPrice" AS DECIMAL(14, 3)) AS unit_price,
        CAST("Quantity" * CAST("UnitPrice" AS DECIMAL(14, 3)) AS DECIMAL(14, 3)) AS amount,
        "InvoiceDate" AS ts,
        'web' AS channel,
        CAST("CustomerID" AS VARCHAR) AS account_id
    FROM lines"#;

/// The lake after a run over the lines.
async fn shop(lines: &Path) -> OwnProject {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = SHIPPED.iter().map(|path| {
        let text = std::fs::read_to_string(root.join(path)).expect("a shipped file");
        (*path, text)
    });
    let own = [
        ("jobs/orders.yaml", ORDERS_JOB),
        ("sql/orders.sql", ORDERS_SQL),
    ];
    let own = own.map(|(path, text)| (path, text.to_owned()));
    let shop = OwnProject::new(shipped.chain(own), AS_OF).await;
    let context = SessionContext::new();
    let options = ParquetReadOptions::default();
    let read = context.register_parquet("lines", lines.to_str().expect("a path in UTF-8"), options);
    read.await.expect("the data");
    let lines = context.sql(LINES).await.expect("the columns");
    let target = shop.data().join("order_lines.parquet");
    let target = target.to_str().expect("a path in UTF-8");
    let written = lines.write_parquet(target, DataFrameWriteOptions::new(), None);
    written.await.expect("a file");
    shop.run().await;
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn published_figures_of_online_retail_come_out() {
    let Some(folder) = test_data("online_retail") else {
        return eprintln!(
            "skipped: no online_retail; C360_TEST_DATA names the folder that holds it"
        );
    };
    let shop = shop(&folder.join("online_retail.parquet")).await;
    check_totals(&shop).await;
    check_segments(&shop).await;
    check_cohort(&shop).await;
    check_pairs(&shop).await;
}

async fn check_totals(shop: &OwnProject) {
    let features = "SELECT COUNT(*), SUM(orders), SUM(gross_revenue)
        FROM customer.order_features WHERE orders > 0";
    assert_eq!(
        shop.texts(features).await,
        [["4338", "18532", "8911407.904"]]
    );
    let lines = "SELECT COUNT(*) FROM customer.orders WHERE person_id IS NOT NULL AND amount > 0";
    assert_eq!(shop.texts(lines).await, [["397884"]]);
}

async fn check_segments(shop: &OwnProject) {
    let segments = "SELECT segment, COUNT(*) FROM customer.rfm GROUP BY segment ORDER BY 2 DESC";
    let found = shop.texts(segments).await;
    let expected = [
        ("hibernating", 1071),
        ("loyal", 819),
        ("champion", 633),
        ("at_risk", 593),
        ("potential_loyal", 484),
        ("about_to_sleep", 352),
        ("needs_attention", 187),
        ("promising", 94),
        ("cannot_lose", 63),
        ("new", 42),
    ];
    let expected = expected.map(|(segment, persons)| vec![segment.to_owned(), persons.to_string()]);
    assert_eq!(found, expected);
}

async fn check_cohort(shop: &OwnProject) {
    let cohort = "SELECT months_since, customers FROM customer.cohorts
        WHERE cohort_month = '2010-12-01' ORDER BY months_since";
    let expected = [
        885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235,
    ];
    let expected = (0..).zip(expected);
    let expected: Vec<_> = expected
        .map(|(month, customers): (u32, u32)| vec![month.to_string(), customers.to_string()])
        .collect();
    assert_eq!(shop.texts(cohort).await, expected);
}

/// Baskets counted one by one; ratios to the last digit.
async fn check_pairs(shop: &OwnProject) {
    let lines = "SELECT DISTINCT invoice_no, stock_code FROM customer.orders WHERE amount > 0";
    let mut baskets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in shop.texts(lines).await {
        let [invoice, item] = line.try_into().expect("two columns");
        if item.starts_with(|first: char| first.is_ascii_digit()) {
            baskets.entry(invoice).or_default().insert(item);
        }
    }
    baskets.retain(|_, items| items.len() <= 30);
    let mut items: BTreeMap<&str, i64> = BTreeMap::new();
    let mut pairs: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for basket in baskets.values() {
        for (at, a) in basket.iter().enumerate() {
            *items.entry(a).or_default() += 1;
            for b in basket.iter().skip(at + 1) {
                *pairs.entry((a, b)).or_default() += 1;
            }
        }
    }
    pairs.retain(|_, count| *count >= 20);
    let all = baskets.len() as i64;
    let mut found = 0;
    for batch in shop.rows("SELECT * FROM customer.item_pairs").await {
        let column = |name: &str| batch.column_by_name(name).expect("the column");
        let named = |name: &str, row| text(column(name), row);
        let number = |name: &str, row| column(name).as_primitive::<Int64Type>().value(row);
        let ratio = |name: &str, row| column(name).as_primitive::<Float64Type>().value(row);
        for row in 0..batch.num_rows() {
            let (a, b) = (named("item_a", row), named("item_b", row));
            let both = pairs[&(a.as_str(), b.as_str())];
            let (of_a, of_b) = (items[a.as_str()], items[b.as_str()]);
            let counts = ["baskets", "baskets_a", "baskets_b", "baskets_all"];
            let counts = counts.map(|name| number(name, row));
            assert_eq!(counts, [both, of_a, of_b, all], "{a} {b}");
            let ratios = [
                "support",
                "confidence_a_b",
                "confidence_b_a",
                "lift",
                "cosine",
            ];
            let expected = [
                both as f64 / all as f64,
                both as f64 / of_a as f64,
                both as f64 / of_b as f64,
                (both * all) as f64 / (of_a * of_b) as f64,
                both as f64 / ((of_a * of_b) as f64).sqrt(),
            ];
            assert_eq!(ratios.map(|name| ratio(name, row)), expected, "{a} {b}");
            found += 1;
        }
    }
    assert_eq!(found, pairs.len());
    assert!(found > 1000, "{found} pairs are few");
}
