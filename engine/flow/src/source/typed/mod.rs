//! A contract made ready for work: what the columns of a chunk become, and which of its rows break
//! the contract, and why. One column at a time, whatever the format; a bad value never stops the
//! others. Knows nothing of files and tables.

mod check;
mod convert;
mod number;
mod operation;
mod temporal;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use c360_spec::{Column, Contract, DataType, SourceJob};
use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType as ArrowType, Field, Schema, SchemaRef};

use super::cells::Cells;
use crate::error::Result;
use check::Checks;
use operation::Operations;
use temporal::Format;
use text::TextRules;

/// The zone of instants, as the tables spell it.
const UTC: &str = "UTC";

/// Why a value is not what the contract says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No value where one is required
    Required,
    /// Not of the type at all
    Type,
    /// Of the type, but too large
    Range,
    /// More digits after the point than the type has
    Scale,
    /// Not among the accepted values
    Accepted,
    /// Does not match the pattern
    Pattern,
    /// Below `min`
    Min,
    /// Above `max`
    Max,
    /// Not one of the declared operations
    Operation,
}

/// A contract and how a job reads rows for it, made ready for work.
#[derive(Debug)]
pub struct Rules {
    columns: Vec<ColumnRules>,
    schema: SchemaRef,
    text: TextRules,
    operations: Option<Operations>,
    /// Columns that matter of a delete: the key and `order_by`
    identifying: Vec<usize>,
}

/// One column of the contract, made ready for work.
#[derive(Debug)]
struct ColumnRules {
    column: Column,
    /// The column's type in the table
    arrow: ArrowType,
    required: bool,
    formats: Vec<Format>,
    checks: Checks,
}

/// A column of a chunk after typing: bad values are null, and listed in row order.
struct Typed {
    array: ArrayRef,
    faults: Vec<(u32, Fault)>,
}

/// The first thing wrong with a row; the column is none when it is the whole record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    pub row: usize,
    pub column: Option<String>,
    pub reason: String,
}

/// A chunk after typing.
#[derive(Debug)]
pub struct TypedRows {
    /// Rows that keep the contract, in the contract's schema
    pub rows: RecordBatch,
    /// Rows that name what is to be deleted; only key and `order_by` of them can be relied upon
    pub deletes: RecordBatch,
    /// What is wrong with each of the other rows, in row order
    pub faults: Vec<RowFault>,
}

impl Rules {
    /// Fails with *invalid* where a literal of the contract does not fit its column.
    pub fn new(contract: &Contract, job: &SourceJob) -> Result<Self> {
        let schema = c360_catalog::contract_schema(contract);
        let text = TextRules::new(contract);
        let columns = contract.columns.iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| ColumnRules::new(column, field, &text));
        let named = |name: &String| {
            contract
                .columns
                .iter()
                .position(|column| column.name == *name)
        };
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            identifying: contract
                .key
                .iter()
                .chain(&job.order_by)
                .filter_map(named)
                .collect(),
            operations: job.op.as_ref().map(|op| Operations::new(op, contract)),
            schema,
            text,
        })
    }

    /// The schema of typed rows.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The columns to take from a file: the contract's in their order, then the operation's unless
    /// it is one of them.
    pub fn wanted(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .columns
            .iter()
            .map(|rules| rules.column.name.as_str())
            .collect();
        if let Some(operations) = self.operations.as_ref().filter(|op| op.slot == names.len()) {
            names.push(&operations.column);
        }
        names
    }

    /// Whether a file may not leave the wanted column out.
    pub fn is_required(&self, slot: usize) -> bool {
        self.columns.get(slot).is_some_and(|rules| rules.required)
    }

    /// Types a chunk of text.
    pub fn type_cells(&self, cells: &Cells, numbers: Numbers) -> TypedRows {
        let rows = cells.records.len();
        let values = |slot: usize| cells.columns[slot].iter().map(|span| cells.get(*span));
        let typed = (0..self.columns.len())
            .map(|slot| {
                self.text
                    .type_column(&self.columns[slot], values(slot), numbers)
            })
            .collect();
        let operations = self.operations.as_ref();
        let operations = operations.filter(|op| !cells.absent.contains(&op.slot));
        let operations = operations.map(|op| op.read(values(op.slot)));
        self.assemble(rows, typed, operations)
    }

    /// Types a batch of a typed format; `arrays` are the wanted columns, none where the file lacks
    /// one. Fails with the column's slot where its type can never become the contract's.
    pub fn type_arrays(
        &self,
        rows: usize,
        arrays: &[Option<ArrayRef>],
    ) -> std::result::Result<TypedRows, usize> {
        let mut typed = Vec::with_capacity(self.columns.len());
        for (slot, rules) in self.columns.iter().enumerate() {
            typed.push(
                convert::type_array(rules, &self.text, arrays[slot].as_ref(), rows).ok_or(slot)?,
            );
        }
        let operations = match &self.operations {
            Some(op) => match &arrays[op.slot] {
                Some(array) => Some(op.read_array(array).ok_or(op.slot)?),
                None => None,
            },
            None => None,
        };
        Ok(self.assemble(rows, typed, operations))
    }

    fn assemble(
        &self,
        rows: usize,
        typed: Vec<Typed>,
        operations: Option<operation::Read>,
    ) -> TypedRows {
        let is_delete = |row: u32| {
            operations
                .as_ref()
                .is_some_and(|op| op.is_delete[row as usize])
        };
        let mut first: BTreeMap<u32, (usize, Fault)> = BTreeMap::new();
        let mut arrays = Vec::with_capacity(typed.len());
        for (slot, (rules, column)) in self.columns.iter().zip(typed).enumerate() {
            let faults = rules.all_faults(&column);
            for (row, fault) in faults {
                if !is_delete(row) || self.identifying.contains(&slot) {
                    first.entry(row).or_insert((slot, fault));
                }
            }
            arrays.push(column.array);
        }
        for row in operations.iter().flat_map(|op| &op.unknown) {
            first.insert(*row, (usize::MAX, Fault::Operation));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let loose = Arc::new(nullable(&self.schema));
        let all = RecordBatch::try_new_with_options(loose, arrays, &options)
            .expect("every column is typed as the schema says");
        let deletes = |row: usize| !first.contains_key(&(row as u32)) && is_delete(row as u32);
        let keeps = |row: usize| !first.contains_key(&(row as u32)) && !is_delete(row as u32);
        TypedRows {
            deletes: match &operations {
                Some(_) => select(&all, deletes),
                None => all.slice(0, 0),
            },
            rows: match first.is_empty() && operations.is_none() {
                true => self.strict(all),
                false => self.strict(select(&all, keeps)),
            },
            faults: first
                .into_iter()
                .map(|(row, (slot, fault))| self.explain(row, slot, fault))
                .collect(),
        }
    }

    /// Rows without faults have a value wherever the contract requires one.
    fn strict(&self, rows: RecordBatch) -> RecordBatch {
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            rows.columns().to_vec(),
            &options,
        )
        .expect("rows without faults keep the schema")
    }

    fn explain(&self, row: u32, slot: usize, fault: Fault) -> RowFault {
        let row = row as usize;
        match self.columns.get(slot) {
            Some(rules) => RowFault {
                row,
                column: Some(rules.column.name.clone()),
                reason: rules.reason(fault),
            },
            None => {
                let column = self.operations.as_ref().map(|op| op.column.clone());
                RowFault {
                    row,
                    column,
                    reason: "is not one of the declared operations".into(),
                }
            }
        }
    }
}

