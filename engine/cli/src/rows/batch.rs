//! Batches of rows as CSV or JSON text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, LineDelimited, make_encoder};

use crate::failure::Failure;

/// A text form of batches.
#[derive(Debug, Clone, Copy)]
pub enum Encoder {
    Csv,
    Json,
    Ndjson,
}

impl Encoder {
    /// What stands before the first row.
    pub fn head(self, schema: &Schema) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Csv => csv_header(schema).map_err(|error| failure(&error)),
            Self::Json => Ok(b"[".to_vec()),
            Self::Ndjson => Ok(Vec::new()),
        }
    }

    /// The rows of a batch; `is_first` when no row came before them.
    pub fn rows(self, batch: &RecordBatch, is_first: bool) -> Result<Vec<u8>, Failure> {
        let encoded = match self {
            Self::Csv => csv_rows(batch),
            Self::Json => json_lines(batch).map(|lines| listed(&lines, is_first)),
            Self::Ndjson => json_lines(batch),
        };
        encoded.map_err(|error| failure(&error))
    }

    /// What stands behind the last row.
    pub fn tail(self) -> &'static [u8] {
        match self {
            Self::Json => b"]\n",
            Self::Csv | Self::Ndjson => b"",
        }
    }
}

fn failure(error: &ArrowError) -> Failure {
    Failure::new(c360_flow::Kind::Internal, "rows cannot be written as text").caused_by(error)
}

fn csv_header(schema: &Schema) -> Result<Vec<u8>, ArrowError> {
    let names = schema
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), DataType::Utf8, true));
    let empty = RecordBatch::new_empty(Arc::new(Schema::new(names.collect::<Vec<_>>())));
    let mut text = Vec::new();
    arrow::csv::WriterBuilder::new()
        .with_header(true)
        .build(&mut text)
        .write(&empty)?;
    Ok(text)
}

fn csv_rows(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut text = Vec::new();
    let flat = flattened(batch)?;
    arrow::csv::WriterBuilder::new()
        .with_header(false)
        .build(&mut text)
        .write(&flat)?;
    Ok(text)
}

fn json_lines(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut text = Vec::new();
    let mut writer = arrow::json::WriterBuilder::new()
        .with_explicit_nulls(true)
        .build::<_, LineDelimited>(&mut text);
    writer.write(batch)?;
    writer.finish()?;
    Ok(text)
}

/// JSON lines as items of an array. A newline never stands inside an object: JSON escapes it.
fn listed(lines: &[u8], is_first: bool) -> Vec<u8> {
    let mut text = Vec::with_capacity(lines.len() + 2);
    for (index, line) in lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .enumerate()
    {
        text.extend_from_slice(if is_first && index == 0 { b"" } else { b",\n" });
        text.extend_from_slice(line);
    }
    text
}

/// The batch with lists and structures as JSON text, which is all that CSV can hold of them.
fn flattened(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if field.data_type().is_nested() {
            fields.push(Arc::new(Field::new(field.name(), DataType::Utf8, true)));
            columns.push(json_texts(field, column)?);
        } else {
            fields.push(Arc::clone(field));
            columns.push(Arc::clone(column));
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn json_texts(field: &Arc<Field>, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default();
    let mut encoder = make_encoder(field, column.as_ref(), &options)?;
    let mut texts = StringBuilder::new();
    let mut text = Vec::new();
    for index in 0..column.len() {
        if column.is_null(index) {
            texts.append_null();
            continue;
        }
        text.clear();
        encoder.encode(index, &mut text);
        texts.append_value(String::from_utf8_lossy(&text));
    }
    Ok(Arc::new(texts.finish()))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, ListArray, StringArray};
    use arrow::datatypes::Int64Type;

    use super::*;

    fn batch() -> RecordBatch {
        let numbers =
            ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), Some(2)]), None]);
        RecordBatch::try_from_iter_with_nullable([
            (
                "id",
                Arc::new(Int64Array::from(vec![7, 8])) as ArrayRef,
                true,
            ),
            (
                "text",
                Arc::new(StringArray::from(vec![Some("a,\n\"b\""), None])) as ArrayRef,
                true,
            ),
            ("numbers", Arc::new(numbers) as ArrayRef, true),
        ])
        .expect("batch")
    }

    fn text(encoder: Encoder, batches: &[RecordBatch]) -> String {
        let mut bytes = encoder.head(&batch().schema()).expect("head");
        let mut is_first = true;
        for batch in batches {
            bytes.extend(encoder.rows(batch, is_first).expect("rows"));
            is_first = false;
        }
        bytes.extend(encoder.tail());
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn csv_quotes_and_holds_lists_as_json() {
        assert_eq!(
            text(Encoder::Csv, &[batch()]),
            "id,text,numbers\n7,\"a,\n\"\"b\"\"\",\"[1,2]\"\n8,,\n"
        );
        assert_eq!(text(Encoder::Csv, &[]), "id,text,numbers\n");
    }

    #[test]
    fn json_is_one_array_over_all_batches() {
        let json = text(Encoder::Json, &[batch(), batch()]);
        let rows: serde_json::Value = serde_json::from_str(&json).expect("json");
        assert_eq!(rows.as_array().map(Vec::len), Some(4));
        assert_eq!(
            rows[1],
            serde_json::json!({"id": 8, "text": null, "numbers": null})
        );
        assert_eq!(text(Encoder::Json, &[]), "[]\n");
    }

    #[test]
    fn ndjson_is_one_object_a_line() {
        let lines = text(Encoder::Ndjson, &[batch()]);
        assert_eq!(lines.lines().count(), 2);
    }
}
