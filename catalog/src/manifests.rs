//! The manifests of a new snapshot: the base snapshot's, with removed files marked as such and
//! small manifests merged when they became many, and new ones for what the commit adds. Nothing
//! here knows about preconditions or pointers.

use std::collections::HashSet;

use futures::future::try_join_all;
use iceberg::spec::{
    DataContentType, DataFile, ManifestContentType, ManifestEntryRef, ManifestFile,
    ManifestListWriter, ManifestWriter, ManifestWriterBuilder, PartitionSpec,
};
use uuid::Uuid;

use crate::fileset::live_manifests;
use crate::{Error, Result, Table};

/// Manifests above this size are left alone: rewriting them costs more than reading them.
const SMALL_BYTES: i64 = 8 << 20;
const READS_AT_ONCE: usize = 16;

/// Which files of the base snapshot are no longer in the new one.
#[derive(Clone, Debug)]
pub(crate) enum Removed {
    /// These, by location.
    Some {
        data: HashSet<String>,
        deletes: HashSet<String>,
    },
    /// Every data and every delete file.
    All,
}

impl Removed {
    pub(crate) fn nothing() -> Self {
        Self::data_files(HashSet::new())
    }

    pub(crate) fn data_files(data: HashSet<String>) -> Self {
        Self::Some {
            data,
            deletes: HashSet::new(),
        }
    }

    fn holds(&self, entry: &ManifestEntryRef) -> bool {
        match self {
            Removed::All => true,
            Removed::Some { data, deletes } => match entry.content_type() {
                DataContentType::Data => data.contains(entry.file_path()),
                _ => deletes.contains(entry.file_path()),
            },
        }
    }

    fn touches(&self, content: ManifestContentType) -> bool {
        match self {
            Removed::All => true,
            Removed::Some { data, deletes } => match content {
                ManifestContentType::Data => !data.is_empty(),
                ManifestContentType::Deletes => !deletes.is_empty(),
            },
        }
    }
}

/// The manifests of the new snapshot and what they no longer hold.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    pub(crate) files: Vec<ManifestFile>,
    pub(crate) removed: Vec<ManifestEntryRef>,
    pub(crate) bytes: u64,
}

/// Writes manifests for one snapshot on top of `base`.
pub(crate) struct ManifestBuilder<'a> {
    /// The table as it is now, whose snapshot is the parent.
    pub(crate) base: &'a Table,
    pub(crate) snapshot_id: i64,
    /// More small manifests of a kind than this are merged.
    pub(crate) manifests_max: usize,
}

