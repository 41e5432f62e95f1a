//! The records that share a value: one group a (kind, value), members in anchor order.
//!
//! Built by counting when codes are dense (a whole lake) and by sorting when they are sparse (a few touched
//! components under codes of a large dictionary).

use rayon::prelude::*;

use super::input::{Identifiers, KindRule, NULL_CODE};
use super::limit::is_over;

/// One value and who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    start: u32,
    len: u32,
    pub value: u32,
}

/// All groups of one kind, in canonical order: by their members' places.
pub(super) struct Groups {
    groups: Vec<Group>,
    /// Places in anchor order; each group is a sorted run without repeats.
    members: Vec<u32>,
}

impl Groups {
    /// The groups of `kind` whose value is under the limit. Groups of one record are left out unless the kind's
    /// values are counted. `first_seen_at` is by place.
    pub fn of(
        kind: u16,
        rule: &KindRule,
        identifiers: &Identifiers,
        place: &[u32],
        first_seen_at: &[i64],
    ) -> Self {
        let mut runs = runs_of(kind, identifiers, place);
        let limit = rule.limit.filter(|_| identifiers.over_limit.is_none());
        let members_min = if rule.max_per_person.is_some() { 1 } else { 2 };
        let mut groups = Vec::new();
        for run in &mut runs.runs {
            let members = &mut runs.members[run.range()];
            run.len = sorted_distinct(members) as u32;
            let over = limit
                .is_some_and(|limit| is_over(&limit, &members[..run.len as usize], first_seen_at));
            if run.len >= members_min && !over {
                groups.push(*run);
            }
        }
        let mut groups = Self {
            groups,
            members: runs.members,
        };
        groups.put_in_order();
        groups
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Group, &[u32])> {
        self.groups.iter().map(|group| (group, self.members(group)))
    }

    pub fn get(&self, index: u32) -> (&Group, &[u32]) {
        let group = &self.groups[index as usize];
        (group, self.members(group))
    }

    pub fn par_members(&self) -> impl ParallelIterator<Item = &[u32]> {
        self.groups
            .par_iter()
            .with_min_len(1024)
            .map(|group| self.members(group))
    }

    fn members(&self, group: &Group) -> &[u32] {
        &self.members[group.range()]
    }

    fn put_in_order(&mut self) {
        let members = &self.members;
        let first = |group: &Group| members[group.start as usize];
        self.groups.par_sort_unstable_by(|a, b| {
            first(a)
                .cmp(&first(b))
                .then_with(|| members[a.range()].cmp(&members[b.range()]))
                .then_with(|| a.value.cmp(&b.value))
        });
    }
}

impl Group {
    fn range(&self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }
}

/// Members laid out value after value, not yet sorted within one.
struct Runs {
    runs: Vec<Group>,
    members: Vec<u32>,
}

fn runs_of(kind: u16, identifiers: &Identifiers, place: &[u32]) -> Runs {
    let mut rows = 0usize;
    let mut codes = 0usize;
    for (_, value) in rows_of(kind, identifiers) {
        rows += 1;
        codes = codes.max(value as usize + 1);
    }
    if codes <= 4 * rows + 1024 {
        counted(kind, identifiers, place, rows, codes)
    } else {
        sorted(kind, identifiers, place)
    }
}

/// (row, value) of the kind's rows that count.
fn rows_of<'a>(kind: u16, identifiers: &'a Identifiers) -> impl Iterator<Item = (usize, u32)> + 'a {
    let over = identifiers.over_limit;
    let kinds = identifiers.kind.iter().zip(identifiers.value).enumerate();
    kinds.filter_map(move |(row, (row_kind, value))| {
        let counts =
            *row_kind == kind && *value != NULL_CODE && !over.is_some_and(|over| over.value(row));
        counts.then_some((row, *value))
    })
}

fn counted(kind: u16, identifiers: &Identifiers, place: &[u32], rows: usize, codes: usize) -> Runs {
    let mut ends = vec![0u32; codes];
    for (_, value) in rows_of(kind, identifiers) {
        ends[value as usize] += 1;
    }
    let mut runs = Vec::new();
    let mut start = 0;
    for (value, slot) in ends.iter_mut().enumerate() {
        let len = *slot;
        *slot = start;
        if len > 0 {
            let value = value as u32;
            runs.push(Group { start, len, value });
        }
        start += len;
    }
    let mut members = vec![0; rows];
    for (row, value) in rows_of(kind, identifiers) {
        let slot = &mut ends[value as usize];
        members[*slot as usize] = place[identifiers.record[row] as usize];
        *slot += 1;
    }
    Runs { runs, members }
}

fn sorted(kind: u16, identifiers: &Identifiers, place: &[u32]) -> Runs {
    let mut pairs: Vec<(u32, u32)> = rows_of(kind, identifiers)
        .map(|(row, value)| (value, place[identifiers.record[row] as usize]))
        .collect();
    pairs.sort_unstable();
    let mut runs: Vec<Group> = Vec::new();
    for (at, (value, _)) in pairs.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.value == *value => run.len += 1,
            _ => runs.push(Group {
                start: at as u32,
                len: 1,
                value: *value,
            }),
        }
    }
    let members = pairs.into_iter().map(|(_, place)| place).collect();
    Runs { runs, members }
}

/// Sorts, moves the distinct to the front, and says how many they are.
fn sorted_distinct(members: &mut [u32]) -> usize {
    match members {
        [] => return 0,
        [_] => return 1,
        _ => members.sort_unstable(),
    }
    let mut kept = 1;
    for at in 1..members.len() {
        if members[at] != members[kept - 1] {
            members[kept] = members[at];
            kept += 1;
        }
    }
    kept
}
