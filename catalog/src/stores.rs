//! One object store per bucket (or for the local disk), opened on first use and shared by
//! everything: table files, metadata, epochs, source files and DataFusion's own reads. So all of
//! them have the same credentials, retries and fault injection.
//!
//! Credentials come from the environment (the usual `AWS_*` names, web identity, container or
//! instance roles) and nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use datafusion::execution::runtime_env::RuntimeEnv;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, RetryConfig};
use url::Url;

use crate::{Error, Result};

/// How to reach S3 or a store that speaks it. Never credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Options {
    /// URL of the endpoint; AWS's own when absent.
    pub endpoint: Option<String>,
    /// Region; the environment's when absent.
    pub region: Option<String>,
    /// Bucket in the path (MinIO and most others) instead of in the host name.
    pub path_style: bool,
    /// Plain HTTP allowed.
    pub allow_http: bool,
}

type Wrap = dyn Fn(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> + Send + Sync;

/// The opened stores. Cheap to clone.
#[derive(Clone)]
pub struct Stores {
    inner: Arc<Inner>,
}

struct Inner {
    s3: S3Options,
    wrap: Option<Box<Wrap>>,
    opened: RwLock<BTreeMap<String, Arc<dyn ObjectStore>>>,
}

/// Where something lies: the root that picks the store, and the rest.
enum Place<'a> {
    Local { path: &'a str },
    S3 { bucket: &'a str, key: &'a str },
}

const LOCAL_ROOT: &str = "file:///";

impl Stores {
    pub fn new(s3: Option<S3Options>) -> Self {
        Self::build(s3, None)
    }

    /// Every store that is opened goes through `wrap` first.
    pub fn wrapped(
        s3: Option<S3Options>,
        wrap: impl Fn(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> + Send + Sync + 'static,
    ) -> Self {
        Self::build(s3, Some(Box::new(wrap)))
    }

    fn build(s3: Option<S3Options>, wrap: Option<Box<Wrap>>) -> Self {
        let inner = Inner {
            s3: s3.unwrap_or_default(),
            wrap,
            opened: RwLock::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The store and the path inside it of `s3://bucket/key`, `file:///path` or an absolute path.
    ///
    /// Fails with *invalid* for any other form.
    pub fn resolve(&self, location: &str) -> Result<(Arc<dyn ObjectStore>, Path)> {
        match place(location)? {
            Place::Local { path } => {
                let path = Path::from_absolute_path(path).map_err(|e| {
                    Error::invalid(format!("`{path}` is no usable path")).caused_by(e)
                })?;
                Ok((self.open(LOCAL_ROOT, || Ok(local()))?, path))
            }
            Place::S3 { bucket, key } => {
                let root = format!("s3://{bucket}/");
                let store = self.open(&root, || s3(bucket, &self.inner.s3))?;
                let path = Path::parse(key).map_err(|e| {
                    Error::invalid(format!("`{location}` is no usable key")).caused_by(e)
                })?;
                Ok((store, path))
            }
        }
    }

    /// Makes every store opened so far known to DataFusion, under `file:///` and `s3://bucket/`.
    pub fn register_all(&self, runtime: &RuntimeEnv) {
        let opened = self.inner.opened.read().unwrap_or_else(|e| e.into_inner());
        for (root, store) in opened.iter() {
            let url = Url::parse(root).expect("roots are URLs by construction");
            runtime.register_object_store(&url, Arc::clone(store));
        }
    }

    fn open(
        &self,
        root: &str,
        build: impl FnOnce() -> Result<Arc<dyn ObjectStore>>,
    ) -> Result<Arc<dyn ObjectStore>> {
        let known = self.inner.opened.read().unwrap_or_else(|e| e.into_inner());
        if let Some(store) = known.get(root) {
            return Ok(Arc::clone(store));
        }
        drop(known);
        let store = match &self.inner.wrap {
            Some(wrap) => wrap(build()?),
            None => build()?,
        };
        let mut opened = self.inner.opened.write().unwrap_or_else(|e| e.into_inner());
        Ok(Arc::clone(opened.entry(root.to_owned()).or_insert(store)))
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opened = self.inner.opened.read().unwrap_or_else(|e| e.into_inner());
        f.debug_set().entries(opened.keys()).finish()
    }
}

fn place(location: &str) -> Result<Place<'_>> {
    if let Some(rest) = location
        .strip_prefix("s3://")
        .or_else(|| location.strip_prefix("s3a://"))
    {
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(Error::invalid(format!("`{location}` names no bucket")));
        }
        return Ok(Place::S3 {
            bucket,
            key: key.trim_end_matches('/'),
        });
    }
    let path = location.strip_prefix("file://").unwrap_or(location);
    if path.starts_with('/') {
        return Ok(Place::Local { path });
    }
    Err(Error::invalid(format!(
        "location `{location}` is neither an absolute path nor an s3:// address"
    )))
}

fn local() -> Arc<dyn ObjectStore> {
    Arc::new(LocalFileSystem::new())
}

fn s3(bucket: &str, options: &S3Options) -> Result<Arc<dyn ObjectStore>> {
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_virtual_hosted_style_request(!options.path_style)
        .with_retry(patience());
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let Some(region) = &options.region {
        builder = builder.with_region(region);
    }
    if options.allow_http {
        builder = builder.with_allow_http(true);
    }
    let store = builder.build().map_err(|e| {
        Error::invalid(format!("the settings of bucket `{bucket}` do not work")).caused_by(e)
    })?;
    Ok(Arc::new(store))
}

/// Rides out a store that restarts or throttles, but tells the user within a minute.
fn patience() -> RetryConfig {
    RetryConfig {
        max_retries: 8,
        retry_timeout: Duration::from_secs(60),
        ..RetryConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(location: &str, path_expected: &str) {
        let (_, path) = Stores::new(None).resolve(location).expect("resolves");
        assert_eq!(path.as_ref(), path_expected);
    }

    #[test]
    fn paths_and_addresses_resolve() {
        check("/tmp/a b/c.parquet", "tmp/a b/c.parquet");
        check("file:///tmp/c.parquet", "tmp/c.parquet");
        check("s3://bucket/some/key", "some/key");
        check("s3://bucket", "");
    }

    #[test]
    fn relative_paths_and_other_schemes_are_refused() {
        for location in ["lake", "ftp://host/lake", "s3://"] {
            let error = Stores::new(None).resolve(location).expect_err("refused");
            assert_eq!(error.kind(), crate::Kind::Invalid);
        }
    }
}
