//! Connected components of the scored pairs, with all that is known of the pairs inside them, and what becomes of those
//! too large to compare each with each.

use rayon::prelude::*;

use super::LinkRules;
use crate::cluster::forest::Forest;
use crate::matching::error::Result;
use crate::matching::frame::{Frame, Memory};
use crate::matching::group;
use crate::matching::pattern::Radix;
use crate::matching::score::Pair;

/// The components that scored pairs make. Pairs inside are compared once, however often they are weighed.
#[derive(Debug)]
pub struct Components {
    pub(in crate::matching) all: Vec<Component>,
    pub(in crate::matching) radix: Radix,
    pub(in crate::matching) rules: LinkRules,
    /// Records in anchor order.
    pub(super) order: Vec<u32>,
    /// The earliest record that pairs connect each record with, before any component is taken apart.
    pub(super) earliest: Vec<u32>,
}

/// Records that pairs connect.
#[derive(Debug, Clone)]
pub(in crate::matching) struct Component {
    /// In anchor order; two or more.
    pub records: Vec<u32>,
    /// Too large to be taken apart, and connected by pairs that weigh as much as any may.
    pub certain: bool,
    /// The agreement pattern of each with each later one; None where both are of one source. Empty if certain.
    pub patterns: Vec<Option<u64>>,
}

impl Components {
    /// Connects the records. `pairs` are those above the lowest threshold that is of interest, in any order. `place`
    /// holds each record's place in anchor order (first seen, source, key): a permutation.
    ///
    /// # Errors
    /// When there are too many agreement patterns.
    pub fn new(frame: &Frame, pairs: &[Pair], place: &[u32], rules: &LinkRules) -> Result<Self> {
        let order = inverse(place);
        let mut earliest: Vec<u32> = (0..place.len() as u32).collect();
        let mut all = components(place, pairs, rules, |connected| {
            for place in connected {
                earliest[order[*place as usize] as usize] = order[connected[0] as usize];
            }
        });
        let radix = frame.radix()?;
        let compare = |memory: &mut Memory, components: &mut [Component]| {
            let mut records = Vec::new();
            for component in components.iter_mut() {
                let own = component.records.iter_mut();
                own.for_each(|place| *place = order[*place as usize]);
                records.extend_from_slice(&component.records);
            }
            memory.sheet.lay(frame, &records);
            compare(frame, &radix, memory, components);
        };
        all.par_chunks_mut(TOGETHER)
            .for_each_init(|| frame.memory(), compare);
        Ok(Self {
            all,
            radix,
            rules: *rules,
            order,
            earliest,
        })
    }

    /// Some of them, which have about `pairs_max` pairs together; all if they have fewer.
    pub(in crate::matching) fn drawn(&self, pairs_max: usize) -> Self {
        let pairs: usize = self.all.iter().map(|of| of.patterns.len()).sum();
        let one_in = pairs / pairs_max + 1;
        Self {
            all: self.all.iter().step_by(one_in).cloned().collect(),
            radix: self.radix.clone(),
            rules: self.rules,
            order: self.order.clone(),
            earliest: self.earliest.clone(),
        }
    }
}

/// So many components are laid out together; most hold a few records.
const TOGETHER: usize = 256;

/// Compares the records of each component, which lie on the sheet one after the other.
fn compare(frame: &Frame, radix: &Radix, memory: &mut Memory, components: &mut [Component]) {
    let (mut pairs, mut first) = (Vec::new(), 0);
    for component in components.iter() {
        component.place(frame, first, &mut pairs);
        first += component.records.len() as u32;
    }
    let (mut levels, mut numbers) = (Vec::new(), Vec::with_capacity(pairs.len()));
    let comparisons = frame.model.comparisons.len();
    for pairs in pairs.chunks(group::TOGETHER) {
        frame.levels(memory, pairs, &mut levels);
        let levels = |at: usize| &levels[at * comparisons..][..comparisons];
        numbers.extend((0..pairs.len()).map(|at| radix.number(levels(at))));
    }
    let mut numbers = numbers.into_iter();
    for component in components.iter_mut().filter(|of| !of.certain) {
        let pattern = |(a, b)| {
            let apart = !frame.columns.one_source(a, b);
            apart.then(|| numbers.next()).flatten()
        };
        component.patterns = component.pairs().map(pattern).collect();
    }
}

