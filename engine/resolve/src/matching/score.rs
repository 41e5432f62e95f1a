//! Scoring: blocking and comparison in one loop; only pairs that reach the threshold are kept.
//!
//! The weight of a pair is the logarithm (base 2) of the odds that it is one person. Against strangers it is the sum
//! that Fellegi and Sunter give:
//!
//! ```text
//!   log2 prior odds + Σ log2 m/u      u of an exact level on a rare value: the value's share of the records
//! ```
//!
//! Households break the sum's assumption: surname, address and phone agree there together, between two persons. With
//! household weights (h) the pair is held against both alternatives, and the likelier of the two nearly decides:
//!
//! ```text
//!   odds = π_same Π m / (π_stranger Π u + π_household Π h)
//! ```
//!
//! So a pair weighs no more than either alternative alone would leave it, and a bound on either may end a comparison
//! early: what the rows' agreement leaves possible, then what signatures leave possible, then the distances, as long as
//! the threshold is within reach.

use std::sync::Arc;

use hashbrown::HashMap;

use super::block::Blocks;
use super::case::Case;
use super::columns::Columns;
use super::error::{Error, Result};
use super::frame::{Frame, Memory};
use super::group::{self, Group};
use super::labels::Correction;
use super::link::{Component, Components};
use super::model::{Comparison, LevelWeight, Model, TermFrequency, Trained, Weights};
use super::pattern::Radix;
use super::prospect::{Bound, Hopes, Prospect, Reached, SLACK, Stake};
use super::scan::{self, Batch};
use crate::cluster::NULL_CODE;

/// Two records, the lesser first, and the logarithm (base 2) of the odds that they are one person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub a: u32,
    pub b: u32,
    pub weight: f64,
}

/// Pairs, and the pattern that each came to, so that nobody need compare them again.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScoredPairs {
    pub pairs: Vec<Pair>,
    /// Parallel to the pairs.
    pub(super) patterns: Vec<u64>,
}

/// A frame with weights.
#[derive(Debug)]
pub struct Scorer<'a> {
    pub(super) frame: &'a Frame<'a>,
    radix: Radix,
    prior: f64,
    household_prior: Option<f64>,
    /// The levels of each comparison.
    comparisons: Vec<Vec<WeighedLevel>>,
    /// What labels correct inside components.
    correction: Option<Correction>,
}

#[derive(Debug, Clone)]
struct WeighedLevel {
    stranger: f64,
    household: f64,
    /// The greatest that it can be.
    most: Bound,
    rarity: Option<Rarity>,
}

/// What a value's rarity adds to its level, relative to the level's own weight. Values that occur equally often are of
/// one class: two bytes a value stay nearer to the core than eight.
#[derive(Debug, Clone)]
struct Rarity {
    field: usize,
    /// Indexed by code; shared by all weights of a run. There are few enough classes: the first 2^16 numbers sum to
    /// more records than there may be.
    classes: Arc<[u16]>,
    /// Indexed by class.
    added: Arc<[f64]>,
    most: f64,
    /// What it takes off that a value's occurrences count the record itself, which chance agreement does not.
    itself: f64,
}

impl Rarity {
    /// The same where agreement is no surprise. Between strangers the weight of an agreement is that of its value, and
    /// one record more or less is nothing to it. Inside a component what remains is how rare the value is *for one that
    /// agrees*, and that must be 0 on average, in a set where most values occur once as well.
    fn inside(&self) -> Self {
        Self {
            added: self.added.iter().map(|added| added + self.itself).collect(),
            most: (self.most + self.itself).max(0.0),
            ..self.clone()
        }
    }
}

/// What a thread needs to score.
#[derive(Debug)]
pub(super) struct Desk {
    memory: Memory,
    levels: Vec<u8>,
    /// Parallel to the memory's cases.
    prospects: Vec<Prospect>,
    hopes: Hopes,
}

impl ScoredPairs {
    fn concat(parts: Vec<Self>) -> Self {
        let count = parts.iter().map(|part| part.pairs.len()).sum();
        let mut all = Self {
            pairs: Vec::with_capacity(count),
            patterns: Vec::with_capacity(count),
        };
        for part in parts {
            all.pairs.extend_from_slice(&part.pairs);
            all.patterns.extend_from_slice(&part.patterns);
        }
        all
    }
}

