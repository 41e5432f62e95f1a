//! A run that dies at any write and is run again leaves what an undisturbed run leaves.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use c360_catalog::Warehouse;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::shop::{CONTRACT, Shop, config};

/// A store that fails every write after so many.
#[derive(Debug)]
struct Failing {
    inner: Arc<dyn ObjectStore>,
    writes_left: Arc<AtomicI64>,
}

impl Failing {
    fn write(&self) -> Result<()> {
        if self.writes_left.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Ok(());
        }
        Err(object_store::Error::Generic {
            store: "failing",
            source: "no more writes".into(),
        })
    }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failing({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Failing {
    async fn put_opts(
        &self,
        at: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.write()?;
        self.inner.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.write()?;
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    fn delete_stream(
        &self,
        at: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(at)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.write()?;
        self.inner.copy_opts(from, to, options).await
    }
}

const JOB: &str =
    "files: ['*.csv']\nformat: {type: csv}\nmode: cdc\norder_by: at\nop: {column: op}\n";

const FIRST: &str =
    "op,id,v,at\nI,a,1,2011-01-01\nI,b,1,2011-01-01\nU,a,2,2011-01-02\nD,c,,2011-01-01\nbad,,,\n";
const SECOND: &str = "op,id,v,at\nU,a,3,2011-01-03\nD,b,,2011-01-04\nI,d,1,2011-01-01\nworse,,,\n";

const TABLES: [&str; 3] = ["raw.items", "raw.items__rejects", "raw.items__deleted"];

async fn shop(writes_left: &Arc<AtomicI64>, contract: &str) -> Shop {
    let folder = tempfile::tempdir().expect("a folder");
    let left = Arc::clone(writes_left);
    let warehouse = Warehouse::open_with_store(config(&folder), move |inner| {
        Arc::new(Failing {
            inner,
            writes_left: Arc::clone(&left),
        })
    });
    let warehouse = warehouse.await.expect("a lake");
    let shop = Shop::over(folder, warehouse, None, contract, JOB);
    shop.put("1.csv", FIRST);
    shop
}

async fn tables(shop: &Shop) -> Vec<Vec<String>> {
    let mut tables = Vec::new();
    for table in TABLES {
        tables.push(shop.rows(table).await);
    }
    tables
}

/// Runs until nothing fails, one write further each time, and compares with `expected`.
async fn check(
    shop: &Shop,
    writes_left: &AtomicI64,
    writes: i64,
    expected: &[Vec<String>],
) -> bool {
    writes_left.store(writes, Ordering::SeqCst);
    let disturbed = shop.try_run().await.is_err();
    writes_left.store(i64::MAX, Ordering::SeqCst);
    shop.run().await;
    assert_eq!(
        tables(shop).await,
        expected,
        "after a fault at write {writes}"
    );
    disturbed
}

#[tokio::test]
async fn a_run_that_dies_at_any_write_is_healed_by_the_next() {
    let writes_left = Arc::new(AtomicI64::new(i64::MAX));
    let undisturbed = shop(&writes_left, CONTRACT).await;
    undisturbed.run().await;
    let first = tables(&undisturbed).await;
    undisturbed.put("2.csv", SECOND);
    undisturbed.run().await;
    let second = tables(&undisturbed).await;
    assert_eq!(
        second,
        [
            vec!["a,3,2011-01-03".to_owned(), "d,1,2011-01-01".to_owned()],
            second[1].clone(),
            vec!["b,2011-01-04".to_owned(), "c,2011-01-01".to_owned()]
        ]
    );
    assert_eq!(second[1].len(), 2, "two rejects");

    let mut writes = 0;
    loop {
        let shop = shop(&writes_left, CONTRACT).await;
        let first_dies = check(&shop, &writes_left, writes, &first).await;
        shop.put("2.csv", SECOND);
        let second_dies = check(&shop, &writes_left, writes, &second).await;
        if !first_dies && !second_dies {
            break;
        }
        writes += 1;
    }
    assert!(writes > 10, "the runs were disturbed {writes} times");
}

#[tokio::test]
async fn a_rebuild_that_dies_at_any_write_is_healed_by_the_next() {
    let evolved = CONTRACT.replace("rejects:", "  - {name: note, type: string}\nrejects:");
    let writes_left = Arc::new(AtomicI64::new(i64::MAX));
    let mut expected = None;
    for writes in 0.. {
        writes_left.store(i64::MAX, Ordering::SeqCst);
        let shop = shop(&writes_left, CONTRACT).await;
        shop.run().await;
        let shop = shop.respecified(&evolved, JOB);
        let expected = match &expected {
            Some(expected) => expected,
            None => {
                shop.run().await;
                expected.insert(tables(&shop).await)
            }
        };
        if !check(&shop, &writes_left, writes, expected).await && writes > 0 {
            break;
        }
    }
}
