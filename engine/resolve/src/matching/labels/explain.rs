//! Why a pair inside a component weighs what it does: parts that sum to the weight.

use super::correction::Correction;
use super::neighbours::neighbours;
use crate::matching::link::{Component, Components};
use crate::matching::score::Scorer;

/// All in bits; the weight of the pair is their sum.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// What any two records of one component begin with.
    pub start: f64,
    /// What each comparison's level weighs, in the model's order.
    pub comparisons: Vec<f64>,
    /// What the other records of the component say; 0 without labels.
    pub neighbours: f64,
}

impl Parts {
    /// As trained without labels.
    pub fn of(inside: &Scorer, a: u32, b: u32) -> Self {
        let weighed = inside.explain(a, b).into_iter();
        Self {
            start: inside.prior(),
            comparisons: weighed.map(|(_, weight)| weight).collect(),
            neighbours: 0.0,
        }
    }

    /// The weight.
    pub fn sum(&self) -> f64 {
        self.start + self.comparisons.iter().sum::<f64>() + self.neighbours
    }
}

/// The parts of a pair's weight. `inside` weighs pairs inside components. None where no component holds the two
/// together, or where both are of one source.
pub fn explain(inside: &Scorer, components: &Components, a: u32, b: u32) -> Option<Parts> {
    let both = |of: &Component| of.records.contains(&a) && of.records.contains(&b);
    let of = components.each().find(both)?;
    let at = of
        .pairs()
        .position(|pair| pair == (a, b) || pair == (b, a))?;
    let levels = components.radix.pattern(of.patterns().nth(at)??);
    let mut parts = Parts::of(inside, a, b);
    if let Some(correction) = inside.correction() {
        let found = neighbours(of.records.len(), &inside.uncorrected(&of, components))[at];
        parts.correct(correction, &levels);
        parts.neighbours = correction.of_neighbours(&found);
    }
    Some(parts)
}

impl Parts {
    fn correct(&mut self, correction: &Correction, levels: &[u8]) {
        self.start += correction.start;
        for (part, shift) in self
            .comparisons
            .iter_mut()
            .zip(correction.of_levels(levels.iter().copied()))
        {
            *part += shift;
        }
    }
}