impl ManifestBuilder<'_> {
    /// All manifests of the new snapshot.
    pub(crate) async fn build(
        &self,
        added: &[DataFile],
        added_deletes: &[DataFile],
        removed: &Removed,
    ) -> Result<Manifests> {
        let mut manifests = self.carried_over(removed).await?;
        for (content, files) in [
            (ManifestContentType::Data, added),
            (ManifestContentType::Deletes, added_deletes),
        ] {
            if !files.is_empty() {
                let manifest = self.added(content, files).await?;
                manifests.bytes += manifest.manifest_length.unsigned_abs();
                manifests.files.push(manifest);
            }
        }
        Ok(manifests)
    }

    /// Writes the list of the manifests and returns its location.
    pub(crate) async fn write_list(
        &self,
        manifests: &[ManifestFile],
        sequence_number: i64,
    ) -> Result<String> {
        let name = format!("snap-{}-{}.avro", self.snapshot_id, Uuid::now_v7());
        let location = self.location(&name);
        let output = self.base.file_io().new_output(&location)?;
        let mut list = ManifestListWriter::v2(
            output.writer().await?,
            self.snapshot_id,
            self.base.snapshot_id(),
            sequence_number,
        );
        list.add_manifests(manifests.iter().cloned())?;
        list.close().await?;
        Ok(location)
    }

    async fn carried_over(&self, removed: &Removed) -> Result<Manifests> {
        let mut kept = Manifests::default();
        for manifest in live_manifests(self.base).await? {
            if removed.touches(manifest.content) {
                self.without(manifest, removed, &mut kept).await?;
            } else {
                kept.files.push(manifest);
            }
        }
        for content in [ManifestContentType::Data, ManifestContentType::Deletes] {
            self.merge_small(content, &mut kept).await?;
        }
        Ok(kept)
    }

    /// Keeps a manifest without the removed files; what was removed stays on record in it.
    async fn without(
        &self,
        manifest: ManifestFile,
        removed: &Removed,
        kept: &mut Manifests,
    ) -> Result<()> {
        let (entries, metadata) = manifest
            .load_manifest(self.base.file_io())
            .await?
            .into_parts();
        let (gone, left): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .filter(|entry| entry.is_alive())
            .partition(|entry| removed.holds(entry));
        if gone.is_empty() {
            kept.files.push(manifest);
            return Ok(());
        }
        let mut writer = self.writer(manifest.content, metadata.partition_spec().clone())?;
        for entry in &left {
            add_existing(&mut writer, entry)?;
        }
        for entry in &gone {
            let sequence = entry.sequence_number().unwrap_or_default();
            let file_sequence = entry.file_sequence_number.or(Some(sequence));
            writer.add_delete_file(entry.data_file().clone(), sequence, file_sequence)?;
        }
        let rewritten = writer.write_manifest_file().await?;
        kept.bytes += rewritten.manifest_length.unsigned_abs();
        kept.files.push(rewritten);
        kept.removed.extend(gone);
        Ok(())
    }

    /// Puts the small manifests of a kind into one when there are too many of them.
    async fn merge_small(&self, content: ManifestContentType, kept: &mut Manifests) -> Result<()> {
        let spec = self.base.metadata().default_partition_spec();
        let small = |manifest: &ManifestFile| {
            manifest.content == content
                && manifest.partition_spec_id == spec.spec_id()
                && manifest.manifest_length < SMALL_BYTES
                && manifest.added_snapshot_id != self.snapshot_id
        };
        if kept.files.iter().filter(|manifest| small(manifest)).count() <= self.manifests_max {
            return Ok(());
        }
        let (merging, left) = std::mem::take(&mut kept.files).into_iter().partition(small);
        let merging: Vec<ManifestFile> = merging;
        let mut loaded = Vec::with_capacity(merging.len());
        for some in merging.chunks(READS_AT_ONCE) {
            let reads = some
                .iter()
                .map(|manifest| manifest.load_manifest(self.base.file_io()));
            loaded.extend(try_join_all(reads).await?);
        }
        let mut writer = self.writer(content, spec.as_ref().clone())?;
        for entry in loaded.iter().flat_map(|manifest| manifest.entries()) {
            if entry.is_alive() {
                add_existing(&mut writer, entry)?;
            }
        }
        let merged = writer.write_manifest_file().await?;
        kept.bytes += merged.manifest_length.unsigned_abs();
        kept.files = left;
        kept.files.push(merged);
        Ok(())
    }

    async fn added(
        &self,
        content: ManifestContentType,
        files: &[DataFile],
    ) -> Result<ManifestFile> {
        let spec = self
            .base
            .metadata()
            .default_partition_spec()
            .as_ref()
            .clone();
        let mut writer = self.writer(content, spec)?;
        for file in files {
            writer.add_file(file.clone(), INHERITED)?;
        }
        Ok(writer.write_manifest_file().await?)
    }

    fn writer(&self, content: ManifestContentType, spec: PartitionSpec) -> Result<ManifestWriter> {
        let location = self.location(&format!("{}-m.avro", Uuid::now_v7()));
        let builder = ManifestWriterBuilder::new(
            self.base.file_io().new_output(&location)?,
            Some(self.snapshot_id),
            self.base.metadata().current_schema().clone(),
            spec,
        );
        Ok(match content {
            ManifestContentType::Data => builder.build_v2_data(),
            ManifestContentType::Deletes => builder.build_v2_deletes(),
        })
    }

    fn location(&self, name: &str) -> String {
        format!("{}/metadata/{name}", self.base.metadata().location())
    }
}

/// A sequence number below zero: the file takes the one of the snapshot that adds it.
const INHERITED: i64 = -1;

fn add_existing(writer: &mut ManifestWriter, entry: &ManifestEntryRef) -> Result<()> {
    let sequence = entry.sequence_number().unwrap_or_default();
    let snapshot_id = entry.snapshot_id().ok_or_else(|| {
        Error::data(format!(
            "`{}` is listed without its snapshot",
            entry.file_path()
        ))
    })?;
    let file_sequence = entry.file_sequence_number.or(Some(sequence));
    writer.add_existing_file(
        entry.data_file().clone(),
        snapshot_id,
        sequence,
        file_sequence,
    )?;
    Ok(())
}
