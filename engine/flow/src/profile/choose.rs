//! Candidates bound to their columns and numbered by person, as the survivorship kernels want them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use c360_resolve::survive::{self, Order, RowLists, choose, top};
use c360_spec::{FieldRule, ProfileJob, Rule};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};

use super::candidates::{KEY, OBSERVED_AT, SOURCE};
use super::whole_persons::persons;
use crate::error::{Error, Result};

/// The rows of some persons, each person's together.
pub struct Candidates<'a> {
    ranges: Vec<Range<usize>>,
    sources: &'a [String],
    person: &'a StringArray,
    source: &'a StringArray,
    key: &'a StringArray,
    order: Order,
}

/// Row numbers, a person each.
pub enum Chosen {
    /// At most one row.
    One(UInt32Array),
    /// The best rows, best first.
    Many(RowLists),
}

/// The job's sources, in the order in which they are preferred where nothing else decides.
pub fn sources(job: &ProfileJob) -> Vec<String> {
    job.sources
        .iter()
        .map(|source| source.source.clone())
        .collect()
}

impl<'a> Candidates<'a> {
    /// Binds the columns that every candidate has.
    pub fn new(rows: &'a RecordBatch, sources: &'a [String]) -> Result<Self> {
        let person = persons(rows)?;
        let ranges = ranges(person);
        let (source, key) = (text(rows, SOURCE)?, text(rows, KEY)?);
        let order = order(rows, &ranges, &places(source, sources), key)?;
        Ok(Self {
            ranges,
            sources,
            person,
            source,
            key,
            order,
        })
    }

    /// How many persons there are.
    pub fn persons(&self) -> usize {
        self.ranges.len()
    }

    /// One id a person.
    pub fn person_ids(&self) -> ArrayRef {
        let ids = self
            .ranges
            .iter()
            .map(|range| self.person.value(range.start));
        Arc::new(StringArray::from_iter_values(ids))
    }

    /// How many records each person has.
    pub fn record_counts(&self) -> Vec<i32> {
        let record = |row| (self.source.value(row), self.key.value(row));
        let count = |range: &Range<usize>| {
            let records: BTreeSet<_> = range.clone().map(record).collect();
            i32::try_from(records.len()).unwrap_or(i32::MAX)
        };
        self.ranges.iter().map(count).collect()
    }

    /// Applies the rule of `field` to `values`, the columns that it is made of.
    pub fn choose(&self, field: &FieldRule, values: &[ArrayRef]) -> Result<Chosen> {
        let rule = match field.rule {
            Rule::Newest => survive::Rule::Newest,
            Rule::Oldest => survive::Rule::Oldest,
            Rule::MostFrequent => survive::Rule::MostFrequent,
            Rule::MostComplete => survive::Rule::MostComplete,
            Rule::SourceOrder => survive::Rule::SourceOrder(self.preferred(field)),
            Rule::Top => {
                let n = field.n.map_or(usize::MAX, |n| n as usize);
                return Ok(Chosen::Many(top(&self.order, values, n).map_err(failed)?));
            }
        };
        Ok(Chosen::One(
            choose(&self.order, values, &rule).map_err(failed)?,
        ))
    }

    fn preferred(&self, field: &FieldRule) -> Vec<u16> {
        let place = |name: &String| self.sources.iter().position(|source| source == name);
        field
            .order
            .iter()
            .filter_map(place)
            .filter_map(|place| u16::try_from(place).ok())
            .collect()
    }
}

fn failed(error: c360_resolve::Error) -> Error {
    Error::internal(format!("cannot choose profile values: {error}"))
}

fn text<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    let found = rows
        .column_by_name(name)
        .and_then(|column| column.as_string_opt::<i32>());
    found.ok_or_else(|| Error::internal(format!("candidates lack {name}")))
}

fn ranges(person: &StringArray) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for row in 1..=person.len() {
        if row == person.len() || person.value(row) != person.value(start) {
            ranges.push(start..row);
            start = row;
        }
    }
    ranges
}

fn places(source: &StringArray, sources: &[String]) -> Vec<u16> {
    let place = |name: Option<&str>| {
        sources
            .iter()
            .position(|source| Some(source.as_str()) == name)
    };
    source
        .iter()
        .map(|name| {
            place(name)
                .and_then(|place| u16::try_from(place).ok())
                .unwrap_or(u16::MAX)
        })
        .collect()
}

fn order(
    rows: &RecordBatch,
    ranges: &[Range<usize>],
    source: &[u16],
    key: &StringArray,
) -> Result<Order> {
    let observed = rows
        .column_by_name(OBSERVED_AT)
        .ok_or_else(|| Error::internal(format!("candidates lack {OBSERVED_AT}")))?;
    let observed = cast(observed, &DataType::Int64)?;
    let mut person = vec![0; rows.num_rows()];
    for (number, range) in (0..).zip(ranges) {
        person[range.clone()].fill(number);
    }
    let candidates = survive::Candidates {
        person: &person,
        persons: ranges.len(),
        observed_at: observed.as_primitive::<Int64Type>(),
        source,
        key,
    };
    Order::of(&candidates).map_err(failed)
}
