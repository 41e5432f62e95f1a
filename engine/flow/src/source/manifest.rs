//! Which files a table has taken in: a JSON object beside the table, cumulative, never changed once
//! written. The table's newest snapshot names it in `c360.inputs`, so that the rows and the list of
//! files that they came from become visible together or not at all.

use std::collections::BTreeMap;

use c360_catalog::{Stores, Table};
use object_store::ObjectStoreExt;
use serde::{Deserialize, Serialize};

use super::discover::SourceFile;
use super::read::Fingerprint;
use super::unavailable;
use crate::error::{Error, Result};

/// A file that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub path: String,
    /// Bytes
    pub size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// XXH3-128 in hexadecimal
    pub checksum: String,
    /// Records read, rejected ones included
    pub rows: u64,
    pub rejected: u64,
    /// Another version of the file was taken in before, of which rows may remain
    #[serde(default)]
    pub has_forerunner: bool,
}

/// The files that a table has taken in, by path; of a file that changed, the newest version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    entries: BTreeMap<String, Entry>,
}

/// What the manifest says about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Taken in as it is
    Known,
    /// Size and path are known, the store's tag is not: the checksum decides
    Touched,
    /// Never taken in under this path
    New,
    /// Another version was taken in
    Changed,
}

/// What `c360.inputs` of a source's tables holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Location of the manifest
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Fingerprint of how the files were read
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    files: Vec<Entry>,
}

impl Cursor {
    /// The cursor of the table's newest snapshot; an empty one where there is no snapshot.
    ///
    /// Fails with *data* where the newest snapshot is not ours: which files its rows came from is not on record, and
    /// to take all files in again would double rows.
    pub fn of(table: Option<&Table>) -> Result<Self> {
        let Some(table) = table.filter(|table| table.snapshot_id().is_some()) else {
            return Ok(Self::default());
        };
        let inputs = table.summary("c360.inputs");
        let cursor = inputs.and_then(|text| serde_json::from_str(text).ok());
        cursor.ok_or_else(|| {
            let message = format!(
                "the newest snapshot of {} was written by something else than c360",
                table.name()
            );
            Error::data(message).with_hint(
                "roll the table back to its last snapshot with c360.inputs, or drop it to read all files anew",
            )
        })
    }

    /// The text for `c360.inputs`.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("strings are always JSON")
    }
}

impl Manifest {
    /// The manifest that the cursor names.
    pub async fn load(stores: &Stores, cursor: &Cursor) -> Result<Self> {
        let Some(location) = &cursor.manifest else {
            return Ok(Self::default());
        };
        let (store, path) = stores.resolve(location)?;
        let bytes = match store.get(&path).await {
            Ok(found) => found.bytes().await,
            Err(error) => Err(error),
        };
        let bytes = bytes.map_err(|error| {
            unavailable(
                format!("list of ingested files {location} cannot be read"),
                error,
            )
        })?;
        let document: Document = serde_json::from_slice(&bytes).map_err(|error| {
            Error::data(format!(
                "list of ingested files {location} is damaged: {error}"
            ))
        })?;
        let entries = document
            .files
            .into_iter()
            .map(|entry| (entry.path.clone(), entry));
        Ok(Self {
            entries: entries.collect(),
        })
    }

    /// A new place for a manifest beside the table.
    pub fn location(table: &Table) -> Result<String> {
        let metadata = table.metadata_location();
        let folder = metadata.rsplit_once('/').map(|(folder, _)| folder);
        let folder = folder.ok_or_else(|| {
            Error::internal(format!("table {} has no folder: {metadata}", table.name()))
        })?;
        Ok(format!("{folder}/ingested-{}.json", uuid::Uuid::now_v7()))
    }

    /// Writes the manifest where the cursor says.
    pub async fn save(&self, stores: &Stores, cursor: &Cursor) -> Result<()> {
        let Some(location) = &cursor.manifest else {
            return Ok(());
        };
        let document = Document {
            files: self.entries.values().cloned().collect(),
        };
        let text = serde_json::to_vec(&document).expect("entries are always JSON");
        let (store, path) = stores.resolve(location)?;
        let written = store.put(&path, text.into()).await;
        written.map(|_| ()).map_err(|error| {
            unavailable(
                format!("list of ingested files {location} cannot be written"),
                error,
            )
        })
    }

