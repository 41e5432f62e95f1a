//! Records of CSV and Parquet files, and their truth.

use std::fs::File;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use crate::Result;

/// The columns of all files, one after the other, and each record's file.
pub fn read(files: &[String], columns: &[&str]) -> Result<(Vec<StringArray>, Vec<u16>)> {
    let mut parts: Vec<Vec<ArrayRef>> = vec![Vec::new(); columns.len()];
    let mut sources = Vec::new();
    for (source, file) in files.iter().enumerate() {
        let read = if file.ends_with(".csv") {
            read_csv(file, columns)?
        } else {
            read_parquet(file, columns)?
        };
        sources.resize(sources.len() + read[0].len(), source as u16);
        parts
            .iter_mut()
            .zip(read)
            .for_each(|(parts, column)| parts.push(column));
    }
    let join = |parts: &Vec<ArrayRef>| -> Result<StringArray> {
        let parts: Vec<&dyn Array> = parts.iter().map(|part| part.as_ref()).collect();
        Ok(concat(&parts)?.as_string::<i32>().clone())
    };
    Ok((parts.iter().map(join).collect::<Result<_>>()?, sources))
}

fn read_parquet(file: &str, columns: &[&str]) -> Result<Vec<ArrayRef>> {
    let metadata = ArrowReaderMetadata::load(&File::open(file)?, Default::default())?;
    let one = |column: &&str| -> Result<ArrayRef> {
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(file)?, metadata.clone());
        let mask = ProjectionMask::columns(reader.parquet_schema(), [*column]);
        let mut parts = Vec::new();
        for batch in reader
            .with_projection(mask)
            .with_batch_size(1 << 16)
            .build()?
        {
            parts.push(cast(batch?.column(0), &DataType::Utf8)?);
        }
        let parts: Vec<&dyn Array> = parts.iter().map(|part| part.as_ref()).collect();
        Ok(concat(&parts)?)
    };
    columns.par_iter().map(one).collect()
}

/// Trimmed; empty is missing. Headers may begin with a space.
fn read_csv(file: &str, columns: &[&str]) -> Result<Vec<ArrayRef>> {
    let text = std::fs::read_to_string(file)?;
    let header = text.lines().next().unwrap_or_default();
    let fields: Vec<Field> = header
        .split(',')
        .map(|name| Field::new(name.trim(), DataType::Utf8, true))
        .collect();
    let schema = std::sync::Arc::new(Schema::new(fields));
    let reader = arrow::csv::ReaderBuilder::new(schema.clone())
        .with_header(true)
        .with_batch_size(1 << 20)
        .build(File::open(file)?)?;
    let batches: Vec<_> = reader.collect::<std::result::Result<_, _>>()?;
    let batch = arrow::compute::concat_batches(&schema, &batches)?;
    let trim = |column: &&str| -> Result<ArrayRef> {
        let column = batch
            .column_by_name(column)
            .ok_or("no such column")?
            .as_string::<i32>();
        let values = column
            .iter()
            .map(|value| value.map(str::trim).filter(|value| !value.is_empty()));
        Ok(std::sync::Arc::new(values.collect::<StringArray>()))
    };
    columns.iter().map(trim).collect()
}

/// Each record's true entity: column `cluster`, or the front of `rec_id`.
pub fn truth(files: &[String]) -> Result<Vec<String>> {
    let column = if files[0].contains("dataset") {
        "rec_id"
    } else {
        "cluster"
    };
    let (arrays, _) = read(files, &[column])?;
    let entity = |value: Option<&str>| {
        let value = value.unwrap_or_default();
        if column == "rec_id" {
            value.split('-').take(2).collect::<Vec<_>>().join("-")
        } else {
            value.to_owned()
        }
    };
    Ok(arrays[0].iter().map(entity).collect())
}
