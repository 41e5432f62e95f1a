//! From what a query yields to what the lake stores.
//!
//! DataFusion answers with views, dictionaries, unsigned counts and a nullability that depends on the plan; a table
//! has one schema whichever plan filled it. Only key columns are required.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, new_null_array};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};

use crate::error::{Error, Result};

/// The lake's schema for rows of `schema`, with `key` columns required.
pub fn lake_schema(schema: &Schema, key: &[String]) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let required = key.contains(field.name());
            Field::new(field.name(), lake_type(field.data_type()), !required)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

fn lake_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        DataType::BinaryView | DataType::Binary => DataType::LargeBinary,
        DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, zone) => DataType::Timestamp(
            TimeUnit::Microsecond,
            zone.as_ref().map(|_| "+00:00".into()),
        ),
        DataType::Dictionary(_, value) => lake_type(value),
        DataType::List(item) | DataType::LargeList(item) => {
            DataType::List(Arc::new(nested("element", item.data_type())))
        }
        DataType::Struct(fields) => DataType::Struct(lake_fields(fields)),
        other => other.clone(),
    }
}

fn lake_fields(fields: &Fields) -> Fields {
    fields
        .iter()
        .map(|field| nested(field.name(), field.data_type()))
        .collect()
}

fn nested(name: &str, data_type: &DataType) -> Field {
    Field::new(name, lake_type(data_type), true)
}

/// `batch` with the columns of `schema`, matched by name and cast; a column that the batch lacks is null.
pub fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => cast_column(column, field),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        schema.clone(),
        columns,
        &options,
    )?)
}

fn cast_column(column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    let cast = if column.data_type() == field.data_type() {
        column.clone()
    } else {
        let strict = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        // The cause would show a cell's value.
        cast_with_options(column, field.data_type(), &strict).map_err(|_| does_not_fit(field))?
    };
    if !field.is_nullable() && cast.null_count() > 0 {
        let message = format!(
            "key column {} is null in {} rows",
            field.name(),
            cast.null_count()
        );
        return Err(Error::data(message).with_hint("leave such rows out, or choose another key"));
    }
    Ok(cast)
}

fn does_not_fit(field: &Field) -> Error {
    let message = format!(
        "column {} does not fit: the table holds it as {}",
        field.name(),
        field.data_type()
    );
    Error::data(message).with_hint("cast it to that type where it is made, or leave such rows out")
}
