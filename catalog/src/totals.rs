//! The counters of a snapshot's summary that Iceberg's tools show: files, records and bytes added
//! and removed by the snapshot, and the totals after it.

use std::collections::HashMap;

use iceberg::spec::{DataContentType, DataFile, ManifestEntryRef};

use crate::commit::Change;

type Properties = HashMap<String, String>;

/// Files of one kind: how many, their records, their bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    files: u64,
    records: u64,
    bytes: u64,
}

impl Count {
    fn of<'a>(files: impl IntoIterator<Item = &'a DataFile>) -> Self {
        let mut count = Self::default();
        for file in files {
            count.files += 1;
            count.records += file.record_count();
            count.bytes += file.file_size_in_bytes();
        }
        count
    }
}

/// The counters of a snapshot that makes `change` to one with the summary `before`.
pub(crate) fn properties(
    before: Option<&Properties>,
    change: &Change,
    removed: &[ManifestEntryRef],
) -> Properties {
    let removed_of = |wanted: DataContentType| {
        let files = removed.iter().map(|entry| entry.data_file());
        Count::of(files.filter(|file| file.content_type() == wanted))
    };
    let data = (Count::of(&change.added), removed_of(DataContentType::Data));
    let deletes = (
        Count::of(&change.added_deletes),
        removed_of(DataContentType::PositionDeletes),
    );
    let bytes = (
        data.0.bytes + deletes.0.bytes,
        data.1.bytes + deletes.1.bytes,
    );
    let mut properties = Properties::new();
    let mut set = |name: &str, value: u64| {
        if value > 0 {
            properties.insert(name.to_owned(), value.to_string());
        }
    };
    set("added-data-files", data.0.files);
    set("added-records", data.0.records);
    set("added-files-size", bytes.0);
    set("added-delete-files", deletes.0.files);
    set("added-position-delete-files", deletes.0.files);
    set("added-position-deletes", deletes.0.records);
    set("deleted-data-files", data.1.files);
    set("deleted-records", data.1.records);
    set("removed-files-size", bytes.1);
    set("removed-delete-files", deletes.1.files);
    set("removed-position-delete-files", deletes.1.files);
    set("removed-position-deletes", deletes.1.records);
    let touched = data.0.files + data.1.files + deletes.0.files + deletes.1.files;
    set("changed-partition-count", touched.min(1));

    let mut total = |name: &str, added: u64, removed: u64| {
        let before = before.and_then(|before| before.get(name)?.parse::<u64>().ok());
        let after = (before.unwrap_or(0) + added).saturating_sub(removed);
        properties.insert(name.to_owned(), after.to_string());
    };
    total("total-records", data.0.records, data.1.records);
    total("total-data-files", data.0.files, data.1.files);
    total("total-delete-files", deletes.0.files, deletes.1.files);
    total(
        "total-position-deletes",
        deletes.0.records,
        deletes.1.records,
    );
    total("total-equality-deletes", 0, 0);
    total("total-files-size", bytes.0, bytes.1);
    properties
}
