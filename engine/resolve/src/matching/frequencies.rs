//! How often values occur, as a model learnt it: what makes a value rare must not change under a model, or every new
//! record would move the weights of pairs that it has nothing to do with.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::columns::{Column, Columns};
use super::error::Result;
use super::expression::Expression;
use super::frame::Frame;
use crate::cluster::NULL_CODE;

/// Occurrences of the values of some expressions among the records that a model was trained on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Frequencies {
    pub of: Vec<ValueFrequencies>,
}

/// Occurrences of one expression's values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueFrequencies {
    /// The expression.
    pub of: Expression,
    /// How many records have a value.
    pub present: u64,
    /// Hash of a value to how many records have it, where these are two or more. Too many for JSON: the caller keeps
    /// them in a table.
    #[serde(skip)]
    pub counts: HashMap<u64, u32>,
}

/// One field's occurrences, by code.
#[derive(Debug, Clone)]
pub(super) struct Occurrences {
    pub present: f64,
    pub counts: Vec<u32>,
}

impl Frequencies {
    /// Counts the values whose rarity the model weighs.
    ///
    /// # Errors
    /// When a column is not there.
    pub fn of(frame: &Frame) -> Result<Self> {
        let mut of = Vec::new();
        for (field, expression) in frame.rare_fields() {
            let column = &frame.fields[field];
            let hashes = hashes(expression, column, frame.columns)?;
            let often = hashes.into_iter().zip(column.counts.iter().copied());
            of.push(ValueFrequencies {
                of: expression.clone(),
                present: column.present(),
                counts: often.filter(|(_, count)| *count > 1).collect(),
            });
        }
        Ok(Self { of })
    }

    /// The hashes of all values of a frame whose rarity the model weighs.
    ///
    /// # Errors
    /// When a column is not there.
    pub fn asked(frame: &Frame) -> Result<Vec<u64>> {
        let mut asked = Vec::new();
        for (field, expression) in frame.rare_fields() {
            asked.extend(hashes(expression, &frame.fields[field], frame.columns)?);
        }
        Ok(asked)
    }

    /// The occurrences of each code of a column that holds the expression's values. A value that was never seen, or
    /// once, occurs once.
    pub(super) fn by_code(
        &self,
        expression: &Expression,
        column: &Column,
        columns: &Columns,
    ) -> Result<Option<Occurrences>> {
        let Some(known) = self.of.iter().find(|known| known.of == *expression) else {
            return Ok(None);
        };
        let hashes = hashes(expression, column, columns)?;
        let count = |hash: &u64| known.counts.get(hash).copied().unwrap_or(1);
        Ok(Some(Occurrences {
            present: (known.present as f64).max(1.0),
            counts: hashes.iter().map(count).collect(),
        }))
    }
}

/// The hash of each code's value.
fn hashes(expression: &Expression, column: &Column, columns: &Columns) -> Result<Vec<u64>> {
    let parts = expression.columns();
    let parts: Vec<&Column> = parts
        .iter()
        .map(|name| columns.get(name).map(AsRef::as_ref))
        .collect::<Result<_>>()?;
    let mut hashes = vec![None; column.distinct()];
    for (record, code) in column.codes.iter().enumerate() {
        if *code != NULL_CODE && hashes[*code as usize].is_none() {
            hashes[*code as usize] = expression.hash(|part| {
                let code = parts[part].codes[record];
                (code != NULL_CODE).then(|| parts[part].text(code).unwrap_or_default())
            });
        }
    }
    Ok(hashes.into_iter().map(Option::unwrap_or_default).collect())
}
