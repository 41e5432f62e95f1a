//! Position deletes: which rows of which data file are gone. Reads the Parquet delete files that
//! c360, Spark, Trino and PyIceberg write, each once, and answers per data file. Equality deletes
//! and deletion vectors are refused where the file set is loaded, not here.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, Schema};
use futures::{StreamExt, TryStreamExt, stream};
use iceberg::metadata_columns::{
    RESERVED_COL_NAME_DELETE_FILE_PATH, RESERVED_COL_NAME_DELETE_FILE_POS,
    RESERVED_FIELD_ID_DELETE_FILE_PATH, RESERVED_FIELD_ID_DELETE_FILE_POS,
};
use iceberg::spec::{DataFile, ManifestEntryRef};
use parquet::arrow::async_reader::{ParquetObjectReader, ParquetRecordBatchStreamBuilder};
use parquet::arrow::{PARQUET_FIELD_ID_META_KEY, ProjectionMask};

use crate::cache::Cache;
use crate::error::{Error, Result};
use crate::fileset::DeleteFile;
use crate::stores::Stores;

/// Row numbers in one data file: sorted, each once.
pub(crate) type Positions = Arc<Vec<u64>>;

/// What a delete file holds: the positions by the path of the data file.
type Deleted = HashMap<String, Positions>;

const CACHE_BYTES: usize = 64 << 20;
const READS_AT_ONCE: usize = 16;

static CACHE: LazyLock<Cache<Deleted>> = LazyLock::new(|| Cache::new(CACHE_BYTES));

/// All position deletes of a snapshot, each with the sequence number that it was committed at.
pub(crate) struct Deletes {
    by_data_file: HashMap<String, Vec<(i64, Positions)>>,
}

impl Deletes {
    /// Reads the delete files, several at once; tells which data files each of them names.
    pub(crate) async fn load(
        stores: &Stores,
        entries: &[ManifestEntryRef],
    ) -> Result<(Self, Vec<DeleteFile>)> {
        let reads = entries.iter();
        let reads: Vec<_> = reads
            .map(|entry| load_file(stores, entry.data_file()))
            .collect();
        let files: Vec<Arc<Deleted>> = stream::iter(reads)
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await?;
        let mut by_data_file: HashMap<String, Vec<(i64, Positions)>> = HashMap::new();
        let mut delete_files = Vec::with_capacity(files.len());
        for (entry, file) in entries.iter().zip(files) {
            let sequence = entry.sequence_number().unwrap_or_default();
            for (path, positions) in file.iter() {
                let known = by_data_file.entry(path.clone()).or_default();
                known.push((sequence, Arc::clone(positions)));
            }
            delete_files.push(DeleteFile {
                entry: Arc::clone(entry),
                names: file.keys().cloned().collect(),
            });
        }
        Ok((Self { by_data_file }, delete_files))
    }

    /// The rows deleted from `data`: a delete reaches the files of its own commit and older ones.
    pub(crate) fn of(&self, data: &ManifestEntryRef) -> Option<Positions> {
        let sequence = data.sequence_number().unwrap_or_default();
        let found = self.by_data_file.get(data.file_path())?;
        let mut reaching = found
            .iter()
            .filter(|(deleted_at, _)| *deleted_at >= sequence)
            .map(|(_, positions)| positions);
        let first = reaching.next()?;
        let rest: Vec<&Positions> = reaching.collect();
        let merged = merge(first, &rest);
        let rows = data.record_count();
        let inside = merged.partition_point(|position| *position < rows);
        if inside == 0 {
            return None;
        }
        if inside == merged.len() {
            return Some(merged);
        }
        Some(Arc::new(merged[..inside].to_vec()))
    }
}

fn merge(first: &Positions, rest: &[&Positions]) -> Positions {
    if rest.is_empty() {
        return Arc::clone(first);
    }
    let mut all = first.to_vec();
    for positions in rest {
        all.extend_from_slice(positions);
    }
    all.sort_unstable();
    all.dedup();
    Arc::new(all)
}

async fn load_file(stores: &Stores, file: &DataFile) -> Result<Arc<Deleted>> {
    let path = file.file_path();
    if let Some(known) = CACHE.get(path) {
        return Ok(known);
    }
    let loaded = read_file(stores, file)
        .await
        .map_err(|error| error.context(format!("delete file `{path}` cannot be read")))?;
    let bytes = loaded
        .iter()
        .map(|(path, positions)| path.len() + 8 * positions.len() + 64)
        .sum();
    let loaded = Arc::new(loaded);
    CACHE.put(path, Arc::clone(&loaded), bytes);
    Ok(loaded)
}

async fn read_file(stores: &Stores, file: &DataFile) -> Result<Deleted> {
    let (store, location) = stores.resolve(file.file_path())?;
    let reader =
        ParquetObjectReader::new(store, location).with_file_size(file.file_size_in_bytes());
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
    let path_column = find(
        builder.schema(),
        RESERVED_FIELD_ID_DELETE_FILE_PATH,
        RESERVED_COL_NAME_DELETE_FILE_PATH,
    )?;
    let position_column = find(
        builder.schema(),
        RESERVED_FIELD_ID_DELETE_FILE_POS,
        RESERVED_COL_NAME_DELETE_FILE_POS,
    )?;
    let wanted = ProjectionMask::roots(builder.parquet_schema(), [path_column, position_column]);
    let mut batches = builder.with_projection(wanted).build()?;
    let paths_first = path_column < position_column;
    let mut found: HashMap<String, Vec<u64>> = HashMap::new();
    while let Some(batch) = batches.try_next().await? {
        collect(&batch, paths_first, &mut found)?;
    }
    let sorted = found.into_iter().map(|(path, mut positions)| {
        positions.sort_unstable();
        positions.dedup();
        (path, Arc::new(positions))
    });
    Ok(sorted.collect())
}

/// The column with the reserved field id, or by name where a writer left the ids out.
fn find(schema: &Schema, id: i32, name: &str) -> Result<usize> {
    let id = id.to_string();
    let with_id = |field: &arrow::datatypes::FieldRef| {
        field.metadata().get(PARQUET_FIELD_ID_META_KEY) == Some(&id)
    };
    let fields = schema.fields();
    fields
        .iter()
        .position(with_id)
        .or_else(|| fields.iter().position(|field| field.name() == name))
        .ok_or_else(|| Error::data(format!("a position-delete file without column `{name}`")))
}

/// Adds a batch's rows. Delete files are sorted by path, so a path is looked up once a run.
fn collect(
    batch: &RecordBatch,
    paths_first: bool,
    found: &mut HashMap<String, Vec<u64>>,
) -> Result<()> {
    let (paths, positions) = if paths_first { (0, 1) } else { (1, 0) };
    let paths = cast(batch.column(paths), &DataType::Utf8)?;
    let paths = paths.as_string::<i32>();
    let positions = cast(batch.column(positions), &DataType::Int64)?;
    let positions = positions.as_primitive::<Int64Type>();
    if paths.null_count() + positions.null_count() > 0 {
        return Err(Error::data("a position delete without a path or position"));
    }
    let mut row = 0;
    while row < batch.num_rows() {
        let path = paths.value(row);
        if !found.contains_key(path) {
            found.insert(path.to_owned(), Vec::new());
        }
        let Some(known) = found.get_mut(path) else {
            continue;
        };
        while row < batch.num_rows() && paths.value(row) == path {
            let position = u64::try_from(positions.value(row));
            known.push(position.map_err(|_| Error::data("a position delete below zero"))?);
            row += 1;
        }
    }
    Ok(())
}
