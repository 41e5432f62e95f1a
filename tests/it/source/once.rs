//! Every file is taken in exactly once.

use std::fs::File;
use std::time::{Duration, SystemTime};

use c360_flow::{Action, Kind};

use super::shop::{CONTRACT, Shop};

const UPSERT: &str = "files: ['*.csv']\nformat: {type: csv}\nmode: upsert\norder_by: at\n";
const KEYLESS: &str = "files: ['*.csv']\nformat: {type: csv}\n";

fn keyless() -> String {
    CONTRACT.replace("key: [id]", "")
}

#[tokio::test]
async fn a_second_run_finds_nothing_to_do() {
    let shop = Shop::new(UPSERT).await;
    let first = shop
        .deliver("1.csv", "id,v,at\na,1,2011-01-01\nx,y,z\n")
        .await;
    assert_eq!(first.action, Action::Full);
    let again = shop.run().await;
    assert_eq!(
        (again.action, again.why.as_str()),
        (Action::Nothing, "no new files among 1")
    );
    assert_eq!(again.outcome.snapshot_id, first.outcome.snapshot_id);
    assert_eq!(shop.rows("raw.items__rejects").await.len(), 1);
}

#[tokio::test]
async fn only_new_files_are_read() {
    let shop = Shop::with_contract(&keyless(), KEYLESS).await;
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    let second = shop.deliver("2.csv", "id,v,at\nb,1,\nc,1,\n").await;
    assert_eq!(
        (second.action, second.outcome.rows_in),
        (Action::Incremental, 2)
    );
    shop.check(&["a,1,∅", "b,1,∅", "c,1,∅"]).await;
}

#[tokio::test]
async fn history_is_read_once_the_globs_name_it_and_gives_the_same_rows() {
    for mode in ["append", "upsert"] {
        let job = |files: &str| {
            format!("files: ['{files}']\nformat: {{type: csv}}\nmode: {mode}\norder_by: at\n")
        };
        let (late, whole) = (
            Shop::new(&job("2011*.csv")).await,
            Shop::new(&job("*.csv")).await,
        );
        for shop in [&late, &whole] {
            shop.put(
                "2010.csv",
                "id,v,at\na,1,2010-06-01\nb,1,2010-07-01\nx,y,z\n",
            );
            shop.put("2011.csv", "id,v,at\na,2,2011-06-01\nc,2,2011-07-01\n");
            shop.run().await;
        }
        late.check(&["a,2,2011-06-01", "c,2,2011-07-01"]).await;
        let late = late.respecified(CONTRACT, &job("*.csv"));
        let report = late.run().await;
        let told = (
            report.action,
            report.outcome.rows_in,
            report.outcome.rows_rejected,
        );
        assert_eq!(told, (Action::Incremental, 3, 1), "{mode}");
        for table in ["raw.items", "raw.items__rejects"] {
            assert_eq!(late.rows(table).await, whole.rows(table).await, "{mode}");
        }
    }
}

#[tokio::test]
async fn a_file_that_was_only_touched_is_not_read_again() {
    let shop = Shop::with_contract(&keyless(), KEYLESS).await;
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    let file = File::options()
        .write(true)
        .open(shop.path("1.csv"))
        .expect("the file");
    file.set_modified(SystemTime::now() + Duration::from_secs(60))
        .expect("touched");
    let noted = shop.run().await;
    assert_eq!(
        (noted.why.as_str(), noted.outcome.rows_in),
        ("file times changed: 1 file to note", 0)
    );
    shop.check(&["a,1,∅"]).await;
    let again = shop.run().await;
    assert_eq!(
        (again.action, again.why.as_str()),
        (Action::Nothing, "no new files among 1"),
        "its new time is on record"
    );
}

#[tokio::test]
async fn a_table_that_somebody_else_wrote_to_is_not_filled_again() {
    let shop = Shop::with_contract(&keyless(), KEYLESS).await;
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    let table = shop.table("raw.items").await.expect("a table");
    let foreign = c360_catalog::Stamp::default();
    table.stamp(foreign).await.expect("committed");
    let error = shop.try_run().await.expect_err("refused");
    assert_eq!(error.kind(), Kind::Data);
    assert!(error.to_string().contains("raw.items"), "{error}");
    assert!(error.hint().is_some(), "a remedy for {error}");
    shop.check(&["a,1,∅"]).await;
}

#[tokio::test]
async fn a_file_that_is_gone_leaves_its_rows() {
    let shop = Shop::new(UPSERT).await;
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    std::fs::remove_file(shop.path("1.csv")).expect("removed");
    let idle = shop.run().await;
    assert_eq!(idle.action, Action::Nothing);
    let [warning] = &idle.outcome.warnings[..] else {
        panic!("a glob that matches nothing any more is told");
    };
    assert!(warning.starts_with("*.csv match nothing in"), "{warning}");
    shop.deliver("2.csv", "id,v,at\nb,1,\n").await;
    shop.check(&["a,1,∅", "b,1,∅"]).await;
}

