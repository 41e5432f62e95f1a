//! Connected components of the scored pairs, with all that is known of the pairs inside them, and what becomes of those
//! too large to compare each with each.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::LinkRules;
use super::connected::connected;
use crate::matching::error::Result;
use crate::matching::frame::Frame;
use crate::matching::group;
use crate::matching::pattern::{NO_PATTERN, Radix};
use crate::matching::score::{Pair, ScoredPairs};

/// The components that scored pairs make. Pairs inside are compared once, however often they are weighed; those that
/// were scored are not compared again.
#[derive(Debug)]
pub struct Components {
    pub(in crate::matching) radix: Radix,
    pub(in crate::matching) rules: LinkRules,
    /// Records in anchor order.
    pub(super) order: Vec<u32>,
    /// The earliest record that pairs connect each record with, before any component is taken apart.
    pub(super) earliest: Vec<u32>,
    /// The records of each component, one after the other.
    records: Vec<u32>,
    /// The patterns of each component's pairs, one after the other.
    patterns: Vec<u64>,
    bounds: Vec<Bounds>,
}

/// Where a component's records and patterns are.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    first_record: u32,
    records: u32,
    first_pattern: usize,
    certain: bool,
}

/// Records that pairs connect.
#[derive(Debug, Clone, Copy)]
pub(in crate::matching) struct Component<'a> {
    /// In anchor order; two or more.
    pub records: &'a [u32],
    /// Too large to be taken apart, and connected by pairs that weigh as much as any may.
    pub certain: bool,
    patterns: &'a [u64],
}

impl Components {
    /// Connects the records. `pairs` are those above the lowest threshold that is of interest, in any order. `place`
    /// holds each record's place in anchor order (first seen, source, key): a permutation.
    ///
    /// # Errors
    /// When there are too many agreement patterns.
    pub fn new(
        frame: &Frame,
        pairs: &ScoredPairs,
        place: &[u32],
        rules: &LinkRules,
    ) -> Result<Self> {
        let mut components = Self {
            radix: frame.radix()?,
            rules: *rules,
            order: inverse(place),
            earliest: Vec::new(),
            records: Vec::new(),
            patterns: Vec::new(),
            bounds: Vec::new(),
        };
        components.connect(place, &pairs.pairs);
        let patterns = components.remember(pairs);
        components.compare(frame, &patterns);
        components.patterns = patterns.into_iter().map(AtomicU64::into_inner).collect();
        Ok(components)
    }

    pub(in crate::matching) fn len(&self) -> usize {
        self.bounds.len()
    }

