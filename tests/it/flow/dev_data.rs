//! Real order lines and persons with known truth: what the shipped project makes of them, in one run and in five.
//!
//! Reads `c360_dev` below the folder that `C360_TEST_DATA` names, `../shared/data` by default; says so and passes
//! where it is absent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::lab::{Lab, assert_same};

/// Ends of the base and of the increments; the last run sees everything.
const CUTS: [&str; 5] = [
    "2011-09-01",
    "2011-10-01",
    "2011-11-01",
    "2011-12-01",
    "2011-12-10",
];

/// CSV file and the column by which it is cut; without one, all of it is in the base.
const TEXTS: [(&str, Option<&str>); 7] = [
    ("crm_contacts", Some("created_at")),
    ("crm_contacts_cdc", Some("updated_at")),
    ("ecom_accounts", Some("created_at")),
    ("loyalty_members", Some("enrolled_at")),
    ("newsletter_subscribers", Some("subscribed_at")),
    ("prospect_list", None),
    ("consent_events", Some("ts")),
];

const FACTS: [(&str, &str); 2] = [("order_lines", "ts"), ("web_events", "received_ts")];

/// A set of real data, where it is at hand.
pub fn test_data(set: &str) -> Option<PathBuf> {
    let named = std::env::var_os("C360_TEST_DATA").map(PathBuf::from);
    let data =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    let found = data.join(set);
    found.is_dir().then_some(found)
}

/// Which part a row belongs to: the first whose end its time lies before.
fn part(time: &str) -> usize {
    CUTS.iter()
        .position(|end| time < *end)
        .unwrap_or(CUTS.len() - 1)
}

fn cut_text(source: &Path, stem: &str, by: Option<&str>, number: usize, to: &Path) {
    let mut reader = csv::Reader::from_path(source.join(format!("{stem}.csv"))).expect("a source");
    let headers = reader.headers().expect("a header").clone();
    let column = by.map(|by| {
        headers
            .iter()
            .position(|name| name == by)
            .expect("the column")
    });
    let mut writer =
        csv::Writer::from_path(to.join(format!("{stem}_{number}.csv"))).expect("a file");
    writer.write_record(&headers).expect("a header");
    for row in reader.records() {
        let row = row.expect("a row");
        if column.map_or(0, |column| part(&row[column])) == number {
            writer.write_record(&row).expect("a row");
        }
    }
    writer.flush().expect("all rows");
}

fn cut_facts(source: &Path, stem: &str, by: &str, number: usize, to: &Path) {
    let file = File::open(source.join(format!("{stem}.parquet"))).expect("a source");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .expect("a footer")
        .build()
        .expect("a reader");
    let mut writer: Option<ArrowWriter<File>> = None;
    for batch in reader {
        let batch = batch.expect("rows");
        let times = batch
            .column_by_name(by)
            .expect("the column")
            .as_primitive::<TimestampMicrosecondType>();
        let keep: BooleanArray = times
            .iter()
            .map(|time| {
                let time =
                    jiff::Timestamp::from_microsecond(time.expect("a time")).expect("an instant");
                Some(part(&time.strftime("%Y-%m-%d %H:%M:%S").to_string()) == number)
            })
            .collect();
        let rows = filter_record_batch(&batch, &keep).expect("rows");
        let target = || File::create(to.join(format!("{stem}_{number}.parquet"))).expect("a file");
        let writer = writer.get_or_insert_with(|| {
            ArrowWriter::try_new(target(), rows.schema(), None).expect("a writer")
        });
        writer.write(&rows).expect("rows");
    }
    writer.expect("a batch").close().expect("a footer");
}

