//! Agreement patterns: the level of every comparison, as one number.

use super::error::{Error, Result};

/// The level that each comparison of a model came to.
pub(super) type Pattern = Vec<u8>;

/// No pattern has this number.
pub(super) const NO_PATTERN: u64 = u64::MAX;

/// How often each agreement pattern occurs, ascending by pattern.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Patterns {
    pub counts: Vec<(Pattern, f64)>,
}

/// Numbers patterns by as many bits for each comparison as its levels need.
#[derive(Debug, Clone)]
pub(super) struct Radix {
    digits: Vec<Digit>,
}

/// Where a number holds one comparison's level.
#[derive(Debug, Clone, Copy)]
struct Digit {
    shift: u32,
    mask: u64,
}

impl Radix {
    /// # Errors
    /// When there are more patterns than 63-bit numbers; what has no pattern has a number as well.
    pub fn new(levels: impl Iterator<Item = usize>) -> Result<Self> {
        let width = |levels: usize| usize::BITS - levels.saturating_sub(1).leading_zeros();
        let widths: Vec<u32> = levels.map(width).collect();
        let mut rest: u32 = widths.iter().sum();
        if rest >= u64::BITS {
            let comparisons = widths.len();
            return Err(Error::TooManyPatterns { comparisons });
        }
        let digit = |width: &u32| {
            rest -= width;
            let mask = 1_u64.checked_shl(*width).map_or(u64::MAX, |bit| bit - 1);
            // A comparison of one level takes no bits and could stand beyond the last.
            let shift = if *width == 0 { 0 } else { rest };
            Digit { shift, mask }
        };
        let digits = widths.iter().map(digit).collect();
        Ok(Self { digits })
    }

    pub fn number(&self, levels: &[u8]) -> u64 {
        let digits = self.digits.iter().zip(levels);
        digits.fold(0, |number, (digit, level)| {
            number | u64::from(*level) << digit.shift
        })
    }

    pub fn pattern(&self, number: u64) -> Pattern {
        self.levels(number).collect()
    }

    /// The levels of a pattern, in the model's order.
    pub fn levels(&self, number: u64) -> impl Iterator<Item = u8> {
        let digits = self.digits.iter();
        digits.map(move |digit| (number >> digit.shift & digit.mask) as u8)
    }
}
