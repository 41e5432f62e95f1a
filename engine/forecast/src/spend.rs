//! What one customer spent: all that the model of spending looks at.

use std::cmp::Ordering;

use crate::error::{Impossible, accept, not_negative};
use crate::history::frequency_of;

/// The repeat orders of one customer and their mean value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    frequency: u32,
    mean_value: f64,
}

impl Spend {
    /// Frequency `x` and mean value `m` of the paper. Without a repeat order the mean value is not looked at. Fails
    /// where a repeat order was worth nothing: the model knows no such orders.
    pub fn new(frequency: f64, mean_value: f64) -> Result<Self, Impossible> {
        let frequency = frequency_of(frequency)?;
        let mean_value = not_negative("mean_value", mean_value)?;
        let worth = frequency == 0 || mean_value > 0.0;
        accept(worth, "mean_value", "above 0 where there are repeat orders")?;
        Ok(Self {
            frequency,
            mean_value: if frequency == 0 { 0.0 } else { mean_value },
        })
    }

    /// Repeat orders.
    pub fn frequency(&self) -> u32 {
        self.frequency
    }

    /// Their mean value; 0 where there are none.
    pub fn mean_value(&self) -> f64 {
        self.mean_value
    }
}

impl Eq for Spend {}

impl Ord for Spend {
    fn cmp(&self, other: &Self) -> Ordering {
        let frequency = self.frequency.cmp(&other.frequency);
        frequency.then(self.mean_value.total_cmp(&other.mean_value))
    }
}

impl PartialOrd for Spend {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
