//! The files that a source job's globs name, on the local disk or in a bucket, sorted by path.
//! Only lists; what was ingested before is the manifest's business.

use std::sync::Arc;

use c360_catalog::Stores;
use futures::TryStreamExt;
use glob::{MatchOptions, Pattern};
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};

use super::unavailable;
use crate::error::{Error, Result};

/// A file of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// How the manifest, the rejects and errors call it: relative to the project's data where the
    /// glob is, so that data may move; the whole location otherwise
    pub path: String,
    /// Where it is: an absolute path or a URL
    pub location: String,
    /// Bytes
    pub size: u64,
    /// What the store says changes with the content
    pub etag: Option<String>,
    /// When it was last written
    pub modified_at: Timestamp,
}

/// What the globs name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Sorted by path, each once however many globs name it
    pub files: Vec<SourceFile>,
    /// Globs that match nothing
    pub unmatched: Vec<String>,
}

/// Lists the files. `data` is the absolute path or URL that relative globs start from.
pub async fn discover(stores: &Stores, data: &str, globs: &[String]) -> Result<Found> {
    let mut found = Found::default();
    let mut files: Vec<(Object, SourceFile)> = Vec::new();
    for glob in globs {
        let place = Place::of(data, glob);
        let of_glob = place.files(stores).await?;
        if of_glob.is_empty() {
            found.unmatched.push(glob.clone());
        }
        for file in of_glob {
            files.push((Object::of(stores, &file)?, file));
        }
    }
    // Of several names, the shortest is the one relative to data.
    files.sort_by(|(a, file_a), (b, file_b)| {
        let names = || file_a.path.len().cmp(&file_b.path.len());
        a.cmp(b).then_with(names)
    });
    files.dedup_by(|(a, _), (b, _)| a == b);
    found.files = files.into_iter().map(|(_, file)| file).collect();
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// What a file is, whatever a glob calls it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Object {
    /// Address of its store, of which there is one a bucket
    store: usize,
    path: Path,
}

impl Object {
    fn of(stores: &Stores, file: &SourceFile) -> Result<Self> {
        let (store, path) = stores.resolve(&file.location)?;
        let store = Arc::as_ptr(&store).cast::<()>().addr();
        Ok(Self { store, path })
    }
}

/// Where a glob looks.
struct Place<'a> {
    glob: &'a str,
    /// The glob's folders up to the first wildcard, as a location
    folder: String,
    /// The rest of the glob, relative to `folder`
    rest: &'a str,
    /// What the names of its files leave out
    base: Option<&'a str>,
}

const WILDCARDS: [char; 3] = ['*', '?', '['];

impl<'a> Place<'a> {
    fn of(data: &'a str, glob: &'a str) -> Self {
        let data = data.trim_end_matches('/');
        let absolute = glob.starts_with('/') || glob.contains("://");
        let pattern = glob.trim_start_matches("./");
        let literal = &pattern[..pattern.find(WILDCARDS).unwrap_or(pattern.len())];
        let (folder, rest) = match literal.rfind('/') {
            Some(at) => (&pattern[..at], &pattern[at + 1..]),
            None => ("", pattern),
        };
        let folder = match (absolute, folder) {
            (true, folder) => folder.to_owned(),
            (false, "") => data.to_owned(),
            (false, folder) => format!("{data}/{folder}"),
        };
        Self {
            glob,
            folder,
            rest,
            base: (!absolute).then_some(data),
        }
    }

    async fn files(&self, stores: &Stores) -> Result<Vec<SourceFile>> {
        let folder = if self.folder.is_empty() {
            "/"
        } else {
            &self.folder
        };
        let (store, prefix) = stores.resolve(folder)?;
        let objects: Vec<ObjectMeta> = if self.rest.contains(WILDCARDS) {
            let pattern = self.pattern()?;
            let matches = |object: &ObjectMeta| {
                below(&object.location, &prefix)
                    .is_some_and(|path| pattern.matches_with(&path, OPTIONS))
            };
            let listed = match self.rest.contains('/') || self.rest.contains("**") {
                true => {
                    let all = store.list(Some(&prefix));
                    all.try_filter(|object| std::future::ready(matches(object)))
                        .try_collect()
                        .await
                }
                // nothing in the folders below can match
                false => store
                    .list_with_delimiter(Some(&prefix))
                    .await
                    .map(|listed| {
                        let mut objects = listed.objects;
                        objects.retain(matches);
                        objects
                    }),
            };
            listed.map_err(|error| self.unreachable(error))?
        } else {
            match store.head(&prefix.clone().join(self.rest)).await {
                Ok(object) => vec![object],
                Err(object_store::Error::NotFound { .. }) => Vec::new(),
                Err(error) => return Err(self.unreachable(error)),
            }
        };
        objects
            .into_iter()
            .map(|object| self.file(stores, folder, &prefix, object))
            .collect()
    }