impl<'a> Scorer<'a> {
    /// # Errors
    /// When the weights were made for another model, or there are too many agreement patterns.
    pub fn new(frame: &'a Frame<'a>, weights: &Weights) -> Result<Self> {
        weights.fit(frame.model)?;
        let comparisons = frame.model.comparisons.iter().zip(&weights.levels);
        let rarities = comparisons.map(|(comparison, levels)| rarities(frame, comparison, levels));
        let rarities = rarities.collect::<Result<_>>()?;
        let radix = frame.radix()?;
        Ok(Self::with_rarities(frame, radix, weights, rarities))
    }

    /// The same, for pairs inside a component: other shares, the same rarities, and what labels correct.
    ///
    /// # Errors
    /// When the weights were made for another model.
    pub fn inside(&self, trained: &Trained) -> Result<Self> {
        trained.inside.fit(self.frame.model)?;
        let rarity = |level: &WeighedLevel| level.rarity.as_ref().map(Rarity::inside);
        let rarities = self
            .comparisons
            .iter()
            .map(|levels| levels.iter().map(rarity).collect());
        let (frame, radix) = (self.frame, self.radix.clone());
        let mut inside = Self::with_rarities(frame, radix, &trained.inside, rarities.collect());
        inside.correction = trained.correction.clone();
        if let Some(correction) = &inside.correction {
            correction.fit(self.frame.model)?;
        }
        Ok(inside)
    }

    /// `rarities` are those of each comparison's levels.
    fn with_rarities(
        frame: &'a Frame<'a>,
        radix: Radix,
        weights: &Weights,
        rarities: Vec<Vec<Option<Rarity>>>,
    ) -> Self {
        let levels = weights.levels.iter().zip(rarities);
        let levels = frame.model.comparisons.iter().zip(levels);
        let comparisons =
            levels.map(|(comparison, (levels, rarities))| weigh(comparison, levels, rarities));
        let household_prior = weights
            .household
            .map(|household| (weights.prior / household).log2());
        Self {
            frame,
            radix,
            prior: (weights.prior / (1.0 - weights.prior)).log2(),
            household_prior,
            comparisons: comparisons.collect(),
            correction: None,
        }
    }

    /// All candidate pairs of at least this weight, in no particular order.
    pub fn pairs(&self, blocks: &Blocks, threshold: f64) -> ScoredPairs {
        self.pairs_where(blocks, threshold, |_, _| ())
    }

    fn pairs_where(
        &self,
        blocks: &Blocks,
        threshold: f64,
        choose: impl Fn(&[u32], &mut Vec<(u32, u32)>) + Sync + Send,
    ) -> ScoredPairs {
        let visit = |desk: &mut Desk, found: &mut ScoredPairs, batch: &Batch| {
            desk.memory.sheet.lay(self.frame, &batch.records);
            for pairs in batch.pairs.chunks(group::TOGETHER) {
                self.reach(desk, pairs, threshold);
                found.pairs.extend(desk.hopes.found.iter().map(|reached| {
                    let (a, b) = pairs[reached.pair as usize];
                    let (a, b) = (batch.records[a as usize], batch.records[b as usize]);
                    let weight = reached.weight;
                    Pair { a, b, weight }
                }));
                let patterns = desk.hopes.found.iter().map(|reached| reached.pattern);
                found.patterns.extend(patterns);
            }
        };
        let (columns, desk) = (self.frame.columns, || self.desk());
        let found = scan::scan(blocks, columns, choose, desk, ScoredPairs::default, visit);
        ScoredPairs::concat(found)
    }

    /// The same, of pairs with at least one record that is `touched`.
    pub fn pairs_touching(&self, blocks: &Blocks, threshold: f64, touched: &[bool]) -> Vec<Pair> {
        let choose = |records: &[u32], pairs: &mut Vec<(u32, u32)>| {
            let is_touched = |place: u32| touched[records[place as usize] as usize];
            pairs.retain(|(a, b)| is_touched(*a) || is_touched(*b));
        };
        self.pairs_where(blocks, threshold, choose).pairs
    }

