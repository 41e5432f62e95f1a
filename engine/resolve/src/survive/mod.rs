//! Survivorship: of all that a person's records say, which value is shown.
//!
//! Works on row numbers, so that columns of any type can survive: the caller puts the rows of all sources under each
//! other, asks which row of each person wins ([`choose`]), and takes the value from there, together with the record
//! that it came from.
//!
//! A row whose value is null never wins over one that has a value; of a group of columns, a row counts when any
//! member is there. Ties are broken by the newest observation (unknown times last), then the source's place in the
//! job, then the record's key, then the value itself. So the order of rows never matters.

mod candidates;
mod choose;
mod top;
mod values;

#[cfg(test)]
mod tests;

pub use candidates::{Candidates, Order};
pub use choose::{Rule, choose};
pub use top::{RowLists, top};