#[tokio::test]
async fn a_changed_file_is_read_as_a_new_version() {
    let shop = Shop::new(UPSERT).await;
    shop.deliver("1.csv", "id,v,at\na,1,2011-01-01\nb,1,2011-01-01\n")
        .await;
    let report = shop.deliver("1.csv", "id,v,at\na,2,2011-01-02\n").await;
    assert_eq!((report.outcome.rows_in, report.outcome.updated), (1, 1));
    shop.check(&["a,2,2011-01-02", "b,1,2011-01-01"]).await;
    let same_size = shop.deliver("1.csv", "id,v,at\na,3,2011-01-03\n").await;
    assert_eq!(same_size.action, Action::Incremental);
    shop.check(&["a,3,2011-01-03", "b,1,2011-01-01"]).await;
}

#[tokio::test]
async fn a_changed_file_without_a_key_rebuilds_the_table() {
    let shop = Shop::with_contract(&keyless(), KEYLESS).await;
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    shop.deliver("2.csv", "id,v,at\nb,1,\n").await;
    let report = shop.deliver("1.csv", "id,v,at\na,1,\na,2,\n").await;
    assert_eq!(report.why, "file 1.csv changed: 2 files to read");
    shop.check(&["a,1,∅", "a,2,∅", "b,1,∅"]).await;
    assert_eq!(shop.run().await.action, Action::Nothing);
}

#[tokio::test]
async fn a_changed_file_without_a_key_is_refused_when_others_are_gone() {
    let shop = Shop::with_contract(&keyless(), KEYLESS).await;
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    shop.deliver("2.csv", "id,v,at\nb,1,\n").await;
    std::fs::remove_file(shop.path("2.csv")).expect("removed");
    shop.put("1.csv", "id,v,at\na,1,\na,2,\n");
    let error = shop.try_run().await.expect_err("refused");
    assert_eq!(error.kind(), Kind::Data);
    assert!(
        error.to_string().contains("source file 1.csv changed"),
        "{error}"
    );
    shop.check(&["a,1,∅", "b,1,∅"]).await;
}

#[tokio::test]
async fn a_corrected_file_of_events_replaces_what_was_read_of_it() {
    let shop = Shop::new(KEYLESS).await;
    shop.deliver("1.csv", "id,v,at\na,1,\nx,-9,\n").await;
    shop.deliver("2.csv", "id,v,at\nb,1,\n").await;
    shop.deliver("1.csv", "id,v,at\na,3,\n").await;
    shop.check(&["a,3,∅", "b,1,∅"]).await;

    std::fs::remove_file(shop.path("2.csv")).expect("removed");
    let report = shop.deliver("1.csv", "id,v,at\na,2,\nc,1,\n").await;
    let [warning] = &report.outcome.warnings[..] else {
        panic!("what stays is told");
    };
    assert!(
        warning.starts_with("file 1.csv changed, but 1 of 2 ingested files are gone"),
        "{warning}"
    );
    assert!(shop.rows("raw.items").await.contains(&"b,1,∅".to_owned()));
}

#[tokio::test]
async fn no_files_at_all_name_the_globs() {
    let shop = Shop::new(UPSERT).await;
    let error = shop.try_run().await.expect_err("refused");
    assert_eq!(error.kind(), Kind::Data);
    assert!(
        error
            .to_string()
            .contains("source items has no files: *.csv match nothing in"),
        "{error}"
    );
    assert!(
        shop.table("raw.items").await.is_none(),
        "nothing was written"
    );
}

#[tokio::test]
async fn an_optional_source_without_files_is_an_empty_table_until_files_come() {
    let shop = Shop::new(&format!("optional: true\n{UPSERT}")).await;
    let first = shop.run().await;
    assert_eq!((first.action, first.outcome.rows_in), (Action::Full, 0));
    assert!(shop.table("raw.items").await.is_some(), "it can be read");
    shop.check(&[]).await;
    let again = shop.run().await;
    assert_eq!(
        (again.action, again.outcome.warnings),
        (Action::Nothing, vec![])
    );
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    shop.check(&["a,1,∅"]).await;
    std::fs::remove_file(shop.path("1.csv")).expect("removed");
    let gone = shop.run().await;
    assert_eq!(gone.outcome.warnings.len(), 1, "rows that stay are told");
    shop.check(&["a,1,∅"]).await;
}

#[tokio::test]
async fn data_may_move() {
    let shop = Shop::new(UPSERT).await;
    shop.deliver("1.csv", "id,v,at\na,1,\n").await;
    let copy = shop.path("copy");
    std::fs::create_dir(&copy).expect("a folder");
    std::fs::copy(shop.path("1.csv"), copy.join("1.csv")).expect("copied");
    let moved = shop.moved(copy.to_str().expect("a path"), CONTRACT, UPSERT);
    let noted = moved.run().await;
    assert_eq!(
        (noted.why.as_str(), noted.outcome.rows_in),
        ("file times changed: 1 file to note", 0)
    );
    assert_eq!(moved.run().await.action, Action::Nothing);
}
