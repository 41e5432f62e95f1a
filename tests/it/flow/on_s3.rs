//! The flow passes on object storage as on local files.

use super::lab::{Lab, assert_same};
use super::retailer::Retailer;
use crate::catalog::lakes::Lake;

#[tokio::test(flavor = "multi_thread")]
async fn the_flow_leaves_the_same_tables_on_s3_as_on_local_files() {
    let lake = Lake::s3().await;
    let remote = Lab::over(lake.open().await);
    let local = Lab::new().await;
    let mut retailer = Retailer::new(11);
    for part in ["1", "2"] {
        let delivery = retailer.deliver().and(retailer.deliver());
        for lab in [&local, &remote] {
            delivery.write(&lab.data(), part);
            lab.run(&retailer.as_of()).await;
        }
    }
    assert_same(
        &remote.tables().await,
        &local.tables().await,
        "s3 against local",
    );
    assert!(remote.run(&retailer.as_of()).await.nothing_happened());
}