    pub(in crate::matching) fn at(&self, at: usize) -> Component<'_> {
        let of = &self.bounds[at];
        let patterns = &self.patterns[of.first_pattern..][..of.pairs()];
        Component {
            records: self.records_of(of),
            certain: of.certain,
            patterns,
        }
    }

    pub(in crate::matching) fn each(&self) -> impl Iterator<Item = Component<'_>> {
        (0..self.len()).map(|at| self.at(at))
    }

    /// Some of them, which have about `pairs_max` pairs together; all if they have fewer.
    pub(in crate::matching) fn drawn(&self, pairs_max: usize) -> Vec<usize> {
        let one_in = self.patterns.len() / pairs_max + 1;
        (0..self.len()).step_by(one_in).collect()
    }

    /// Finds the components.
    fn connect(&mut self, place: &[u32], pairs: &[Pair]) {
        self.earliest = (0..place.len() as u32).collect();
        let threshold = self.rules.threshold;
        let strong = pairs.par_iter().filter(|pair| pair.weight >= threshold);
        let edges = strong.map(|pair| (place[pair.a as usize], place[pair.b as usize]));
        let found = connected(place.len(), edges);
        let mut large = Vec::new();
        for places in found.each() {
            let first = self.order[places[0] as usize];
            for place in places {
                self.earliest[self.order[*place as usize] as usize] = first;
            }
            self.add(places, threshold >= self.rules.weight_max, &mut large);
        }
        if !large.is_empty() {
            self.take_apart(large, place, pairs);
        }
    }

    /// A component that is too large to be one person's and a few look-alikes' falls apart at ever higher thresholds.
    /// What still holds together where pairs count as certain is one person with very many records.
    fn take_apart(&mut self, mut large: Vec<u32>, place: &[u32], pairs: &[Pair]) {
        let edge = |pair: &Pair| (place[pair.a as usize], place[pair.b as usize], pair.weight);
        let mut edges: Vec<(u32, u32, f64)> = pairs.par_iter().map(edge).collect();
        let mut threshold = self.rules.threshold;
        while !large.is_empty() {
            threshold += 1.0;
            let mut places = std::mem::take(&mut large);
            places.sort_unstable();
            let inside = |place: u32| places.binary_search(&place).is_ok();
            edges.retain(|(a, _, weight)| *weight >= threshold && inside(*a));
            let number = |place: u32| places.partition_point(|other| *other < place) as u32;
            let edges = edges.par_iter().map(|(a, b, _)| (number(*a), number(*b)));
            for numbers in connected(places.len(), edges).each() {
                let own: Vec<u32> = numbers.iter().map(|at| places[*at as usize]).collect();
                self.add(&own, threshold >= self.rules.weight_max, &mut large);
            }
        }
    }

    /// Adds the component of these places, or has it wait among the `large` to be taken apart. One that is too large is
    /// certain if it is the last time.
    fn add(&mut self, places: &[u32], last: bool, large: &mut Vec<u32>) {
        let certain = places.len() > self.rules.component_max;
        if certain && !last {
            large.extend_from_slice(places);
            return;
        }
        let first_pattern = self.bounds.last().map_or(0, Bounds::patterns_end);
        self.bounds.push(Bounds {
            first_record: self.records.len() as u32,
            records: places.len() as u32,
            first_pattern,
            certain,
        });
        let order = &self.order;
        let records = places.iter().map(|place| order[*place as usize]);
        self.records.extend(records);
    }

    /// Room for the patterns of all pairs inside components; those of scored pairs are known.
    fn remember(&self, scored: &ScoredPairs) -> Vec<AtomicU64> {
        let count = self.bounds.last().map_or(0, Bounds::patterns_end);
        let none = (0..count).into_par_iter().with_min_len(1 << 14);
        let patterns: Vec<AtomicU64> = none.map(|_| AtomicU64::new(NO_PATTERN)).collect();
        // Each record's component and its place in it.
        let mut homes = vec![(u32::MAX, 0); self.order.len()];
        for (component, of) in self.bounds.iter().enumerate() {
            for (rank, record) in (0..).zip(self.records_of(of)) {
                homes[*record as usize] = (component as u32, rank);
            }
        }
        let all = scored.pairs.par_iter().zip(&scored.patterns);
        all.with_min_len(1 << 14).for_each(|(pair, pattern)| {
            let (a, b) = (homes[pair.a as usize], homes[pair.b as usize]);
            let of = self.bounds.get(a.0 as usize).filter(|of| !of.certain);
            if let Some(of) = of.filter(|_| a.0 == b.0) {
                patterns[of.pattern_of(a.1.min(b.1), a.1.max(b.1))].store(*pattern, Relaxed);
            }
        });
        patterns
    }

    /// Compares the pairs inside components that no rule brought together, or that weigh little.
    fn compare(&self, frame: &Frame, patterns: &[AtomicU64]) {
        let some = self.bounds.par_chunks(TOGETHER);
        some.for_each_init(
            || frame.memory(),
            |memory, some| {
                let unknown = self.unknown(frame, some, patterns);
                memory.sheet.lay(frame, &unknown.records);
                let (mut levels, comparisons) = (Vec::new(), frame.model.comparisons.len());
                let pairs = unknown.pairs.chunks(group::TOGETHER);
                for (pairs, at) in pairs.zip(unknown.at.chunks(group::TOGETHER)) {
                    frame.levels(memory, pairs, &mut levels);
                    for (levels, at) in levels.chunks(comparisons.max(1)).zip(at) {
                        patterns[*at].store(self.radix.number(levels), Relaxed);
                    }
                }
            },
        );
    }

    fn unknown(&self, frame: &Frame, some: &[Bounds], patterns: &[AtomicU64]) -> Unknown {
        let mut unknown = Unknown::default();
        for of in some.iter().filter(|of| !of.certain) {
            let (records, first) = (self.records_of(of), unknown.records.len() as u32);
            let before = unknown.pairs.len();
            let mut at = of.first_pattern;
            for (a, one) in (0..).zip(records) {
                for (b, other) in (a + 1..).zip(&records[a as usize + 1..]) {
                    let is_known = patterns[at].load(Relaxed) != NO_PATTERN;
                    if !is_known && !frame.columns.one_source(*one, *other) {
                        unknown.pairs.push((first + a, first + b));
                        unknown.at.push(at);
                    }
                    at += 1;
                }
            }
            if unknown.pairs.len() > before {
                unknown.records.extend_from_slice(records);
            }
        }
        unknown
    }

    fn records_of(&self, of: &Bounds) -> &[u32] {
        &self.records[of.first_record as usize..][..of.records as usize]
    }
}

/// Pairs inside some components that are to be compared.
#[derive(Debug, Default)]
struct Unknown {
    records: Vec<u32>,
    /// By places among the records.
    pairs: Vec<(u32, u32)>,
    /// Where their patterns belong.
    at: Vec<usize>,
}

/// So many components are laid out together; most hold a few records.
const TOGETHER: usize = 256;

impl Bounds {
    /// How many pairs have patterns.
    fn pairs(&self) -> usize {
        let records = self.records as usize;
        if self.certain {
            0
        } else {
            records * (records - 1) / 2
        }
    }

    fn patterns_end(&self) -> usize {
        self.first_pattern + self.pairs()
    }

    /// Where the pattern of two records is, the earlier first.
    fn pattern_of(&self, a: u32, b: u32) -> usize {
        let (a, b, records) = (a as usize, b as usize, self.records as usize);
        self.first_pattern + a * (2 * records - a - 1) / 2 + b - a - 1
    }
}

impl Component<'_> {
    /// Each record with each later one, in the order of the patterns.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        let records = self.records;
        let later = move |at: usize| records[at + 1..].iter().map(move |b| (records[at], *b));
        (0..records.len()).flat_map(later)
    }

    /// The agreement pattern of each with each later one; None where both are of one source. Empty if certain.
    pub fn patterns(&self) -> impl Iterator<Item = Option<u64>> {
        let known = |pattern: &u64| Some(*pattern).filter(|pattern| *pattern != NO_PATTERN);
        self.patterns.iter().map(known)
    }
}

/// What stands at each place.
fn inverse(place: &[u32]) -> Vec<u32> {
    let mut order = vec![0; place.len()];
    for (record, place) in place.iter().enumerate() {
        order[*place as usize] = record as u32;
    }
    order
}
