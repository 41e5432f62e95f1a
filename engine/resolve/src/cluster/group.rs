//! The records that share a value: one group a (kind, value), members in anchor order.

use rayon::prelude::*;

use super::input::{Identifiers, KindRule};
use super::limit::is_over;
use super::partition::Partition;

/// One value and who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    start: u32,
    len: u32,
    pub value: u32,
}

impl Group {
    pub fn len(&self) -> usize {
        self.len as usize
    }

    fn range(&self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }
}

/// All groups of one kind, in canonical order: by their members' places.
pub(super) struct Groups {
    groups: Vec<Group>,
    /// Places in anchor order; each group is a sorted run without repeats.
    members: Vec<u32>,
}

impl Groups {
    /// For each kind the groups whose value is under its limit. Groups of one record are left out unless the kind's
    /// values are counted. `first_seen_at` is by place.
    pub fn of_kinds(
        rules: &[KindRule],
        identifiers: &Identifiers,
        place: &[u32],
        first_seen_at: &[i64],
    ) -> Vec<Self> {
        let partition = Partition::of(rules, identifiers, place);
        let known = identifiers.over_limit.is_some();
        let kinds = rules.par_iter().enumerate().with_max_len(1);
        kinds
            .map(|(kind, rule)| {
                let buckets = partition.sorted(kind);
                let parts: Vec<Self> = buckets
                    .map(|rows| Self::of_bucket(&rows, rule, known, first_seen_at))
                    .collect();
                Self::joined(&parts).in_order()
            })
            .collect()
    }

    fn of_bucket(rows: &[u64], rule: &KindRule, limits_known: bool, first_seen_at: &[i64]) -> Self {
        let limit = rule.limit.filter(|_| !limits_known);
        let members_min = if rule.max_per_person.is_some() { 1 } else { 2 };
        let mut kept = Self {
            groups: Vec::with_capacity(rows.len() / 2),
            members: Vec::with_capacity(rows.len()),
        };
        for run in rows.chunk_by(|a, b| a >> 32 == b >> 32) {
            if run.len() < members_min {
                continue;
            }
            let start = kept.members.len();
            kept.members.extend(run.iter().map(|row| *row as u32));
            if limit.is_some_and(|limit| is_over(&limit, &kept.members[start..], first_seen_at)) {
                kept.members.truncate(start);
                continue;
            }
            kept.groups.push(Group {
                start: start as u32,
                len: run.len() as u32,
                value: (run[0] >> 32) as u32,
            });
        }
        kept
    }

    fn joined(parts: &[Self]) -> Self {
        let groups = parts.iter().map(|part| part.groups.len()).sum();
        let members = parts.iter().map(|part| part.members.len()).sum();
        let mut all = Self {
            groups: Vec::with_capacity(groups),
            members: Vec::with_capacity(members),
        };
        for part in parts {
            let before = all.members.len() as u32;
            let groups = part.groups.iter().map(|group| Group {
                start: before + group.start,
                ..*group
            });
            all.groups.extend(groups);
            all.members.extend_from_slice(&part.members);
        }
        all
    }

    fn in_order(mut self) -> Self {
        let members = &self.members;
        let first = |group: &Group| members[group.start as usize];
        let numbered = self.groups.iter().enumerate();
        let mut order: Vec<u64> = numbered
            .map(|(at, group)| u64::from(first(group)) << 32 | at as u64)
            .collect();
        order.par_sort_unstable();
        let in_order = order
            .iter()
            .map(|number| self.groups[*number as u32 as usize]);
        let mut groups: Vec<Group> = in_order.collect();
        for ties in groups.chunk_by_mut(|a, b| first(a) == first(b)) {
            if ties.len() > 1 {
                ties.sort_by(|a, b| members[a.range()].cmp(&members[b.range()]));
            }
        }
        self.groups = groups;
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Group, &[u32])> {
        self.groups.iter().map(|group| (group, self.members(group)))
    }

    pub fn as_slice(&self) -> &[Group] {
        &self.groups
    }

    pub fn par_members(&self) -> impl ParallelIterator<Item = &[u32]> {
        let groups = self.groups.par_iter().with_min_len(1024);
        groups.map(|group| self.members(group))
    }

    pub fn members(&self, group: &Group) -> &[u32] {
        &self.members[group.range()]
    }
}