    pub fn add(&mut self, mut entry: Entry) {
        if let Some(before) = self.entries.get(&entry.path) {
            entry.has_forerunner = before.has_forerunner || before.checksum != entry.checksum;
        }
        self.entries.insert(entry.path.clone(), entry);
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The files that were taken in, sorted by path.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Paths of the files that were taken in, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// What is known of a file, as far as its listing tells.
    pub fn standing(&self, file: &SourceFile) -> Standing {
        match self.entries.get(&file.path) {
            None => Standing::New,
            Some(entry) if entry.size != file.size => Standing::Changed,
            Some(entry) if entry.etag == file.etag && file.etag.is_some() => Standing::Known,
            Some(_) => Standing::Touched,
        }
    }

    /// Whether a touched file has the content that was taken in; remembers its new tag if so.
    pub fn settle(&mut self, file: &SourceFile, found: &Fingerprint) -> bool {
        let Some(entry) = self.entries.get_mut(&file.path) else {
            return false;
        };
        let same = entry.size == found.size && entry.checksum == found.checksum;
        if same {
            entry.etag.clone_from(&file.etag);
        }
        same
    }

    /// Whether rows of the version that was taken in were rejected.
    pub fn has_rejects(&self, path: &str) -> bool {
        self.entries
            .get(path)
            .is_some_and(|entry| entry.rejected > 0)
    }

    /// Whether exactly this content was taken in under this path.
    pub fn holds(&self, path: &str, found: &Fingerprint) -> bool {
        let entry = self.entries.get(path);
        entry.is_some_and(|entry| entry.size == found.size && entry.checksum == found.checksum)
    }
}

impl Entry {
    /// The entry of a file of which so much was read.
    pub fn new(file: &SourceFile, read: Fingerprint, rows: u64, rejected: u64) -> Self {
        let SourceFile { path, etag, .. } = file.clone();
        Self {
            path,
            size: read.size,
            etag,
            checksum: read.checksum,
            rows,
            rejected,
            has_forerunner: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(size: u64, etag: Option<&str>) -> SourceFile {
        let etag = etag.map(str::to_owned);
        SourceFile {
            path: "a.csv".into(),
            location: "/data/a.csv".into(),
            size,
            etag,
            modified_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn read(checksum: &str) -> Fingerprint {
        Fingerprint {
            size: 10,
            checksum: checksum.into(),
        }
    }

    fn manifest() -> Manifest {
        let mut manifest = Manifest::default();
        manifest.add(Entry::new(&file(10, Some("t1")), read("c1"), 3, 1));
        manifest
    }

    #[test]
    fn a_file_is_known_by_path_size_and_tag() {
        assert_eq!(manifest().standing(&file(10, Some("t1"))), Standing::Known);
        assert_eq!(
            manifest().standing(&file(10, Some("t2"))),
            Standing::Touched
        );
        assert_eq!(manifest().standing(&file(10, None)), Standing::Touched);
        assert_eq!(manifest().standing(&file(9, Some("t1"))), Standing::Changed);
        assert_eq!(
            Manifest::default().standing(&file(10, Some("t1"))),
            Standing::New
        );
    }

    #[test]
    fn the_checksum_decides_about_a_touched_file() {
        let mut manifest = manifest();
        assert!(!manifest.settle(&file(10, Some("t2")), &read("c2")));
        assert!(manifest.settle(&file(10, Some("t2")), &read("c1")));
        assert_eq!(manifest.standing(&file(10, Some("t2"))), Standing::Known);
    }

    #[test]
    fn a_cursor_survives_its_text() {
        let cursor = Cursor {
            manifest: Some("/t/metadata/ingested-1.json".into()),
            reading: Some("ab".into()),
        };
        assert_eq!(
            serde_json::from_str::<Cursor>(&cursor.text()).expect("JSON"),
            cursor
        );
        assert_eq!(Cursor::default().text(), "{}");
    }
}
