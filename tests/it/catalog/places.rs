//! Places that are missing or may not be written: the error says which, and what to do.

use std::sync::Arc;

use c360_catalog::{Evolution, Kind, TableDefinition, Warehouse, WarehouseConfig};
use c360_spec::TableName;
use datafusion::arrow::datatypes::{DataType, Field, Schema};

use super::lakes::Lake;
use super::rows::*;

async fn check_refused(config: WarehouseConfig, kind: Kind, expected: &str) {
    let error = Warehouse::open(config).await.expect_err("refused");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
}

/// What is not there yet is made with the first table.
async fn check_not_made(config: WarehouseConfig, expected: &str) {
    let warehouse = Warehouse::open(config).await.expect("nothing is made yet");
    assert_eq!(warehouse.tables().await.expect("a list"), []);
    let made = warehouse.create_or_evolve(&items()).await;
    let error = made.expect_err("refused");
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
}

fn items() -> TableDefinition {
    let id = Field::new("id", DataType::Int64, true);
    TableDefinition {
        name: "raw.items".parse().expect("a name"),
        schema: Arc::new(Schema::new(vec![id])),
        key: Vec::new(),
        comment: None,
        order: vec![],
        evolution: Evolution::Widen,
    }
}

fn config(location: &str, catalog_uri: &str) -> WarehouseConfig {
    WarehouseConfig {
        location: location.to_owned(),
        catalog_uri: catalog_uri.to_owned(),
        s3: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_bucket_is_named() {
    let error = Lake::s3_bucket("nowhere")
        .await
        .try_open()
        .await
        .expect_err("refused");
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(
        error.to_string().contains("s3://nowhere/warehouse"),
        "{error}"
    );
    assert!(error.to_string().contains("create it"), "{error}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_created_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").expect("written");
    let location = format!("{}/lake", file.display());
    let catalog = format!("sqlite:{}/catalog.db", folder.path().display());
    check_not_made(config(&location, &catalog), &location).await;
}

/// Root may write anywhere but here.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_read_only_folder_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let catalog = format!("sqlite:{}/catalog.db", folder.path().display());
    check_not_made(config("/sys/lake", &catalog), "/sys/lake").await;
    let location = folder.path().display().to_string();
    check_not_made(
        config(&location, "sqlite:/sys/catalog.db"),
        "/sys/catalog.db",
    )
    .await;
}

#[tokio::test]
async fn a_lake_that_was_moved_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |name: &str| {
        let lake = folder.path().join(name).display().to_string();
        Warehouse::open(config(&lake, &format!("sqlite:{lake}/catalog.db")))
    };
    let name: TableName = "raw.items".parse().expect("a name");
    let first = open("first").await.expect("a lake");
    first.create_or_evolve(&items()).await.expect("a table");
    std::fs::rename(folder.path().join("first"), folder.path().join("second")).expect("moved");
    let second = open("second").await.expect("a lake");
    let error = second.table(&name).await.expect_err("refused");
    assert_eq!(error.kind(), Kind::Invalid);
    let message = error.to_string();
    assert!(
        message.contains("raw.items") && message.contains("/first/") && message.contains("moved"),
        "{message}"
    );

    std::os::unix::fs::symlink(folder.path().join("second"), folder.path().join("first"))
        .expect("a link");
    assert!(
        second
            .table(&name)
            .await
            .expect("found by the link")
            .is_some()
    );
}

#[tokio::test]
async fn unusable_addresses_are_refused_without_their_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let location = folder.path().display().to_string();
    check_refused(config("lake", "sqlite:/tmp/c.db"), Kind::Invalid, "`lake`").await;
    check_refused(
        config(&location, "mysql://me:secret@db/c"),
        Kind::Invalid,
        "sqlite:",
    )
    .await;
    let nobody = "postgres://me:secret@127.0.0.1:1/c360";
    let error = Warehouse::open(config(&location, nobody))
        .await
        .expect_err("nobody listens");
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().contains("127.0.0.1:1/c360"), "{error}");
    assert!(!format!("{error:?}").contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_takes_no_files_leaves_the_table_as_it_was() {
    let lake = Lake::local();
    let warehouse = lake.open().await;
    let columns = "id long, a string";
    let table = warehouse
        .create_or_evolve(&lake.definition("t", columns))
        .await
        .expect("created");
    let table = append(&table, rows(columns, &["1,x"])).await.table;
    let data = lake.folder().join("the lake/raw/t/data");
    std::fs::rename(&data, data.with_extension("aside")).expect("moved");
    std::fs::write(&data, "in the way").expect("written");
    let mut appender = table.appender();
    let outcome = match appender.write(rows(columns, &["2,y"])).await {
        Ok(()) => appender.commit(stamp("append")).await.map(|_| ()),
        Err(error) => Err(error),
    };
    let error = outcome.expect_err("nowhere to write");
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().contains("raw/t/data"), "{error}");
    std::fs::remove_file(&data).expect("removed");
    std::fs::rename(data.with_extension("aside"), &data).expect("moved back");
    check(&table.reload().await.expect("there"), &["1,x"]).await;
    append(&table, rows(columns, &["2,y"])).await;
    check(&table.reload().await.expect("there"), &["1,x", "2,y"]).await;
}
