//! The model: what is compared, and what each outcome is worth. Plain data; the caller stores it as JSON.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::condition::Condition;
use super::error::{Error, Result};
use super::expression::Expression;
use super::labels::Correction;

/// What is declared: who may meet, and what is compared.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Model {
    pub blocking: Vec<BlockingRule>,
    pub comparisons: Vec<Comparison>,
}

impl Model {
    /// All columns that are read, sorted, each once.
    pub fn columns(&self) -> BTreeSet<&str> {
        let rules = self.blocking.iter().flat_map(|rule| &rule.on);
        let met = rules.flat_map(Expression::columns);
        let compared = self.comparisons.iter().flat_map(Comparison::columns);
        met.chain(compared).collect()
    }
}

/// Records with equal values of all expressions meet; a missing value meets nobody. Of a list, one element has to be
/// equal; a rule has one list at most.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BlockingRule {
    pub on: Vec<Expression>,
    /// Values of the first expression, or elements of it, that bring nobody together (`none@none.com`).
    #[serde(default)]
    pub except: Vec<String>,
    /// A block of more records is left out, and reported. None: every block is taken.
    #[serde(default)]
    pub records_max: Option<u32>,
}

impl BlockingRule {
    /// A rule on whole columns.
    pub fn columns(names: &[&str]) -> Self {
        Self {
            on: names.iter().map(|name| Expression::column(name)).collect(),
            ..Self::default()
        }
    }
}

/// Levels from the strongest agreement to none; a pair takes the first that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub name: String,
    pub levels: Vec<Level>,
}

impl Comparison {
    /// All columns that the levels and their term frequencies read; some more than once.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.levels.iter().flat_map(|level| {
            let frequency = level.term_frequency.as_ref();
            let more = frequency.map_or(Vec::new(), |frequency| frequency.of.columns());
            [level.when.columns(), more].concat()
        })
    }
}

/// One outcome of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Level {
    pub when: Condition,
    /// Says that nothing is known: weighs nothing, and is not trained.
    #[serde(default)]
    pub missing: bool,
    /// Members of one household reach it as a matter of course (same surname, same address).
    #[serde(default)]
    pub household: bool,
    #[serde(default)]
    pub term_frequency: Option<TermFrequency>,
}

impl Level {
    /// A level without term frequency.
    pub fn when(when: Condition) -> Self {
        Self {
            when,
            missing: false,
            household: false,
            term_frequency: None,
        }
    }

    /// The level of pairs about which nothing is known.
    pub fn missing(when: Condition) -> Self {
        Self {
            missing: true,
            ..Self::when(when)
        }
    }

    /// The same level, reached by households as a matter of course.
    pub fn household(self) -> Self {
        Self {
            household: true,
            ..self
        }
    }

    /// The same level, weighing rare values more.
    pub fn rare(self, of: Expression) -> Self {
        let (weight, minimum) = (1.0, 0.0);
        Self {
            term_frequency: Some(TermFrequency {
                of,
                weight,
                minimum,
            }),
            ..self
        }
    }
}

/// A rare value weighs more: u of the exact level gives way to the more frequent value's share of the records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermFrequency {
    pub of: Expression,
    /// From 0 (no effect) to 1.
    pub weight: f64,
    /// No share counts as less.
    pub minimum: f64,
}

/// What a model's outcomes are worth. Parallel to [`Model::comparisons`] and their levels.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Weights {
    /// Share of all pairs that are one person.
    pub prior: f64,
    pub levels: Vec<Vec<LevelWeight>>,
    /// Share of all pairs that are two persons of one household. None: households are not told apart.
    #[serde(default)]
    pub household: Option<f64>,
}

/// What training comes to, and all that a run needs beside the model. The caller stores both as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trained {
    /// For any two records.
    pub weights: Weights,
    /// For two records of one component: u is then the share among look-alikes, and the prior is the share of pairs
    /// inside components.
    pub inside: Weights,
    /// What labels correct inside components, where there are some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
}

/// One level's probabilities among pairs of one person (m), of two strangers (u) and of one household (h).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LevelWeight {
    pub m: f64,
    pub u: f64,
    #[serde(default)]
    pub h: f64,
}

impl Weights {
    /// Fails unless the weights were made for this model.
    pub(super) fn fit(&self, model: &Model) -> Result<()> {
        let (expected, found) = (model.comparisons.len(), self.levels.len());
        if expected != found {
            return Err(Error::Shape { expected, found });
        }
        for share in [Some(self.prior), self.household].into_iter().flatten() {
            probability("all pairs", 0, "share", share)?;
        }
        for (comparison, weights) in model.comparisons.iter().zip(&self.levels) {
            if comparison.levels.len() != weights.len() {
                return Err(Error::Shape { expected, found });
            }
            for (at, (level, weight)) in comparison.levels.iter().zip(weights).enumerate() {
                if !level.missing {
                    probability(&comparison.name, at, "m", weight.m)?;
                    probability(&comparison.name, at, "u", weight.u)?;
                }
            }
        }
        Ok(())
    }
}

fn probability(name: &str, level: usize, what: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value <= 1.0 {
        return Ok(());
    }
    Err(Error::Probability {
        name: name.into(),
        level,
        what,
        value: value.to_string(),
    })
}
