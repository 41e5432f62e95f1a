//! What a contract asks of a typed column beyond its type: accepted values, pattern, least and
//! greatest value. The same for every format, on whole arrays. Nulls pass; `required` is elsewhere.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use c360_spec::{DataType, Literal};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Scalar};
use datafusion::arrow::compute::kernels::cmp;
use datafusion::arrow::error::ArrowError;
use regex::Regex;

use super::text::TextRules;
use super::{ColumnRules, Fault};
use crate::error::{Error, Result};

/// The checks of one column.
#[derive(Debug, Default)]
pub struct Checks {
    accepted: Option<Accepted>,
    pattern: Option<Regex>,
    min: Option<ArrayRef>,
    max: Option<ArrayRef>,
}

#[derive(Debug)]
enum Accepted {
    Texts(HashSet<String>),
    /// One-row arrays of the column's type
    Values(Vec<ArrayRef>),
}

impl Checks {
    pub(super) fn new(rules: &ColumnRules, text: &TextRules) -> Result<Self> {
        let column = &rules.column;
        let typed = |literal: &Literal, what: &str| {
            text.type_literal(rules, literal.as_str()).ok_or_else(|| {
                let data_type = rules.data_type();
                Error::invalid(format!(
                    "{what} of column {} is no {data_type}: {literal}",
                    column.name
                ))
            })
        };
        let bound = |literal: &Option<Literal>, what: &str| {
            literal
                .as_ref()
                .map(|literal| typed(literal, what))
                .transpose()
        };
        let accepted = match (&column.accepted_values[..], rules.data_type()) {
            ([], _) => None,
            (texts, DataType::String) => Some(Accepted::Texts(
                texts.iter().map(|text| text.0.clone()).collect(),
            )),
            (values, _) => {
                let values = values.iter().map(|value| typed(value, "an accepted value"));
                Some(Accepted::Values(values.collect::<Result<_>>()?))
            }
        };
        let pattern = column
            .pattern
            .as_deref()
            .map(Regex::new)
            .transpose()
            .map_err(|error| {
                Error::invalid(format!(
                    "the pattern of column {} is no regular expression: {error}",
                    column.name
                ))
            })?;
        Ok(Self {
            accepted,
            pattern,
            min: bound(&column.min, "min")?,
            max: bound(&column.max, "max")?,
        })
    }

    /// The first fault of each row that has one.
    pub(super) fn faults(&self, array: &ArrayRef) -> BTreeMap<u32, Fault> {
        let mut faults = BTreeMap::new();
        let mut add = |rows: Vec<u32>, fault| {
            for row in rows {
                faults.entry(row).or_insert(fault);
            }
        };
        if let Some(accepted) = &self.accepted {
            add(accepted.others(array), Fault::Accepted);
        }
        if let Some(pattern) = &self.pattern {
            add(
                strings_where(array, |text| !pattern.is_match(text)),
                Fault::Pattern,
            );
        }
        if let Some(min) = &self.min {
            add(rows_where(array, min, |a, b| cmp::lt(a, b)), Fault::Min);
        }
        if let Some(max) = &self.max {
            add(rows_where(array, max, |a, b| cmp::gt(a, b)), Fault::Max);
        }
        faults
    }
}

impl Accepted {
    /// Rows whose value is not accepted.
    fn others(&self, array: &ArrayRef) -> Vec<u32> {
        match self {
            Self::Texts(texts) => strings_where(array, |text| !texts.contains(text)),
            Self::Values(values) => {
                let mut left: Option<HashSet<u32>> = None;
                for value in values {
                    let unequal = rows_where(array, value, |a, b| cmp::neq(a, b));
                    left = Some(match left {
                        None => unequal.into_iter().collect(),
                        Some(left) => unequal
                            .into_iter()
                            .filter(|row| left.contains(row))
                            .collect(),
                    });
                }
                left.into_iter().flatten().collect()
            }
        }
    }
}

fn strings_where(array: &ArrayRef, wanted: impl Fn(&str) -> bool) -> Vec<u32> {
    let Some(texts) = array.as_string_opt::<i32>() else {
        return Vec::new();
    };
    let rows = texts.iter().enumerate();
    rows.filter(|(_, text)| text.is_some_and(&wanted))
        .map(|(row, _)| row as u32)
        .collect()
}

type Compare = fn(
    &dyn datafusion::arrow::array::Datum,
    &dyn datafusion::arrow::array::Datum,
) -> std::result::Result<BooleanArray, ArrowError>;

fn rows_where(array: &ArrayRef, bound: &ArrayRef, compare: Compare) -> Vec<u32> {
    let bound = Scalar::new(Arc::clone(bound));
    let mask = compare(array, &bound).expect("literals have the column's type");
    let mask = match mask.nulls() {
        Some(nulls) => mask.values() & nulls.inner(),
        None => mask.values().clone(),
    };
    mask.set_indices().map(|row| row as u32).collect()
}
