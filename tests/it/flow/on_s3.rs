//! The flow passes on object storage as on local files.

use std::path::Path;

use c360_catalog::Warehouse;
use object_store::ObjectStoreExt;

use super::lab::{Lab, assert_same};
use super::retailer::Retailer;
use crate::catalog::lakes::Lake;

#[tokio::test(flavor = "multi_thread")]
async fn the_flow_leaves_the_same_tables_on_s3_as_on_local_files() {
    let lake = Lake::s3().await;
    let warehouse = lake.open().await;
    let remote = Lab::over(warehouse.clone());
    let local = Lab::new().await;
    let mut retailer = Retailer::new(11);
    for part in ["1", "2"] {
        let delivery = retailer.deliver().and(retailer.deliver());
        for lab in [&local, &remote] {
            delivery.write(&lab.data(), part);
            upload(&warehouse, &remote.data()).await;
            lab.run(&retailer.as_of()).await;
        }
    }
    assert_same(
        &remote.tables().await,
        &local.tables().await,
        "s3 against local",
    );
    remote.assert_verified(&retailer.as_of(), "s3").await;
    assert!(remote.run(&retailer.as_of()).await.nothing_happened());
}

/// The server answers for every address of its warehouse, so the source files have to be there too.
async fn upload(warehouse: &Warehouse, folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let file = entry.expect("an entry").path();
        let (store, path) = warehouse
            .stores()
            .resolve(file.to_str().expect("UTF-8"))
            .expect("a store");
        if store.head(&path).await.is_err() {
            let bytes = std::fs::read(&file).expect("a file");
            store.put(&path, bytes.into()).await.expect("uploaded");
        }
    }
}
