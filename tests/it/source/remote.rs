//! Files in a bucket are read as files on disk are.

use std::sync::Arc;

use c360_catalog::Warehouse;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::shop::{CONTRACT, Shop, config};

/// The lake on disk, `s3://…` in memory.
async fn shop(bucket: &Arc<InMemory>, job: &str) -> Shop {
    let folder = tempfile::tempdir().expect("a folder");
    let bucket = Arc::clone(bucket);
    let mut config = config(&folder);
    config.s3 = Some(c360_catalog::S3Options {
        region: Some("us-east-1".into()),
        ..Default::default()
    });
    let warehouse = Warehouse::open_with_store(config, move |inner| {
        match inner.to_string().contains("AmazonS3") {
            true => Arc::clone(&bucket) as Arc<dyn ObjectStore>,
            false => inner,
        }
    });
    let warehouse = warehouse.await.expect("a lake");
    Shop::over(folder, warehouse, Some("s3://inbox/drop"), CONTRACT, job)
}

async fn put(bucket: &InMemory, key: &str, text: &str) {
    bucket
        .put(&Path::from(key), text.to_owned().into())
        .await
        .expect("stored");
}

#[tokio::test]
async fn globs_and_files_work_in_a_bucket() {
    let bucket = Arc::new(InMemory::new());
    let shop = shop(
        &bucket,
        "files: ['day-*/items.csv', 's3://other/x/extra.csv']\nformat: {type: csv}\n",
    )
    .await;
    put(&bucket, "drop/day-1/items.csv", "id,v,at\na,1,2011-01-01\n").await;
    put(&bucket, "drop/day-2/other.csv", "no\n").await;
    put(&bucket, "x/extra.csv", "id,v,at\nb,1,2011-01-01\nc,x,\n").await;
    shop.run().await;
    shop.check(&["a,1,2011-01-01", "b,1,2011-01-01"]).await;
    let rejects = shop.rows("raw.items__rejects").await;
    assert_eq!(rejects, ["s3://other/x/extra.csv,2,3,v,is no int,c,x,"]);
    put(&bucket, "drop/day-2/items.csv", "id,v,at\nd,1,2011-01-01\n").await;
    assert_eq!(shop.run().await.outcome.rows_in, 1);
}
