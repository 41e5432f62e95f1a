//! The rules that choose one row a person.

use std::cmp::{Ordering, Reverse};

use arrow::array::{ArrayRef, UInt32Array};
use rayon::prelude::*;

use super::candidates::Order;
use super::top::ranked;
use super::values::Values;
use crate::error::Result;

/// How a field's value is chosen among those of a person's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The one observed last.
    Newest,
    /// The one observed first.
    Oldest,
    /// The one that most rows say; among equals the one said last.
    MostFrequent,
    /// The row with the most members of the group; among equals the newest. For a single column: the newest.
    MostComplete,
    /// The newest of the first source in the list that has one; sources that are not listed come last.
    SourceOrder(Vec<u16>),
}

/// For each person the row whose value survives, null where no row has one. `columns` are the field's members, with
/// one value for each candidate row; [`arrow::compute::take`] fetches the survivors.
///
/// # Errors
/// When a column's length differs from the candidates', or its type cannot be compared.
pub fn choose(order: &Order, columns: &[ArrayRef], rule: &Rule) -> Result<UInt32Array> {
    let values = Values::of(columns, order.len())?;
    let chosen = |person: usize| -> Option<u32> {
        let rows = order.rows(person).iter().copied();
        let mut rows = rows.filter(|row| values.exist(*row));
        let newest = |a: &u32, b: &u32| newest(order, &values, *a, *b);
        match rule {
            // Rows come newest first; only a tie in everything but the value needs a second look.
            Rule::Newest => rows
                .next()
                .map(|first| first_of_ties(order, &values, first, rows)),
            Rule::Oldest => rows.min_by(|a, b| {
                let seen =
                    |row: &u32| order.observed_at[*row as usize].map_or(i128::MAX, i128::from);
                seen(a).cmp(&seen(b)).then_with(|| newest(a, b))
            }),
            Rule::MostFrequent => ranked(order, &values, rows.collect()).next(),
            Rule::MostComplete => rows.min_by(|a, b| {
                let count = |row: &u32| Reverse(values.count(*row));
                count(a).cmp(&count(b)).then_with(|| newest(a, b))
            }),
            Rule::SourceOrder(sources) => rows.min_by(|a, b| {
                let turn = |row: &u32| turn(sources, order.source[*row as usize]);
                turn(a).cmp(&turn(b)).then_with(|| newest(a, b))
            }),
        }
    };
    let persons = (0..order.persons()).into_par_iter().with_min_len(1024);
    let rows: Vec<Option<u32>> = persons.map(chosen).collect();
    Ok(rows.into())
}

/// Newest first, down to the value.
pub(super) fn newest(order: &Order, values: &Values, a: u32, b: u32) -> Ordering {
    let place = |row: u32| order.place[row as usize];
    place(a).cmp(&place(b)).then_with(|| values.compare(a, b))
}

fn first_of_ties(
    order: &Order,
    values: &Values,
    first: u32,
    rest: impl Iterator<Item = u32>,
) -> u32 {
    let place = order.place[first as usize];
    let ties = rest.take_while(|row| order.place[*row as usize] == place);
    ties.fold(first, |best, row| {
        if values.compare(row, best).is_lt() {
            row
        } else {
            best
        }
    })
}

fn turn(sources: &[u16], source: u16) -> usize {
    sources
        .iter()
        .position(|listed| *listed == source)
        .unwrap_or(sources.len())
}