    /// What any two records begin with: the logarithm (base 2) of the prior odds.
    pub fn prior(&self) -> f64 {
        self.prior
    }

    /// The weight of any two records.
    pub fn weight(&self, a: u32, b: u32) -> f64 {
        self.weight_with(&mut self.desk(), a, b)
    }

    /// The level of each comparison for two records, and what it weighs against strangers.
    pub fn explain(&self, a: u32, b: u32) -> Vec<(u8, f64)> {
        let mut desk = self.desk();
        desk.memory.sheet.lay(self.frame, &[a, b]);
        let pair = &[(0, 1)];
        self.frame.levels(&mut desk.memory, pair, &mut desk.levels);
        let (row_a, row_b) = (self.frame.row(a), self.frame.row(b));
        let weigh = |(levels, level): (&Vec<WeighedLevel>, &u8)| {
            let weight = levels[*level as usize].against_strangers(row_a, row_b);
            (*level, weight)
        };
        let reached = self.comparisons.iter().zip(&desk.levels);
        reached.map(weigh).collect()
    }

    /// Of each of a component's records with each later one.
    pub(super) fn weights(&self, of: &Component, all: &Components) -> Vec<f64> {
        let mut weights = Vec::new();
        self.weigh(of, all, &mut weights);
        weights
    }

    /// The same, in place of other weights.
    pub(super) fn weigh(&self, of: &Component, all: &Components, weights: &mut Vec<f64>) {
        weights.clear();
        weights.extend(self.each_uncorrected(of, all));
        if let Some(correction) = &self.correction {
            correction.correct(of, all, weights);
        }
    }

    /// The same, as trained without labels.
    pub(super) fn uncorrected(&self, of: &Component, all: &Components) -> Vec<f64> {
        self.each_uncorrected(of, all).collect()
    }

    fn each_uncorrected(&self, of: &Component, all: &Components) -> impl Iterator<Item = f64> {
        let weigh = |((a, b), pattern): ((u32, u32), Option<u64>)| {
            let Some(pattern) = pattern else {
                return -all.rules.weight_max;
            };
            let levels = all.radix.levels(pattern);
            self.total(levels, self.frame.row(a), self.frame.row(b))
        };
        of.pairs().zip(of.patterns()).map(weigh)
    }

    pub(super) fn correction(&self) -> Option<&Correction> {
        self.correction.as_ref()
    }

    pub(super) fn columns(&self) -> &Columns {
        self.frame.columns
    }

    pub(super) fn model(&self) -> &Model {
        self.frame.model
    }

    pub(super) fn desk(&self) -> Desk {
        Desk {
            memory: self.frame.memory(),
            levels: Vec::new(),
            prospects: Vec::new(),
            hopes: Hopes::default(),
        }
    }

    pub(super) fn weight_with(&self, desk: &mut Desk, a: u32, b: u32) -> f64 {
        desk.memory.sheet.lay(self.frame, &[a, b]);
        let pair = &[(0, 1)];
        self.frame.levels(&mut desk.memory, pair, &mut desk.levels);
        let levels = desk.levels.iter().copied();
        self.total(levels, self.frame.row(a), self.frame.row(b))
    }

    /// Finds the pairs on the sheet whose weights reach the threshold, in order.
    fn reach(&self, desk: &mut Desk, pairs: &[(u32, u32)], threshold: f64) {
        let (memory, hopes) = (&mut desk.memory, &mut desk.hopes);
        let (groups, sheet) = (&mut memory.groups, &mut memory.sheet);
        groups.sort(self.frame, sheet, &mut memory.cases, pairs);
        for case in &memory.cases.all[desk.prospects.len()..] {
            desk.prospects.push(self.prospect(case));
        }
        hopes.found.clear();
        for (at, range) in groups.each() {
            let (case, prospect) = (&memory.cases.all[at], &desk.prospects[at]);
            let mut most = prospect.most;
            most.stranger += prospect.rare_max;
            if most.is_below(threshold - SLACK) {
                continue;
            }
            let mut group = Group {
                frame: self.frame,
                sheet,
                memos: &mut memory.memos,
                sieve: &mut memory.sieve,
                pairs: &groups.pairs[range.clone()],
            };
            let first = hopes.found.len();
            self.judge(case, prospect, &mut group, hopes, threshold);
            for reached in &mut hopes.found[first..] {
                reached.pair = groups.origins[range.start + reached.pair as usize];
            }
        }
        hopes.found.sort_unstable_by_key(|reached| reached.pair);
    }

