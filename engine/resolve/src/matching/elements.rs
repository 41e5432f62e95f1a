//! Lists as blocking keys: a record has a key for each element of its list, and meets whoever shares one.

use std::sync::Arc;

use super::columns::Column;
use super::error::{Error, Result};
use super::form;
use super::model::BlockingRule;
use crate::cluster::NULL_CODE;
use crate::intern::Interner;

/// Keys that are more than the records, or fewer: one an element.
#[derive(Debug)]
pub(super) struct Elements {
    /// Whose each key is, ascending; a record's keys are in the order of its list.
    pub owners: Vec<u32>,
    /// Each key's element.
    column: Column,
}

impl Elements {
    /// # Errors
    /// When there are more elements than one run can hold.
    pub fn of(list: &Column) -> Result<Self> {
        let mut texts = Interner::new();
        let mut of_code = Vec::with_capacity(list.distinct());
        for code in 0..list.distinct() as u32 {
            let elements = form::listed(list.text(code).unwrap_or_default());
            let codes = elements.map(|element| texts.code(element).map_err(|_| too_many(list)));
            of_code.push(codes.collect::<Result<Vec<u32>>>()?);
        }
        let (mut owners, mut codes) = (Vec::new(), Vec::new());
        for (record, code) in (0..).zip(&list.codes) {
            for element in of_code.get(*code as usize).into_iter().flatten() {
                owners.push(record);
                codes.push(*element);
            }
        }
        if owners.len() >= NULL_CODE as usize {
            return Err(too_many(list));
        }
        let column = Column::new(codes, Some(texts));
        Ok(Self { owners, column })
    }

    /// The parts of a rule's key, a row an element: its `list` gives way to the elements.
    pub fn spread(self, parts: &mut [Arc<Column>], list: usize) -> Vec<u32> {
        for part in parts.iter_mut() {
            let code = |owner: &u32| part.codes[*owner as usize];
            *part = Column::new(self.owners.iter().map(code).collect(), None).into();
        }
        parts[list] = self.column.into();
        self.owners
    }
}

impl BlockingRule {
    /// Which part of the key is a list, if one is.
    ///
    /// # Errors
    /// When there are two: nobody means each pair of their elements.
    pub(super) fn list(&self) -> Result<Option<usize>> {
        let mut lists = (0..self.on.len()).filter(|at| self.on[*at].is_list());
        match (lists.next(), lists.next()) {
            (Some(_), Some(_)) => Err(Error::Lists {
                rule: self.to_string(),
            }),
            (list, _) => Ok(list),
        }
    }
}

fn too_many(list: &Column) -> Error {
    let (rows, max) = (list.codes.len(), NULL_CODE as usize);
    Error::TooMany { rows, max }
}
