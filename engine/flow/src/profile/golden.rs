//! From a person's candidates to the one row that survives, and where each of its values came from.

use std::sync::Arc;

use c360_resolve::survive::RowLists;
use c360_spec::{FieldRule, ProfileJob, Rule};
use datafusion::arrow::array::{
    Array, ArrayRef, Int32Array, ListArray, RecordBatch, StringArray, StructArray, UInt32Array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

use super::candidates::{KEY, OBSERVED_AT, SOURCE};
use super::choose::{Candidates, Chosen, sources};
use crate::error::{Error, Result};
use crate::instant;

/// The rules of a profile, bound to the columns that candidates have.
pub struct Golden {
    fields: Vec<FieldRule>,
    sources: Vec<String>,
    schema: SchemaRef,
}

impl Golden {
    /// Fails where a rule names a value that no source offers.
    pub fn new(job: &ProfileJob, candidates: &Schema) -> Result<Self> {
        let mut columns = vec![Field::new("person_id", DataType::Utf8, false)];
        for field in &job.fields {
            for (name, of) in field.columns().into_iter().zip(&field.of) {
                let value = candidates.field_with_name(of).map_err(|_| {
                    Error::invalid(format!(
                        "profile field {} is made of {of}, which no source offers",
                        field.name
                    ))
                    .with_hint(format!(
                        "add {of} to the fields of a source in job profile {}",
                        job.table
                    ))
                })?;
                let data_type = match field.rule {
                    Rule::Top => list_type(value.data_type()),
                    _ => value.data_type().clone(),
                };
                columns.push(Field::new(name, data_type, true));
            }
        }
        columns.push(Field::new("record_count", DataType::Int32, true));
        columns.push(Field::new(
            "provenance",
            list_type(&DataType::Struct(origin())),
            true,
        ));
        Ok(Self {
            fields: job.fields.clone(),
            sources: sources(job),
            schema: Arc::new(Schema::new(columns)),
        })
    }

    /// `person_id`, the fields, how many records the person has, and the provenance of each value.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// One row a person. `rows` holds all candidates of each of its persons, sorted by person.
    pub fn profiles(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let candidates = Candidates::new(rows, &self.sources)?;
        let mut origins = Origins::new(candidates.persons());
        let mut columns: Vec<ArrayRef> = vec![candidates.person_ids()];
        for field in &self.fields {
            let values = field
                .of
                .iter()
                .map(|of| column(rows, of))
                .collect::<Result<Vec<_>>>()?;
            match candidates.choose(field, &values)? {
                Chosen::One(chosen) => {
                    origins.add_one(field, &values, &chosen);
                    for value in &values {
                        columns.push(take(value, &chosen, None)?);
                    }
                }
                Chosen::Many(chosen) => {
                    origins.add_many(field, &chosen);
                    columns.push(lists(&values[0], &chosen)?);
                }
            }
        }
        columns.push(Arc::new(Int32Array::from(candidates.record_counts())));
        columns.push(origins.finish(rows)?);
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}

fn column(rows: &RecordBatch, name: &str) -> Result<ArrayRef> {
    let found = rows.column_by_name(name).cloned();
    found.ok_or_else(|| Error::internal(format!("candidates lack {name}")))
}

fn list_type(item: &DataType) -> DataType {
    DataType::List(Arc::new(Field::new("element", item.clone(), true)))
}

fn lists(values: &ArrayRef, chosen: &RowLists) -> Result<ArrayRef> {
    let items = take(values, &chosen.rows, None)?;
    let field = Arc::new(Field::new("element", values.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(
        field,
        chosen.offsets.clone(),
        items,
        None,
    )?))
}

/// Which record a value came from.
fn origin() -> Fields {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Fields::from(vec![
        text("field"),
        text("source"),
        text("record"),
        Field::new("observed_at", instant::data_type(), true),
    ])
}

/// The origins of every person's values, field by field.
struct Origins {
    by_person: Vec<Vec<(String, u32)>>,
}

impl Origins {
    fn new(persons: usize) -> Self {
        Self {
            by_person: vec![Vec::new(); persons],
        }
    }

    /// A field without a value has no origin.
    fn add_one(&mut self, field: &FieldRule, values: &[ArrayRef], chosen: &UInt32Array) {
        for (origins, chosen) in self.by_person.iter_mut().zip(chosen) {
            let Some(row) = chosen else { continue };
            if values.iter().any(|value| value.is_valid(row as usize)) {
                origins.push((field.name.clone(), row));
            }
        }
    }

    fn add_many(&mut self, field: &FieldRule, chosen: &RowLists) {
        for (origins, range) in self.by_person.iter_mut().zip(chosen.offsets.windows(2)) {
            let rows = &chosen.rows.values()[range[0] as usize..range[1] as usize];
            origins.extend(rows.iter().map(|row| (field.name.clone(), *row)));
        }
    }

    fn finish(self, rows: &RecordBatch) -> Result<ArrayRef> {
        let offsets = OffsetBuffer::from_lengths(self.by_person.iter().map(Vec::len));
        let flat = || self.by_person.iter().flatten();
        let taken = UInt32Array::from_iter_values(flat().map(|(_, row)| *row));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(
                flat()
                    .map(|(field, _)| Some(field))
                    .collect::<StringArray>(),
            ),
            take(&column(rows, SOURCE)?, &taken, None)?,
            take(&column(rows, KEY)?, &taken, None)?,
            take(&column(rows, OBSERVED_AT)?, &taken, None)?,
        ];
        let items = StructArray::try_new(origin(), columns, None)?;
        let field = Arc::new(Field::new("element", DataType::Struct(origin()), true));
        Ok(Arc::new(ListArray::try_new(
            field,
            offsets,
            Arc::new(items),
            None,
        )?))
    }
}
