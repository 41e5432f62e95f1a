//! Writes position-delete files: Parquet with the data file's location and the row number, sorted
//! by both, as every Iceberg reader understands them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use iceberg::metadata_columns::{
    RESERVED_COL_NAME_DELETE_FILE_PATH, RESERVED_COL_NAME_DELETE_FILE_POS,
    RESERVED_FIELD_ID_DELETE_FILE_PATH, RESERVED_FIELD_ID_DELETE_FILE_POS,
};
use iceberg::spec::{DataContentType, DataFile, DataFileBuilder, DataFileFormat, Datum};
use object_store::ObjectStoreExt;
use parquet::arrow::{ArrowWriter, PARQUET_FIELD_ID_META_KEY};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use uuid::Uuid;

use crate::data_writer::compression;
use crate::fileset::LiveFile;
use crate::{Error, Result, Table};

const BATCH_ROWS: usize = 64 << 10;

/// Writes one delete file for the rows that the files lose; `None` when they lose none. Positions
/// ascend within each file.
pub(crate) async fn write_deletes(
    table: &Table,
    lost: &[(&LiveFile, &[u64])],
) -> Result<Option<DataFile>> {
    let mut lost: Vec<(&str, &[u64])> = lost
        .iter()
        .filter(|(_, positions)| !positions.is_empty())
        .map(|(file, positions)| (file.path(), *positions))
        .collect();
    lost.sort_unstable_by_key(|(path, _)| *path);
    if lost.is_empty() {
        return Ok(None);
    }
    let (bytes, footer) = encode(&lost)?;
    let location = format!(
        "{}/data/{}-deletes.parquet",
        table.metadata().location(),
        Uuid::now_v7()
    );
    let described = describe(&location, bytes.len() as u64, &footer, &lost)?;
    let (store, path) = table.stores().resolve(&location)?;
    let put = store.put(&path, bytes.into()).await;
    put.map_err(|e| Error::store(&location, e))?;
    Ok(Some(described))
}

fn schema() -> SchemaRef {
    let field = |name, id: i32, data_type| {
        let id = HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_owned(), id.to_string())]);
        Field::new(name, data_type, false).with_metadata(id)
    };
    Arc::new(Schema::new(vec![
        field(
            RESERVED_COL_NAME_DELETE_FILE_PATH,
            RESERVED_FIELD_ID_DELETE_FILE_PATH,
            DataType::Utf8,
        ),
        field(
            RESERVED_COL_NAME_DELETE_FILE_POS,
            RESERVED_FIELD_ID_DELETE_FILE_POS,
            DataType::Int64,
        ),
    ]))
}

fn encode(lost: &[(&str, &[u64])]) -> Result<(Vec<u8>, ParquetMetaData)> {
    let bytes = lost.iter().map(|(_, positions)| size_of_val(*positions));
    let properties = WriterProperties::builder()
        .set_created_by(concat!("c360 ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(compression(bytes.sum()))
        .set_column_dictionary_enabled(RESERVED_COL_NAME_DELETE_FILE_POS.into(), false)
        .set_statistics_truncate_length(None)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema(), Some(properties))?;
    for (path, positions) in lost {
        for positions in positions.chunks(BATCH_ROWS) {
            let paths = StringArray::from_iter_values(positions.iter().map(|_| path));
            let positions = Int64Array::from_iter_values(positions.iter().map(|p| *p as i64));
            let columns: Vec<ArrayRef> = vec![Arc::new(paths), Arc::new(positions)];
            writer.write(&RecordBatch::try_new(schema(), columns)?)?;
        }
    }
    let footer = writer.close()?;
    Ok((bytes, footer))
}

/// The bounds on the path are exact, for readers decide by them which data files a delete file
/// concerns.
fn describe(
    location: &str,
    size_bytes: u64,
    footer: &ParquetMetaData,
    lost: &[(&str, &[u64])],
) -> Result<DataFile> {
    let rows: u64 = lost
        .iter()
        .map(|(_, positions)| positions.len() as u64)
        .sum();
    let (path, pos) = (
        RESERVED_FIELD_ID_DELETE_FILE_PATH,
        RESERVED_FIELD_ID_DELETE_FILE_POS,
    );
    let firsts = lost.iter().filter_map(|(_, positions)| positions.first());
    let lasts = lost.iter().filter_map(|(_, positions)| positions.last());
    let low = [
        (path, Datum::string(lost[0].0)),
        (pos, Datum::long(firsts.min().map_or(0, |p| *p as i64))),
    ];
    let high = [
        (path, Datum::string(lost[lost.len() - 1].0)),
        (pos, Datum::long(lasts.max().map_or(0, |p| *p as i64))),
    ];
    let chunk_bytes = |column: usize| -> u64 {
        let groups = footer.row_groups().iter();
        groups
            .map(|group| group.column(column).compressed_size().unsigned_abs())
            .sum()
    };
    let only = (lost.len() == 1).then(|| lost[0].0.to_owned());
    let split_offsets = footer
        .row_groups()
        .iter()
        .filter_map(|group| group.file_offset());
    DataFileBuilder::default()
        .content(DataContentType::PositionDeletes)
        .file_path(location.to_owned())
        .file_format(DataFileFormat::Parquet)
        .record_count(rows)
        .file_size_in_bytes(size_bytes)
        .column_sizes(HashMap::from([
            (path, chunk_bytes(0)),
            (pos, chunk_bytes(1)),
        ]))
        .value_counts(HashMap::from([(path, rows), (pos, rows)]))
        .null_value_counts(HashMap::from([(path, 0), (pos, 0)]))
        .lower_bounds(HashMap::from(low))
        .upper_bounds(HashMap::from(high))
        .split_offsets(Some(split_offsets.collect()))
        .referenced_data_file(only)
        .build()
        .map_err(|e| {
            Error::internal(format!("delete file `{location}` cannot be described")).caused_by(e)
        })
}
