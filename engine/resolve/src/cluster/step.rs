//! Candidate links in their fixed order.
//!
//! The order is one list: must-links; then for each rank its kinds' groups and its scored pairs, each in canonical
//! order. It is cut into *stretches*, so that threads can share it. A link's *slot* is where it stands in the output:
//! comparing slots is comparing turns.

use super::group::{Group, Groups};
use super::input::{Extra, Rules, ScoredLink};
use super::order::AnchorOrder;
use super::output::Evidence;

/// At most so many steps in a stretch.
const STRETCH_STEPS: usize = 8192;

/// All candidate links of a resolution. Places instead of records.
pub(super) struct Candidates {
    pub groups: Vec<Groups>,
    pub must: Vec<(u32, u32)>,
    pub scored: Vec<ScoredLink>,
}

/// Consecutive steps of one sort.
pub(super) struct Stretch<'a> {
    /// Where its first link stands in the output.
    pub slot: usize,
    /// How many links it has.
    pub links: usize,
    steps: Steps<'a>,
}

enum Steps<'a> {
    MustLinks(&'a [(u32, u32)]),
    Kind {
        kind: u16,
        rank: u16,
        groups: &'a [Group],
        all: &'a Groups,
    },
    Scored(&'a [ScoredLink]),
}

/// One thing to take: two records or the members of a group, and what speaks for it.
pub(super) struct Step<'a> {
    pub slot: usize,
    /// In anchor order, at least two.
    pub places: &'a [u32],
    pub evidence: Evidence,
    pub rank: u16,
}

impl Candidates {
    pub fn of(groups: Vec<Groups>, extra: &Extra, order: &AnchorOrder) -> Self {
        let mut must = placed(extra.must_link, order);
        must.sort_unstable();
        must.dedup();
        Self {
            groups,
            must,
            scored: placed_scored(extra.scored, order),
        }
    }

    /// The whole list.
    pub fn stretches<'a>(&'a self, rules: &Rules) -> Vec<Stretch<'a>> {
        let mut stretches: Vec<Stretch<'a>> = Vec::new();
        let mut add = |steps: Steps<'a>| {
            let slot = stretches.last().map_or(0, |last| last.slot + last.links);
            let links = steps.links();
            stretches.push(Stretch { slot, links, steps });
        };
        self.must
            .chunks(STRETCH_STEPS)
            .for_each(|pairs| add(Steps::MustLinks(pairs)));
        for rank in self.ranks(rules) {
            let kinds = rules.kinds.iter().zip(&self.groups).enumerate();
            for (kind, (_, all)) in kinds.filter(|(_, (rule, _))| rule.links && rule.rank == rank) {
                let kind = kind as u16;
                for groups in all.as_slice().chunks(STRETCH_STEPS) {
                    add(Steps::Kind {
                        kind,
                        rank,
                        groups,
                        all,
                    });
                }
            }
            let start = self.scored.partition_point(|link| link.rank < rank);
            let end = self.scored.partition_point(|link| link.rank <= rank);
            self.scored[start..end]
                .chunks(STRETCH_STEPS)
                .for_each(|links| add(Steps::Scored(links)));
        }
        stretches
    }

    fn ranks(&self, rules: &Rules) -> Vec<u16> {
        let linking = rules.kinds.iter().filter(|rule| rule.links);
        let mut ranks: Vec<u16> = linking.map(|rule| rule.rank).collect();
        ranks.extend(
            self.scored
                .chunk_by(|a, b| a.rank == b.rank)
                .map(|run| run[0].rank),
        );
        ranks.sort_unstable();
        ranks.dedup();
        ranks
    }
}

impl Steps<'_> {
    fn links(&self) -> usize {
        match self {
            Self::MustLinks(pairs) => pairs.len(),
            Self::Kind { groups, .. } => groups.iter().map(|group| group.len() - 1).sum(),
            Self::Scored(links) => links.len(),
        }
    }
}

impl Stretch<'_> {
    /// Calls `each` with every step, in order.
    pub fn for_each(&self, mut each: impl FnMut(Step)) {
        let mut slot = self.slot;
        let mut take = |places: &[u32], evidence, rank| {
            each(Step {
                slot,
                places,
                evidence,
                rank,
            });
            slot += places.len() - 1;
        };
        match &self.steps {
            Steps::MustLinks(pairs) => {
                for (a, b) in *pairs {
                    take(&[*a, *b], Evidence::MustLink, 0);
                }
            }
            Steps::Kind {
                kind,
                rank,
                groups,
                all,
            } => {
                for group in groups.iter().filter(|group| group.len() > 1) {
                    let (kind, value) = (*kind, group.value);
                    take(
                        all.members(group),
                        Evidence::Identifier { kind, value },
                        *rank,
                    );
                }
            }
            Steps::Scored(links) => {
                for link in *links {
                    let weight = link.weight;
                    take(&[link.a, link.b], Evidence::Score { weight }, link.rank);
                }
            }
        }
    }
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
