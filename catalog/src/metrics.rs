//! What a manifest says about a data file: sizes, counts and bounds per column, taken from the
//! Parquet footer. Bounds may be wider than the values (long texts are cut), never narrower.

use std::collections::HashMap;

use iceberg::spec::{
    DataContentType, DataFile, DataFileBuilder, DataFileFormat, Datum, PrimitiveType, Schema, Type,
};
use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;

use crate::{Error, Result};

/// The manifest's description of a Parquet data file of `size_bytes` at `location`.
pub(crate) fn data_file(
    location: &str,
    size_bytes: u64,
    footer: &ParquetMetaData,
    schema: &Schema,
) -> Result<DataFile> {
    let mut columns = ColumnMetrics::default();
    for column in 0..footer.file_metadata().schema_descr().num_columns() {
        columns.add(column, footer, schema);
    }
    let split_offsets = footer
        .row_groups()
        .iter()
        .filter_map(|group| group.file_offset());
    DataFileBuilder::default()
        .content(DataContentType::Data)
        .file_path(location.to_owned())
        .file_format(DataFileFormat::Parquet)
        .record_count(footer.file_metadata().num_rows().unsigned_abs())
        .file_size_in_bytes(size_bytes)
        .column_sizes(columns.sizes)
        .value_counts(columns.values)
        .null_value_counts(columns.nulls)
        .lower_bounds(columns.lower)
        .upper_bounds(columns.upper)
        .split_offsets(Some(split_offsets.collect()))
        .build()
        .map_err(|e| {
            Error::internal(format!("data file `{location}` cannot be described")).caused_by(e)
        })
}

/// Least and greatest value of one column in one row group, where the footer says so.
pub(crate) fn chunk_bounds(
    footer: &ParquetMetaData,
    row_group: usize,
    field_id: i32,
    data_type: &PrimitiveType,
) -> Option<(Datum, Datum)> {
    let column = column_of(footer, field_id)?;
    let chunk = footer.row_group(row_group).column(column);
    let bounds = bounds(chunk.statistics()?, data_type)?;
    Some(bounds)
}

/// Whether a column has no value in one row group, where the footer says so.
pub(crate) fn is_all_null(footer: &ParquetMetaData, row_group: usize, field_id: i32) -> bool {
    let column = column_of(footer, field_id);
    let chunk = column.map(|column| footer.row_group(row_group).column(column));
    chunk.is_some_and(has_nulls_only)
}

/// The file's column with that field id.
pub(crate) fn column_of(footer: &ParquetMetaData, field_id: i32) -> Option<usize> {
    let columns = footer.file_metadata().schema_descr().num_columns();
    (0..columns).find(|&column| id_of(footer, column) == Some(field_id))
}

#[derive(Default)]
struct ColumnMetrics {
    sizes: HashMap<i32, u64>,
    values: HashMap<i32, u64>,
    nulls: HashMap<i32, u64>,
    lower: HashMap<i32, Datum>,
    upper: HashMap<i32, Datum>,
}

impl ColumnMetrics {
    fn add(&mut self, column: usize, footer: &ParquetMetaData, schema: &Schema) {
        let Some(id) = id_of(footer, column) else {
            return;
        };
        let chunks: Vec<_> = footer
            .row_groups()
            .iter()
            .map(|group| group.column(column))
            .collect();
        let size = chunks
            .iter()
            .map(|chunk| chunk.compressed_size().unsigned_abs())
            .sum();
        self.sizes.insert(id, size);
        if footer
            .file_metadata()
            .schema_descr()
            .column(column)
            .max_rep_level()
            > 0
        {
            return;
        }
        let values = chunks
            .iter()
            .map(|chunk| chunk.num_values().unsigned_abs())
            .sum();
        self.values.insert(id, values);
        let nulls: Option<u64> = chunks.iter().map(|chunk| null_count(chunk)).sum();
        if let Some(nulls) = nulls {
            self.nulls.insert(id, nulls);
        }
        let Some(Type::Primitive(data_type)) = schema
            .field_by_id(id)
            .map(|field| field.field_type.as_ref())
        else {
            return;
        };
        if let Some((lower, upper)) = file_bounds(&chunks, data_type) {
            self.lower.insert(id, lower);
            self.upper.insert(id, upper);
        }
    }
}

fn id_of(footer: &ParquetMetaData, column: usize) -> Option<i32> {
    let descriptor = footer.file_metadata().schema_descr().column(column);
    let info = descriptor.self_type().get_basic_info();
    info.has_id().then(|| info.id())
}

fn has_nulls_only(chunk: &ColumnChunkMetaData) -> bool {
    null_count(chunk) == Some(chunk.num_values().unsigned_abs())
}

fn null_count(chunk: &ColumnChunkMetaData) -> Option<u64> {
    chunk.statistics()?.null_count_opt()
}

/// The bounds over all row groups; `None` as soon as one that holds a value has none.
fn file_bounds(
    chunks: &[&ColumnChunkMetaData],
    data_type: &PrimitiveType,
) -> Option<(Datum, Datum)> {
    let mut found: Option<(Datum, Datum)> = None;
    for chunk in chunks {
        if has_nulls_only(chunk) {
            continue;
        }
        let (lower, upper) = bounds(chunk.statistics()?, data_type)?;
        found = Some(match found {
            None => (lower, upper),
            Some((low, high)) => (
                if lower < low { lower } else { low },
                if upper > high { upper } else { high },
            ),
        });
    }
    found
}

fn bounds(statistics: &Statistics, data_type: &PrimitiveType) -> Option<(Datum, Datum)> {
    let physical = statistics.physical_type();
    let lower = datum(statistics.min_bytes_opt()?, physical, data_type)?;
    let upper = datum(statistics.max_bytes_opt()?, physical, data_type)?;
    (!lower.is_nan() && !upper.is_nan()).then_some((lower, upper))
}

/// A statistic as a value of the column. Parquet stores decimals in integers little-endian,
/// Iceberg all of them big-endian; everything else has the same bytes.
fn datum(bytes: &[u8], physical: PhysicalType, data_type: &PrimitiveType) -> Option<Datum> {
    let of_integer = matches!(physical, PhysicalType::INT32 | PhysicalType::INT64);
    if matches!(data_type, PrimitiveType::Decimal { .. }) && of_integer {
        let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
        return Datum::try_from_bytes(&reversed, data_type.clone()).ok();
    }
    Datum::try_from_bytes(bytes, data_type.clone()).ok()
}
