//! When one customer ordered: all that the model of orders looks at.

use std::cmp::Ordering;

use crate::error::{Impossible, accept, not_negative, whole};

/// Sums run through every number up to the greatest frequency. Whoever orders more often is no customer but a till.
const FREQUENCY_MAX: u32 = 1_000_000;
const FREQUENCY: &str = "a whole number from 0 to 1000000";

/// The orders of one customer.
///
/// ```text
///     first order        last order          now
///     |──o────────o──o───|───────────────────|
///     |◀──── recency ───▶|                   |
///     |◀──────────────── age ───────────────▶|       frequency: the orders after the first, here 4
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    frequency: u32,
    recency: f64,
    age: f64,
}

impl History {
    /// Frequency `x`, recency `t_x` and age `T` of the paper. Fails with the first number that cannot be: one that is
    /// negative or not finite, a broken frequency, a recency beyond the age, a recency without a repeat order.
    pub fn new(frequency: f64, recency: f64, age: f64) -> Result<Self, Impossible> {
        let frequency = frequency_of(frequency)?;
        let recency = not_negative("recency", recency)?;
        let age = not_negative("age", age)?;
        accept(recency <= age, "recency", "no greater than the age")?;
        let once = frequency > 0 || recency == 0.0;
        accept(once, "recency", "0 where the frequency is 0")?;
        Ok(Self {
            frequency,
            recency,
            age,
        })
    }

    /// Orders after the first.
    pub fn frequency(&self) -> u32 {
        self.frequency
    }

    /// Time from the first order to the last.
    pub fn recency(&self) -> f64 {
        self.recency
    }

    /// Time from the first order to now.
    pub fn age(&self) -> f64 {
        self.age
    }
}

/// A frequency as the number of orders that it is.
pub(crate) fn frequency_of(frequency: f64) -> Result<u32, Impossible> {
    whole("frequency", frequency, FREQUENCY_MAX, FREQUENCY)
}

impl Eq for History {}

impl Ord for History {
    fn cmp(&self, other: &Self) -> Ordering {
        let frequency = self.frequency.cmp(&other.frequency);
        let recency = frequency.then(self.recency.total_cmp(&other.recency));
        recency.then(self.age.total_cmp(&other.age))
    }
}

impl PartialOrd for History {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