    /// Finds the pairs of a group whose weights reach the threshold.
    fn judge(
        &self,
        case: &Case,
        prospect: &Prospect,
        group: &mut Group,
        hopes: &mut Hopes,
        threshold: f64,
    ) {
        let (least, count) = (threshold - SLACK, group.pairs.len());
        hopes.begin(prospect, count);
        for (comparison, level) in &prospect.rare {
            let weighed = &self.comparisons[*comparison][*level as usize];
            for (pair, bound) in (0..).zip(&mut hopes.bounds) {
                let (a, b) = group.rows(pair);
                bound.stranger += weighed.added(a, b);
            }
        }
        for (at, stake) in prospect.stakes.iter().enumerate() {
            if !hopes.remain(least, group) {
                return;
            }
            let possible = &mut hopes.possible[at * count..][..count];
            stake.bound(&case.open[stake.at], group, possible);
            for pair in &hopes.alive {
                let pair = *pair as usize;
                hopes.bounds[pair].change(stake.most, possible[pair]);
            }
        }
        hopes.levels.clear();
        (0..count).for_each(|_| hopes.levels.extend_from_slice(&case.levels));
        for (at, stake) in prospect.stakes.iter().enumerate() {
            if !hopes.remain(least, group) {
                return;
            }
            let open = &case.open[stake.at];
            group.settle(open, |group, pair, level| {
                let weighed = &self.comparisons[open.comparison][level as usize];
                let (a, b) = group.rows(pair);
                let (stranger, household) = (weighed.against_strangers(a, b), weighed.household);
                let pair = pair as usize;
                let reached = Bound {
                    stranger,
                    household,
                };
                hopes.bounds[pair].change(hopes.possible[at * count + pair], reached);
                hopes.levels[pair * case.levels.len() + open.comparison] = level;
            });
        }
        for pair in &hopes.alive {
            let (a, b) = group.rows(*pair);
            let levels = &hopes.levels[*pair as usize * case.levels.len()..][..case.levels.len()];
            let weight = self.total(levels.iter().copied(), a, b);
            if weight >= threshold {
                hopes.found.push(Reached {
                    pair: *pair,
                    weight,
                    pattern: self.radix.number(levels),
                });
            }
        }
    }

    fn prospect(&self, case: &Case) -> Prospect {
        let mut prospect = Prospect {
            most: Bound {
                stranger: self.prior,
                household: self.household_prior.unwrap_or(f64::INFINITY),
            },
            rare: Vec::new(),
            rare_max: 0.0,
            stakes: Vec::new(),
        };
        let mut open = case.open.iter().enumerate().peekable();
        for (comparison, level) in case.levels.iter().enumerate() {
            let levels = &self.comparisons[comparison];
            let most = match open.next_if(|(_, open)| open.comparison == comparison) {
                Some((at, open)) => {
                    let candidates = open.candidates.iter();
                    let each = candidates.map(|of| levels[of.level as usize].most);
                    let stake = Stake::new(at, each.collect());
                    let most = stake.most;
                    prospect.stakes.push(stake);
                    most
                }
                None => {
                    let WeighedLevel {
                        stranger,
                        household,
                        ref rarity,
                        ..
                    } = levels[*level as usize];
                    if let Some(rarity) = rarity {
                        prospect.rare.push((comparison, *level));
                        prospect.rare_max += rarity.most;
                    }
                    Bound {
                        stranger,
                        household,
                    }
                }
            };
            prospect.most.stranger += most.stranger;
            prospect.most.household += most.household;
        }
        prospect
            .stakes
            .sort_by(|a, b| b.tells().total_cmp(&a.tells()));
        prospect
    }

