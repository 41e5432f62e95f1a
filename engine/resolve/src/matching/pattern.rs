//! Agreement patterns: the level of every comparison, as one number.

use super::error::{Error, Result};

/// The level that each comparison of a model came to.
pub(super) type Pattern = Vec<u8>;

/// How often each agreement pattern occurs, ascending by pattern.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Patterns {
    pub counts: Vec<(Pattern, f64)>,
}

/// Numbers patterns by as many bits for each comparison as its levels need.
#[derive(Debug, Clone)]
pub(super) struct Radix {
    widths: Vec<u32>,
}

impl Radix {
    /// # Errors
    /// When there are more patterns than 64-bit numbers.
    pub fn new(levels: impl Iterator<Item = usize>) -> Result<Self> {
        let width = |levels: usize| usize::BITS - levels.saturating_sub(1).leading_zeros();
        let widths: Vec<u32> = levels.map(width).collect();
        if widths.iter().sum::<u32>() > u64::BITS {
            let comparisons = widths.len();
            return Err(Error::TooManyPatterns { comparisons });
        }
        Ok(Self { widths })
    }

    pub fn number(&self, levels: &[u8]) -> u64 {
        let digits = self.widths.iter().zip(levels);
        digits.fold(0, |number, (width, level)| {
            number << width | u64::from(*level)
        })
    }

    pub fn pattern(&self, number: u64) -> Pattern {
        let mut pattern = Vec::new();
        self.levels(number, &mut pattern);
        pattern
    }

    /// As [`Self::pattern`], into a place that is there already.
    pub fn levels(&self, mut number: u64, levels: &mut Vec<u8>) {
        levels.resize(self.widths.len(), 0);
        for (level, width) in levels.iter_mut().zip(&self.widths).rev() {
            *level = (number & ((1 << width) - 1)) as u8;
            number >>= width;
        }
    }
}
