//! Candidate links in their fixed order.
//!
//! The order is one list of *sections* (must-links; then for each rank its kinds' groups and its scored pairs), each
//! in canonical order inside. A step's *slot* is where its first link stands in the output: comparing slots is
//! comparing steps.

use super::group::Groups;
use super::input::{Extra, Rules, ScoredLink};
use super::order::AnchorOrder;

/// All candidate links of a resolution. Places instead of records.
pub(super) struct Candidates {
    pub groups: Vec<Groups>,
    pub must: Vec<(u32, u32)>,
    pub scored: Vec<ScoredLink>,
    pub sections: Vec<Section>,
}

/// A stretch of the list.
#[derive(Debug, Clone)]
pub(super) enum Section {
    MustLinks,
    Kind { kind: u16, rank: u16 },
    Scored { range: std::ops::Range<usize> },
}

/// One thing to take: a pair, or the members of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    MustLink(u32),
    Group { kind: u16, rank: u16, index: u32 },
    Scored(u32),
}

impl Candidates {
    pub fn of(groups: Vec<Groups>, extra: &Extra, rules: &Rules, order: &AnchorOrder) -> Self {
        let mut must = placed(extra.must_link, order);
        must.sort_unstable();
        must.dedup();
        let scored = placed_scored(extra.scored, order);
        let sections = sections(rules, &scored);
        Self {
            groups,
            must,
            scored,
            sections,
        }
    }

    /// Calls `each` with every step, its slot, and its records' places (at least two), in order.
    pub fn for_each(&self, mut each: impl FnMut(Step, usize, &[u32])) {
        let mut slot = 0;
        let mut take = |step, places: &[u32]| {
            each(step, slot, places);
            slot += places.len() - 1;
        };
        for section in &self.sections {
            match section {
                Section::MustLinks => {
                    for (at, (a, b)) in self.must.iter().enumerate() {
                        take(Step::MustLink(at as u32), &[*a, *b]);
                    }
                }
                Section::Kind { kind, rank } => {
                    let (kind, rank) = (*kind, *rank);
                    for (at, (_, members)) in self.groups[kind as usize].iter().enumerate() {
                        if members.len() > 1 {
                            let index = at as u32;
                            take(Step::Group { kind, rank, index }, members);
                        }
                    }
                }
                Section::Scored { range } => {
                    for at in range.clone() {
                        let link = &self.scored[at];
                        take(Step::Scored(at as u32), &[link.a, link.b]);
                    }
                }
            }
        }
    }
}

fn sections(rules: &Rules, scored: &[ScoredLink]) -> Vec<Section> {
    let kinds = rules
        .kinds
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.links);
    let kinds: Vec<(u16, u16)> = kinds.map(|(kind, rule)| (rule.rank, kind as u16)).collect();
    let mut ranks: Vec<u16> = kinds.iter().map(|(rank, _)| *rank).collect();
    ranks.extend(scored.iter().map(|link| link.rank));
    ranks.sort_unstable();
    ranks.dedup();
    let mut sections = vec![Section::MustLinks];
    for rank in ranks {
        let ranked = kinds.iter().filter(|(kind_rank, _)| *kind_rank == rank);
        sections.extend(ranked.map(|(rank, kind)| Section::Kind {
            kind: *kind,
            rank: *rank,
        }));
        let start = scored.partition_point(|link| link.rank < rank);
        let end = scored.partition_point(|link| link.rank <= rank);
        sections.push(Section::Scored { range: start..end });
    }
    sections
}

/// Pairs of places, the earlier first, without pairs of a record and itself.
pub(super) fn placed(pairs: &[(u32, u32)], order: &AnchorOrder) -> Vec<(u32, u32)> {
    let place = |record: u32| order.place[record as usize];
    let pairs = pairs.iter().map(|(a, b)| (place(*a), place(*b)));
    pairs
        .filter(|(a, b)| a != b)
        .map(|(a, b)| (a.min(b), a.max(b)))
        .collect()
}

fn placed_scored(scored: &[ScoredLink], order: &AnchorOrder) -> Vec<ScoredLink> {
    let place = |record: u32| order.place[record as usize];
    let mut links: Vec<ScoredLink> = scored
        .iter()
        .map(|link| {
            let (a, b) = (place(link.a), place(link.b));
            let (a, b) = (a.min(b), a.max(b));
            ScoredLink { a, b, ..*link }
        })
        .filter(|link| link.a != link.b)
        .collect();
    links.sort_unstable_by(|x, y| {
        let heavier = y.weight.total_cmp(&x.weight);
        let places = (x.a, x.b).cmp(&(y.a, y.b));
        x.rank.cmp(&y.rank).then(heavier).then(places)
    });
    links
}