    /// The weight of known levels, always summed in the model's order.
    fn total(&self, levels: impl Iterator<Item = u8>, a: &[u32], b: &[u32]) -> f64 {
        let mut stranger = self.prior;
        let mut household = self.household_prior.unwrap_or_default();
        for (weighed, level) in self.comparisons.iter().zip(levels) {
            let level = &weighed[level as usize];
            stranger += level.against_strangers(a, b);
            household += level.household;
        }
        match self.household_prior {
            None => stranger,
            Some(_) => -log2_of_sum(-stranger, -household),
        }
    }
}

impl WeighedLevel {
    fn against_strangers(&self, a: &[u32], b: &[u32]) -> f64 {
        self.stranger + self.added(a, b)
    }

    /// What rarity adds for two records.
    fn added(&self, a: &[u32], b: &[u32]) -> f64 {
        let Some(rarity) = &self.rarity else {
            return 0.0;
        };
        // The more frequent of two values counts, and a missing one does not: Splink's rule.
        let class = |code: u32| rarity.classes[code as usize] as usize;
        let added = |code: u32| (code != NULL_CODE).then(|| rarity.added[class(code)]);
        match (added(a[rarity.field]), added(b[rarity.field])) {
            (Some(a), Some(b)) => a.min(b),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 0.0,
        }
    }
}

fn weigh(
    comparison: &Comparison,
    weights: &[LevelWeight],
    rarities: Vec<Option<Rarity>>,
) -> Vec<WeighedLevel> {
    let levels = comparison.levels.iter().zip(weights).zip(rarities);
    let weighed = levels.map(|((level, weight), rarity)| {
        let (mut stranger, mut household) = (0.0, 0.0);
        if !level.missing {
            stranger = (weight.m / weight.u).log2();
        }
        if !level.missing && weight.h > 0.0 {
            household = (weight.m / weight.h).log2();
        }
        WeighedLevel {
            stranger,
            household,
            most: Bound {
                stranger: stranger + rarity.as_ref().map_or(0.0, |rarity| rarity.most),
                household,
            },
            rarity,
        }
    });
    weighed.collect()
}

/// What rarity adds to each level of a comparison.
fn rarities(
    frame: &Frame,
    comparison: &Comparison,
    weights: &[LevelWeight],
) -> Result<Vec<Option<Rarity>>> {
    let of = |frequency: &TermFrequency| rarity_of(frame, comparison, weights, frequency);
    let levels = comparison.levels.iter();
    levels
        .map(|level| level.term_frequency.as_ref().map(of).transpose())
        .collect()
}

fn rarity_of(
    frame: &Frame,
    comparison: &Comparison,
    weights: &[LevelWeight],
    frequency: &TermFrequency,
) -> Result<Rarity> {
    let unknown = || Error::NoExactLevel {
        name: comparison.name.clone(),
        of: frequency.of.to_string(),
    };
    let mut levels = comparison.levels.iter();
    let exact = levels.position(|level| level.when.is_equal_on(&frequency.of));
    let exact = exact.ok_or_else(unknown)?;
    let field = frame.field_of(&frequency.of).ok_or_else(unknown)?;
    let occurrences = frame.occurrences(field);
    let u = weights[exact].u;
    let log2_u = u.log2();
    let adds = |count: u32| {
        let share = (f64::from(count) / occurrences.present).max(frequency.minimum);
        frequency.weight * (log2_u - share.log2())
    };
    let (mut known, mut added) = (HashMap::new(), Vec::new());
    let class = |count: &u32| {
        *known.entry(*count).or_insert_with(|| {
            added.push(adds(*count));
            (added.len() - 1) as u16
        })
    };
    let classes = occurrences.counts.iter().map(class).collect();
    let most = added.iter().copied().fold(0.0, f64::max);
    Ok(Rarity {
        field,
        classes,
        added: added.into(),
        most,
        itself: frequency.weight * (1.0 + 1.0 / (occurrences.present.max(1.0) * u)).log2(),
    })
}

/// log2(2^a + 2^b).
fn log2_of_sum(a: f64, b: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    high + (low - high).exp2().ln_1p() / std::f64::consts::LN_2
}
