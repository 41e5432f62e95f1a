//! The rows that values may come from, and their common order: by person, newest first.

use std::cmp::{Ordering, Reverse};
use std::ops::Range;

use arrow::array::{Array, Int64Array, StringArray};
use rayon::prelude::*;

use crate::error::{Result, codable, same_length, within};

/// One row a record (of any source) of a person, in any order.
#[derive(Debug, Clone, Copy)]
pub struct Candidates<'a> {
    /// Number of the row's person, below `persons`.
    pub person: &'a [u32],
    /// How many persons there are; results have one row for each.
    pub persons: usize,
    /// When the row was observed: microseconds since 1970, UTC. Null: not known.
    pub observed_at: &'a Int64Array,
    /// The source's place in the job: the smaller is preferred in ties.
    pub source: &'a [u16],
    /// The record's key within its source, without nulls.
    pub key: &'a StringArray,
}

/// The candidates put in order, once for all fields.
#[derive(Debug, Clone)]
pub struct Order {
    /// Where each person's rows start in `rows`; one more at the end.
    starts: Vec<u32>,
    /// Row numbers: by person, then newest first, then source, then key.
    rows: Vec<u32>,
    /// For each row its place in that order. Rows that only their values tell apart share one.
    pub(super) place: Vec<u32>,
    pub(super) observed_at: Vec<Option<i64>>,
    pub(super) source: Vec<u16>,
}

impl Order {
    /// Puts the candidates in order.
    ///
    /// # Errors
    /// When columns differ in length, or a person's number is not below `persons`.
    pub fn of(candidates: &Candidates) -> Result<Self> {
        let count = candidates.person.len();
        codable("candidates", count)?;
        same_length("observed_at", count, candidates.observed_at.len())?;
        same_length("source", count, candidates.source.len())?;
        same_length("key", count, candidates.key.len())?;
        let most = candidates.person.iter().copied().max();
        within("person", candidates.persons, most.map(u64::from))?;
        let observed_at: Vec<Option<i64>> = candidates.observed_at.iter().collect();
        let starts = starts(candidates);
        let mut rows = by_person(candidates, &starts);
        let compare =
            |a: &u32, b: &u32| compare(candidates, &observed_at, *a as usize, *b as usize);
        let person = |row: &u32| candidates.person[*row as usize];
        let persons = rows.par_chunk_by_mut(|a, b| person(a) == person(b));
        persons
            .filter(|rows| rows.len() > 1)
            .for_each(|rows| rows.sort_unstable_by(compare));
        let mut place = vec![0; count];
        let mut at = 0;
        for pair in rows.windows(2) {
            let apart = person(&pair[0]) != person(&pair[1]) || compare(&pair[0], &pair[1]).is_ne();
            at += u32::from(apart);
            place[pair[1] as usize] = at;
        }
        Ok(Self {
            starts,
            rows,
            place,
            observed_at,
            source: candidates.source.to_vec(),
        })
    }

    /// How many persons results have.
    pub fn persons(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many rows there are to choose from.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True when there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The person's rows, newest first.
    pub(super) fn rows(&self, person: usize) -> &[u32] {
        let range: Range<usize> = self.starts[person] as usize..self.starts[person + 1] as usize;
        &self.rows[range]
    }
}

/// Compares two rows of one person.
fn compare(candidates: &Candidates, observed_at: &[Option<i64>], a: usize, b: usize) -> Ordering {
    // None is smaller than any time, so that it comes last in reverse.
    let newest = Reverse(observed_at[a]).cmp(&Reverse(observed_at[b]));
    let source = || candidates.source[a].cmp(&candidates.source[b]);
    let key = || candidates.key.value(a).cmp(candidates.key.value(b));
    newest.then_with(source).then_with(key)
}

fn starts(candidates: &Candidates) -> Vec<u32> {
    let mut starts = vec![0u32; candidates.persons + 1];
    for person in candidates.person {
        starts[*person as usize + 1] += 1;
    }
    for person in 0..candidates.persons {
        starts[person + 1] += starts[person];
    }
    starts
}

fn by_person(candidates: &Candidates, starts: &[u32]) -> Vec<u32> {
    let mut next = starts.to_vec();
    let mut rows = vec![0; candidates.person.len()];
    for (row, person) in candidates.person.iter().enumerate() {
        let slot = &mut next[*person as usize];
        rows[*slot as usize] = row as u32;
        *slot += 1;
    }
    rows
}