    fn pattern(&self) -> Result<Pattern> {
        Pattern::new(self.rest).map_err(|error| {
            Error::invalid(format!("files entry {} is no glob: {error}", self.glob))
        })
    }

    fn file(
        &self,
        stores: &Stores,
        folder: &str,
        prefix: &Path,
        object: ObjectMeta,
    ) -> Result<SourceFile> {
        let below_folder = below(&object.location, prefix).unwrap_or_default();
        let location = format!("{}/{below_folder}", folder.trim_end_matches('/'));
        let path = match self.base {
            Some(base) => {
                let (_, base) = stores.resolve(if base.is_empty() { "/" } else { base })?;
                below(&object.location, &base).unwrap_or_else(|| location.clone())
            }
            None => location.clone(),
        };
        Ok(SourceFile {
            path,
            location,
            size: object.size,
            etag: object.e_tag,
            modified_at: Timestamp::from_millisecond(object.last_modified.timestamp_millis())
                .unwrap_or(Timestamp::UNIX_EPOCH),
        })
    }

    fn unreachable(&self, error: object_store::Error) -> Error {
        if error.to_string().contains("NoSuchBucket") {
            let message = format!(
                "files {} are in a bucket that does not exist: {}",
                self.glob, self.folder
            );
            return Error::invalid(message)
                .with_hint("create the bucket, or correct data in c360.yaml");
        }
        unavailable(
            format!("files {} cannot be listed in {}", self.glob, self.folder),
            error,
        )
    }
}

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The path relative to a folder; none when it is not below it.
fn below(path: &Path, folder: &Path) -> Option<String> {
    let parts: Vec<_> = path.prefix_match(folder)?.collect();
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(names: &[&str], globs: &[&str], expected: &[&str], unmatched: &[&str]) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, "x").expect("a file");
        }
        let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        let data = folder.path().display().to_string();
        let found = discover(&Stores::new(None), &data, &globs)
            .await
            .expect("listed");
        let paths: Vec<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, expected, "of {globs:?}");
        assert_eq!(found.unmatched, unmatched, "of {globs:?}");
        for file in &found.files {
            assert!(
                std::path::Path::new(&file.location).exists(),
                "{} is where it says",
                file.path
            );
        }
    }

    #[tokio::test]
    async fn globs_match_within_a_folder_and_below() {
        let names = [
            "a.csv",
            "b.csv",
            "b.txt",
            "d/c.csv",
            "d/e/f.csv",
            ".hidden.csv",
        ];
        check(&names, &["*.csv"], &["a.csv", "b.csv"], &[]).await;
        check(&names, &["./a.csv"], &["a.csv"], &[]).await;
        check(&names, &["d/*.csv"], &["d/c.csv"], &[]).await;
        check(
            &names,
            &["**/*.csv"],
            &["a.csv", "b.csv", "d/c.csv", "d/e/f.csv"],
            &[],
        )
        .await;
        check(&names, &["d/?/[f]*"], &["d/e/f.csv"], &[]).await;
    }

    #[tokio::test]
    async fn a_file_named_twice_is_found_once() {
        check(&["a.csv"], &["a.csv", "*.csv"], &["a.csv"], &[]).await;
    }

    #[tokio::test]
    async fn a_file_named_by_where_it_is_and_by_data_is_found_once() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.csv"), "x").expect("a file");
        let data = folder.path().display().to_string();
        for globs in [
            [format!("{data}/a.csv"), "*.csv".to_owned()],
            ["./a.csv".to_owned(), format!("file://{data}/*.csv")],
        ] {
            let found = discover(&Stores::new(None), &data, &globs).await;
            let files = found.expect("listed").files;
            let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
            assert_eq!(paths, ["a.csv"], "of {globs:?}");
        }
    }

    #[tokio::test]
    async fn globs_without_a_match_are_named() {
        check(
            &["a.csv"],
            &["a.csv", "b.csv", "none/*.csv"],
            &["a.csv"],
            &["b.csv", "none/*.csv"],
        )
        .await;
    }

    #[test]
    fn a_glob_says_where_to_look() {
        let check = |data: &str, glob: &str, folder: &str, rest: &str| {
            let place = Place::of(data, glob);
            assert_eq!(
                (place.folder.as_str(), place.rest),
                (folder, rest),
                "of {glob}"
            );
        };
        check("s3://b/in/", "x/y-*.csv", "s3://b/in/x", "y-*.csv");
        check("s3://b", "s3://c/d/e*/f.csv", "s3://c/d", "e*/f.csv");
        check("/data", "/other/f.csv", "/other", "f.csv");
        check("/data", "f.csv", "/data", "f.csv");
    }
}