fn deliver(sources: &Path, number: usize, to: &Path) {
    for (stem, by) in TEXTS {
        cut_text(sources, stem, by, number, to);
    }
    for (stem, by) in FACTS {
        cut_facts(sources, stem, by, number, to);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_data_gives_the_same_tables_in_five_runs_as_in_one() {
    let Some(folder) = test_data("c360_dev") else {
        return eprintln!("skipped: no c360_dev; C360_TEST_DATA names the folder that holds it");
    };
    let sources = folder.join("sources");
    let (monthly, once) = (Lab::new().await, Lab::new().await);
    for (number, end) in CUTS.iter().enumerate() {
        deliver(&sources, number, &monthly.data());
        monthly.run(&format!("{end}T00:00:00Z")).await;
    }
    for (stem, _) in TEXTS {
        copy(&sources, &once.data(), &format!("{stem}.csv"));
    }
    for (stem, _) in FACTS {
        copy(&sources, &once.data(), &format!("{stem}.parquet"));
    }
    monthly.run_retrained("2011-12-10T00:00:00Z").await;
    once.run("2011-12-10T00:00:00Z").await;
    assert_same(&monthly.tables().await, &once.tables().await, "c360_dev");
    check_totals(&once).await;
    check_identity(&once, &folder.join("truth")).await;
}

fn copy(from: &Path, to: &Path, name: &str) {
    fs::copy(from.join(name), to.join(name)).expect("a copy");
}

async fn check_totals(lab: &Lab) {
    let check =
        async |sql: &str, expected: &str| assert_eq!(lab.rows(sql).await, [expected], "{sql}");
    check("SELECT COUNT(*) FROM raw.order_lines", "541909").await;
    check("SELECT COUNT(*) FROM raw.web_events", "349026").await;
    check(
        "SELECT COUNT(DISTINCT invoice_no) FROM customer.orders WHERE person_id IS NULL",
        "3710",
    )
    .await;
    check(
        "SELECT SUM(amount) FROM customer.orders WHERE person_id IS NOT NULL",
        "8300065.814",
    )
    .await;
    check(
        "SELECT SUM(amount) FROM customer.orders WHERE person_id IS NOT NULL AND amount > 0",
        "8911407.904",
    )
    .await;
    check(
        "SELECT SUM(net_revenue) FROM customer.order_features",
        "8300065.814",
    )
    .await;
    check(
        "SELECT COUNT(*) FROM customer.rfm FULL JOIN customer.lifetime_value USING (person_id)
         WHERE segment IS NULL OR lifetime_value_12_months IS NULL",
        "0",
    )
    .await;
}

/// Pairs among `count` things.
fn pairs(count: usize) -> u64 {
    let count = count as u64;
    count * count.saturating_sub(1) / 2
}

fn sizes<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut sizes = BTreeMap::new();
    for key in keys {
        *sizes.entry(key).or_default() += 1;
    }
    sizes
}

async fn check_identity(lab: &Lab, truth: &Path) {
    let persons: HashMap<(String, String), String> = lab
        .rows("SELECT source, key, person_id FROM identity.persons")
        .await
        .iter()
        .map(|row| {
            let mut cells = row.split(" | ").map(str::to_string);
            let mut next = || cells.next().expect("three cells");
            ((next(), next()), next())
        })
        .collect();
    let mut reader = csv::Reader::from_path(truth.join("records.csv")).expect("the truth");
    let all: Vec<(String, String, String)> = reader
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect();
    // Prospects have no contact keys; the truth also names contacts that a change file deleted.
    let known: Vec<(&str, &str)> = all
        .iter()
        .filter(|(system, ..)| system != "prospect_list")
        .filter_map(|(system, record, entity)| {
            let person = persons.get(&(system.clone(), record.clone()))?;
            Some((entity.as_str(), person.as_str()))
        })
        .collect();
    let count = |sizes: Vec<usize>| sizes.into_iter().map(pairs).sum::<u64>() as f64;
    let right = count(sizes(known.iter().copied()).into_values().collect());
    let found = count(
        sizes(known.iter().map(|(_, person)| person))
            .into_values()
            .collect(),
    );
    let true_pairs = count(
        sizes(known.iter().map(|(entity, _)| entity))
            .into_values()
            .collect(),
    );
    let (precision, recall) = (right / found, right / true_pairs);
    let exact = exact_customers(lab, truth).await;
    eprintln!(
        "precision {precision:.4}, recall {recall:.4}, {exact} customers with exactly their invoices"
    );
    assert!(precision >= 0.995 && recall >= 0.94 && exact >= 4_270);
}

async fn exact_customers(lab: &Lab, truth: &Path) -> usize {
    let mut ours: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let sql =
        "SELECT DISTINCT person_id, invoice_no FROM customer.orders WHERE person_id IS NOT NULL";
    for row in lab.rows(sql).await {
        let (person, invoice) = row.split_once(" | ").expect("two cells");
        ours.entry(person.into())
            .or_default()
            .insert(invoice.into());
    }
    let ours: BTreeSet<BTreeSet<String>> = ours.into_values().collect();
    let mut theirs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut reader = csv::Reader::from_path(truth.join("invoices.csv")).expect("the truth");
    for row in reader.deserialize() {
        let (invoice, entity, _): (String, String, String) = row.expect("a row");
        if !entity.is_empty() {
            theirs.entry(entity).or_default().insert(invoice);
        }
    }
    theirs
        .values()
        .filter(|invoices| ours.contains(*invoices))
        .count()
}