/// How numbers of a text format came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Written as decimals: digits mean what they say
    Exact,
    /// Often printed floats, as in JSON: digits beyond a float's precision mean nothing
    Floats,
}

impl ColumnRules {
    fn new(column: &Column, field: &Field, text: &TextRules) -> Result<Self> {
        let mut rules = Self {
            column: column.clone(),
            arrow: field.data_type().clone(),
            required: !field.is_nullable(),
            formats: Format::list(&column.formats),
            checks: Checks::default(),
        };
        rules.checks = Checks::new(&rules, text)?;
        Ok(rules)
    }

    fn data_type(&self) -> DataType {
        self.column.data_type
    }

    /// The faults of typing and of every further check, in row order, one a row.
    fn all_faults(&self, column: &Typed) -> BTreeMap<u32, Fault> {
        let mut faults: BTreeMap<u32, Fault> = column.faults.iter().copied().collect();
        if self.required && column.array.null_count() > 0 {
            for row in (0..column.array.len()).filter(|row| column.array.is_null(*row)) {
                faults.entry(row as u32).or_insert(Fault::Required);
            }
        }
        for (row, fault) in self.checks.faults(&column.array) {
            faults.entry(row).or_insert(fault);
        }
        faults
    }

    /// What a reject says; never the value.
    fn reason(&self, fault: Fault) -> String {
        let data_type = self.data_type();
        let of = |literal: &Option<c360_spec::Literal>| {
            literal
                .as_ref()
                .map(|literal| format!(" {literal}"))
                .unwrap_or_default()
        };
        match fault {
            Fault::Required => "is empty but required".into(),
            Fault::Type if self.column.formats.is_empty() => format!("is no {data_type}"),
            Fault::Type => format!(
                "is no {data_type} written as {}",
                self.column.formats.join(" or ")
            ),
            Fault::Range => format!("does not fit {data_type}"),
            Fault::Scale => format!("has more digits after the point than {data_type}"),
            Fault::Accepted => "is not among the accepted values".into(),
            Fault::Pattern => "does not match the pattern".into(),
            Fault::Min => format!("is below the least value{}", of(&self.column.min)),
            Fault::Max => format!("is above the greatest value{}", of(&self.column.max)),
            Fault::Operation => "is not one of the declared operations".into(),
        }
    }
}

fn select(rows: &RecordBatch, wanted: impl Fn(usize) -> bool) -> RecordBatch {
    let mask: BooleanArray = (0..rows.num_rows()).map(|row| Some(wanted(row))).collect();
    filter_record_batch(rows, &mask).expect("the mask is as long as the rows")
}

/// The same columns, all nullable: rows that break the contract are still among them.
fn nullable(schema: &SchemaRef) -> Schema {
    let fields = schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true));
    Schema::new(fields.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
