//! From labels to a correction.

use std::collections::{HashMap, HashSet};
use std::f64::consts::LN_2;

use super::Label;
use super::correction::Correction;
use super::neighbours::{COUNT, Neighbours, neighbours};
use super::ridge::{self, Example};
use crate::matching::link::{Component, Components};
use crate::matching::model::Model;
use crate::matching::score::Scorer;

/// What the labels correct. `inside` weighs pairs inside components; what it was
/// corrected by before does not matter. A label of records that no component
/// holds together says nothing of such pairs and is left out; None when none is left.
pub fn learn(inside: &Scorer, components: &Components, labels: &[Label]) -> Option<Correction> {
    let layout = Layout::of(inside.model());
    let mut known = HashMap::new();
    for Label { a, b, same } in labels {
        known.insert((*a, *b), *same);
        known.insert((*b, *a), *same);
    }
    let records: HashSet<u32> = known.keys().map(|(a, _)| *a).collect();
    let labelled = |of: &Component| of.records.iter().any(|record| records.contains(record));
    let mut examples = Vec::new();
    for of in components.each().filter(labelled) {
        let weights = inside.uncorrected(&of, components);
        let found = neighbours(of.records.len(), &weights);
        for (((pair, pattern), weight), found) in
            of.pairs().zip(of.patterns()).zip(weights).zip(found)
        {
            if let (Some(pattern), Some(same)) = (pattern, known.get(&pair)) {
                examples.push(Example {
                    log_odds: weight * LN_2,
                    features: layout.features(&components.radix.pattern(pattern), found),
                    holds: *same,
                });
            }
        }
    }
    let labels = examples.len();
    (labels > 0).then(|| layout.correction(labels, &ridge::fit(examples, layout.features)))
}

/// Which feature stands for what: the start, the levels of each comparison, the neighbours.
struct Layout {
    /// Each comparison's levels. None: the level says that nothing is known, so that no label gives it a weight.
    levels: Vec<Vec<Option<usize>>>,
    neighbours: usize,
    features: usize,
}

impl Layout {
    fn of(model: &Model) -> Self {
        let mut next = 1..;
        let of = |comparison: &crate::matching::model::Comparison| {
            let levels = comparison.levels.iter();
            levels
                .map(|level| (!level.missing).then(|| next.next()).flatten())
                .collect()
        };
        let levels = model.comparisons.iter().map(of).collect();
        let neighbours = next.start;
        Self {
            levels,
            neighbours,
            features: neighbours + COUNT,
        }
    }

    fn features(&self, levels: &[u8], found: Neighbours) -> Vec<(usize, f64)> {
        let reached = self.levels.iter().zip(levels);
        let reached = reached.filter_map(|(features, level)| features[*level as usize]);
        let mut features = vec![(0, 1.0)];
        features.extend(reached.map(|feature| (feature, 1.0)));
        features.extend((self.neighbours..).zip(found));
        features
    }

    fn correction(&self, labels: usize, coefficients: &[f64]) -> Correction {
        let bits = |feature: usize| coefficients[feature] / LN_2;
        let levels = self.levels.iter();
        let of = |features: &Vec<Option<usize>>| {
            let features = features.iter();
            features.map(|feature| feature.map_or(0.0, bits)).collect()
        };
        Correction {
            labels,
            start: bits(0),
            levels: levels.map(of).collect(),
            neighbours: std::array::from_fn(|at| bits(self.neighbours + at)),
        }
    }
}
