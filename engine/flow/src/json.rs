//! Rows as JSON objects, for answers that a person or a program reads.

use std::fmt;

use arrow::json::writer::{EncoderOptions, make_encoder};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::prelude::DataFrame;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// A row as a JSON object. Values stay the text that they were written as: a decimal keeps every digit.
#[derive(Debug, Clone, Default)]
pub struct Row {
    fields: Vec<(String, Box<RawValue>)>,
}

impl Row {
    /// The fields that have a value, in the order of the columns.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_ref()))
    }

    /// The field's value, if it has one.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.iter()
            .find(|(field, _)| *field == name)
            .map(|(_, value)| value)
    }

    /// The field's value, where it is a text.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// Takes the field out of the row.
    pub fn remove(&mut self, name: &str) -> Option<Box<RawValue>> {
        let index = self.fields.iter().position(|(field, _)| field == name)?;
        Some(self.fields.remove(index).1)
    }
}

impl FromIterator<(String, Box<RawValue>)> for Row {
    fn from_iter<T: IntoIterator<Item = (String, Box<RawValue>)>>(fields: T) -> Self {
        Self {
            fields: fields.into_iter().collect(),
        }
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// The object on one line.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// One object a row; nulls are left out.
pub fn rows(batch: &RecordBatch) -> Result<Vec<Row>> {
    let options = EncoderOptions::default();
    let mut rows = vec![Row::default(); batch.num_rows()];
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let mut encoder = make_encoder(field, column.as_ref(), &options)?;
        for (index, row) in rows.iter_mut().enumerate() {
            if encoder.is_null(index) {
                continue;
            }
            let mut text = Vec::new();
            encoder.encode(index, &mut text);
            let value = serde_json::from_slice(&text)
                .map_err(|error| Error::internal(format!("cannot read back JSON: {error}")))?;
            row.fields.push((field.name().clone(), value));
        }
    }
    Ok(rows)
}

/// Every row of a query.
pub async fn collect(frame: DataFrame) -> Result<Vec<Row>> {
    let mut all = Vec::new();
    for batch in frame.collect().await? {
        all.extend(rows(&batch)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Decimal128Array, StringArray};

    use super::*;

    #[test]
    fn decimals_keep_every_digit_and_nulls_are_left_out() {
        let digits = vec![Some(12_345_678_901_234_567_890_i128), Some(100)];
        let money = Decimal128Array::from(digits)
            .with_precision_and_scale(38, 3)
            .expect("a decimal");
        let batch = RecordBatch::try_from_iter_with_nullable([
            (
                "name",
                Arc::new(StringArray::from(vec![Some("a\"b"), None])) as ArrayRef,
                true,
            ),
            ("money", Arc::new(money) as ArrayRef, true),
        ])
        .expect("a batch");
        let rows = rows(&batch).expect("rows");
        assert_eq!(
            rows[0].to_string(),
            r#"{"name":"a\"b","money":12345678901234567.890}"#
        );
        assert_eq!(rows[1].to_string(), r#"{"money":0.100}"#);
        assert_eq!(rows[0].text("name").as_deref(), Some("a\"b"));
        assert_eq!(rows[0].text("money"), None);
    }
}
