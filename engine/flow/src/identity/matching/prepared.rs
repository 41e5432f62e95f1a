//! A model, made ready for the records of a run: comparisons compiled, blocks laid out.

use c360_resolve::matching::{Blocks, Components, Frame, LinkRules, Model, Scorer, Weights};

use super::compared::Compared;
use super::failed;
use super::model::CurrentModel;
use crate::error::Result;

/// What pairs are scored with.
pub struct Prepared<'a> {
    pub frame: Frame<'a>,
    pub blocks: Blocks,
}

impl<'a> Prepared<'a> {
    /// Costs a pass over each column's distinct values and some over the records.
    pub fn of(compared: &'a Compared, model: &'a Model) -> Result<Self> {
        Ok(Self {
            frame: Frame::new(model, &compared.columns).map_err(failed)?,
            blocks: Blocks::new(&model.blocking, &compared.columns).map_err(failed)?,
        })
    }

    /// The same for a model that was trained: values are as rare as it learnt.
    pub fn by(compared: &'a Compared, current: &'a CurrentModel) -> Result<Self> {
        let blocks = Blocks::new(&current.model.blocking, &compared.columns);
        Self::with(compared, current, blocks.map_err(failed)?)
    }

    /// The same for some records out of more; `crowded` says, rule by rule, which are in a block over its limit.
    pub fn among(
        compared: &'a Compared,
        current: &'a CurrentModel,
        crowded: &[Vec<bool>],
    ) -> Result<Self> {
        let blocks = Blocks::among(&current.model.blocking, &compared.columns, crowded);
        Self::with(compared, current, blocks.map_err(failed)?)
    }

    fn with(compared: &'a Compared, current: &'a CurrentModel, blocks: Blocks) -> Result<Self> {
        let frame = Frame::new(&current.model, &compared.columns);
        let frame = frame.and_then(|frame| frame.with_frequencies(&current.frequencies));
        Ok(Self {
            frame: frame.map_err(failed)?,
            blocks,
        })
    }

    /// The records that likely pairs connect, and what scored them.
    pub fn components(
        &'a self,
        compared: &Compared,
        weights: &Weights,
        rules: &LinkRules,
    ) -> Result<(Scorer<'a>, Components)> {
        let scorer = Scorer::new(&self.frame, weights).map_err(failed)?;
        let pairs = scorer.pairs(&self.blocks, rules.threshold);
        let components = Components::new(&self.frame, &pairs, &compared.places, rules);
        Ok((scorer, components.map_err(failed)?))
    }
}