impl Component {
    /// Adds the places of the pairs that are compared. `first` is the place of its first record.
    fn place(&self, frame: &Frame, first: u32, pairs: &mut Vec<(u32, u32)>) {
        if self.certain {
            return;
        }
        let places = first..first + self.records.len() as u32;
        for (a, place) in self.records.iter().zip(places.clone()) {
            let all = self.records.iter().zip(places.clone());
            let later = all.skip((place - first) as usize + 1);
            let later = later.filter(|(b, _)| !frame.columns.one_source(*a, **b));
            pairs.extend(later.map(|(_, other)| (place, other)));
        }
    }

    /// Each record with each later one, in the order of `patterns`.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        let records = self.records.as_slice();
        let later = move |at: usize| records[at + 1..].iter().map(move |b| (records[at], *b));
        (0..records.len()).flat_map(later)
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

/// A pair as places.
type Edge = (u32, u32, f64);

/// The components as places.
///
/// A component that is too large to be one person's and a few look-alikes' falls apart at ever higher thresholds. What
/// still holds together where pairs count as certain is one person with very many records. `whole` is told of each
/// component as it was before that.
fn components(
    place: &[u32],
    pairs: &[Pair],
    rules: &LinkRules,
    mut whole: impl FnMut(&[u32]),
) -> Vec<Component> {
    let at = |record: u32| place[record as usize];
    let strong = pairs
        .par_iter()
        .filter(|pair| pair.weight >= rules.threshold);
    let edges = strong.map(|pair| (at(pair.a), at(pair.b), pair.weight));
    let mut edges: Vec<Edge> = edges.collect();
    let mut places: Vec<u32> = (0..place.len() as u32).collect();
    let mut threshold = rules.threshold;
    let mut components = Vec::new();
    loop {
        let certain = threshold >= rules.weight_max;
        let mut large = Vec::new();
        for records in connected(&places, &edges) {
            if threshold == rules.threshold {
                whole(&records);
            }
            let fits = records.len() <= rules.component_max;
            if fits || certain {
                let certain = !fits;
                components.push(Component {
                    records,
                    certain,
                    patterns: Vec::new(),
                });
            } else {
                large.extend(records);
            }
        }
        if large.is_empty() {
            return components;
        }
        large.sort_unstable();
        places = large;
        threshold += 1.0;
        let inside = |place: u32| places.binary_search(&place).is_ok();
        edges.retain(|(a, _, weight)| *weight >= threshold && inside(*a));
    }
}

/// The components of two places or more, each ascending. Edges lie among the places, which ascend.
fn connected(places: &[u32], edges: &[Edge]) -> Vec<Vec<u32>> {
    let number = |place: u32| match places.len() == 1 + *places.last().unwrap_or(&0) as usize {
        true => place,
        false => places.partition_point(|other| *other < place) as u32,
    };
    let forest = Forest::new(places.len());
    edges
        .par_iter()
        .for_each(|(a, b, _)| forest.join(number(*a), number(*b)));
    let roots = forest.roots();
    let mut sizes = vec![0_u32; places.len()];
    roots.iter().for_each(|root| sizes[*root as usize] += 1);
    let mut slots = vec![u32::MAX; places.len()];
    let mut components: Vec<Vec<u32>> = Vec::new();
    for (place, root) in places.iter().zip(&roots) {
        let (size, slot) = (sizes[*root as usize], &mut slots[*root as usize]);
        if size < 2 {
            continue;
        }
        if *slot == u32::MAX {
            *slot = components.len() as u32;
            components.push(Vec::with_capacity(size as usize));
        }
        components[*slot as usize].push(*place);
    }
    components
}
