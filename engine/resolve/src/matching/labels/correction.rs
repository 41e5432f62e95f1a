//! What labels correct in the weights of pairs inside components.

use serde::{Deserialize, Serialize};

use super::neighbours::{COUNT, Neighbours, neighbours};
use crate::matching::error::{Error, Result};
use crate::matching::link::{Component, Components};
use crate::matching::model::Model;

/// All in bits, to be added to the weight that was trained without labels.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Correction {
    /// How many labels it was learnt from.
    pub labels: usize,
    /// Added to every pair.
    pub start: f64,
    /// Added to the pairs at a level. Parallel to [`Model::comparisons`] and their levels.
    pub levels: Vec<Vec<f64>>,
    /// Added for a unit of each of the [`Neighbours`].
    pub neighbours: Neighbours,
}

impl Correction {
    /// Fails unless the correction was learnt for this model.
    pub(in crate::matching) fn fit(&self, model: &Model) -> Result<()> {
        let (expected, found) = (model.comparisons.len(), self.levels.len());
        let mut levels = model.comparisons.iter().zip(&self.levels);
        if found != expected || levels.any(|(of, own)| of.levels.len() != own.len()) {
            return Err(Error::Shape { expected, found });
        }
        Ok(())
    }

    /// Corrects the weights of a component's pairs. What is known of two records of one source no label changes.
    pub(in crate::matching) fn correct(
        &self,
        of: &Component,
        all: &Components,
        weights: &mut [f64],
    ) {
        let found = neighbours(of.records.len(), weights);
        for ((weight, found), pattern) in weights.iter_mut().zip(&found).zip(of.patterns()) {
            if let Some(pattern) = pattern {
                *weight += self.start + self.of_neighbours(found);
                *weight += self.of_levels(all.radix.levels(pattern)).sum::<f64>();
            }
        }
    }

    /// What is added for each comparison's level.
    pub(super) fn of_levels(&self, levels: impl Iterator<Item = u8>) -> impl Iterator<Item = f64> {
        let shifts = self.levels.iter().zip(levels);
        shifts.map(|(of, level)| of[level as usize])
    }

    pub(super) fn of_neighbours(&self, found: &Neighbours) -> f64 {
        let each: [f64; COUNT] = std::array::from_fn(|at| self.neighbours[at] * found[at]);
        each.iter().sum()
    }
}
