//! Agreement patterns: the level of every comparison, as one number.

use super::error::{Error, Result};

/// The level that each comparison of a model came to.
pub(super) type Pattern = Vec<u8>;

/// How often each agreement pattern occurs, ascending by pattern.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Patterns {
    pub counts: Vec<(Pattern, f64)>,
}

/// Numbers patterns by mixed radix.
#[derive(Debug, Clone)]
pub(super) struct Radix {
    sizes: Vec<u64>,
}

impl Radix {
    /// # Errors
    /// When there are more patterns than 64-bit numbers.
    pub fn new(levels: impl Iterator<Item = usize>) -> Result<Self> {
        let sizes: Vec<u64> = levels.map(|levels| levels as u64).collect();
        let most = sizes
            .iter()
            .try_fold(1_u64, |most, size| most.checked_mul(*size));
        let comparisons = sizes.len();
        most.ok_or(Error::TooManyPatterns { comparisons })?;
        Ok(Self { sizes })
    }

    pub fn number(&self, levels: &[u8]) -> u64 {
        let digits = self.sizes.iter().zip(levels);
        digits.fold(0, |number, (size, level)| number * size + u64::from(*level))
    }

    pub fn pattern(&self, number: u64) -> Pattern {
        let mut pattern = Vec::new();
        self.levels(number, &mut pattern);
        pattern
    }

    /// As [`Self::pattern`], into a place that is there already.
    pub fn levels(&self, mut number: u64, levels: &mut Vec<u8>) {
        levels.resize(self.sizes.len(), 0);
        for (level, size) in levels.iter_mut().zip(&self.sizes).rev() {
            *level = (number % size) as u8;
            number /= size;
        }
    }
}
