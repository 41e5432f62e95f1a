//! How a column of numbers moved, told in one pass over its values in ascending order.
//!
//! - The index is over ten parts, the deciles of the earlier values: part k ends at the least value that k tenths of
//!   them do not exceed. Where many values are equal, parts are empty and there are fewer. Rows without a value are one
//!   more part.
//! - The Kolmogorov–Smirnov distance is the greatest difference between the shares of earlier and of later values that
//!   do not exceed a number: exact, from 0 to 1, and blind to rows without a value.

use super::index::{Sides, stability_index};

const PARTS: usize = 10;

/// What is counted while values come by.
#[derive(Debug, Clone)]
pub struct Numbers {
    /// Values of each side.
    values: Sides,
    /// Those that came by.
    passed: Sides,
    parts: [Sides; PARTS],
    distance: f64,
    sums: [f64; 2],
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumbersDrift {
    pub psi: f64,
    /// None where a side has no value.
    pub ks: Option<f64>,
    /// Of each side that has a value.
    pub means: [Option<f64>; 2],
}

impl Numbers {
    /// Before any of so many values.
    pub fn new(values: Sides) -> Self {
        Self {
            values,
            passed: [0; 2],
            parts: [[0; 2]; PARTS],
            distance: 0.0,
            sums: [0.0; 2],
        }
    }

    /// Takes a value, greater than those before it, and how many rows of each side hold it.
    pub fn pass(&mut self, value: f64, rows: Sides) {
        let below = u128::from(self.passed[0]) * PARTS as u128;
        let ended = |part: &usize| below >= *part as u128 * u128::from(self.values[0]);
        let part = (1..PARTS).take_while(ended).count();
        for side in [0, 1] {
            self.parts[part][side] += rows[side];
            self.passed[side] += rows[side];
            self.sums[side] += value * rows[side] as f64;
        }
        let share = |side: usize| self.passed[side] as f64 / self.values[side] as f64;
        self.distance = self.distance.max((share(0) - share(1)).abs());
    }

    /// What all values say; `nulls` are the rows without one.
    pub fn drift(&self, nulls: Sides) -> NumbersDrift {
        let mut parts = self.parts.to_vec();
        parts.push(nulls);
        let mean = |side: usize| {
            let has_values = self.values[side] > 0;
            has_values.then(|| self.sums[side] / self.values[side] as f64)
        };
        let means = [mean(0), mean(1)];
        let both = means.iter().all(Option::is_some);
        NumbersDrift {
            psi: stability_index(&parts),
            ks: both.then_some(self.distance),
            means,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn drift_of(earlier: &[i32], later: &[i32], nulls: Sides) -> NumbersDrift {
        let mut counts: BTreeMap<i32, Sides> = BTreeMap::new();
        for (side, values) in [earlier, later].into_iter().enumerate() {
            for value in values {
                counts.entry(*value).or_default()[side] += 1;
            }
        }
        let mut numbers = Numbers::new([earlier.len() as u64, later.len() as u64]);
        for (value, rows) in counts {
            numbers.pass(f64::from(value), rows);
        }
        numbers.drift(nulls)
    }

    /// By the definitions, value for value.
    fn naive(earlier: &[i32], later: &[i32], nulls: Sides) -> NumbersDrift {
        let share = |values: &[i32], limit: i32| {
            values.iter().filter(|value| **value <= limit).count() as f64 / values.len() as f64
        };
        let limits = earlier.iter().chain(later);
        let ks = limits
            .map(|limit| (share(earlier, *limit) - share(later, *limit)).abs())
            .fold(0.0, f64::max);
        let mut sorted = earlier.to_vec();
        sorted.sort_unstable();
        let edges: Vec<i32> = (1..10)
            .filter_map(|k| {
                sorted
                    .get((k * sorted.len()).div_ceil(10).max(1) - 1)
                    .copied()
            })
            .collect();
        let part = |value: &i32| edges.iter().filter(|edge| *edge < value).count();
        let mut parts = vec![[0; 2]; 10];
        for (side, values) in [earlier, later].into_iter().enumerate() {
            for value in values {
                parts[part(value)][side] += 1;
            }
        }
        parts.push(nulls);
        let mean = |values: &[i32]| {
            let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
            (!values.is_empty()).then(|| sum / values.len() as f64)
        };
        NumbersDrift {
            psi: stability_index(&parts),
            ks: (!earlier.is_empty() && !later.is_empty()).then_some(ks),
            means: [mean(earlier), mean(later)],
        }
    }

    #[test]
    fn a_shift_is_told_as_by_hand() {
        // Ten values, a decile each, and their doubles.
        let earlier: Vec<i32> = (1..=10).collect();
        let later: Vec<i32> = (1..=10).map(|value| 2 * value).collect();
        let drift = drift_of(&earlier, &later, [0, 0]);
        // Five deciles lost their value, four kept one, and 10 to 20 are all in the last.
        let odd = 5.0 * (0.05 - 0.1) * 0.5_f64.ln();
        let last = (0.6 - 0.1) * 6.0_f64.ln();
        assert!((drift.psi - (odd + last)).abs() < 1e-12, "{drift:?}");
        assert_eq!(drift.ks, Some(0.5));
        assert_eq!(drift.means, [Some(5.5), Some(11.0)]);
    }

    #[test]
    fn rows_without_a_value_are_a_part_of_the_index_and_not_of_the_distance() {
        let drift = drift_of(&[1, 1], &[1, 1], [2, 6]);
        // One half and one half have become one quarter and three quarters.
        let expected = -0.25 * 0.5_f64.ln() + 0.25 * 1.5_f64.ln();
        assert!((drift.psi - expected).abs() < 1e-12, "{drift:?}");
        assert_eq!(drift.ks, Some(0.0));
        let none = drift_of(&[], &[3], [1, 0]);
        assert_eq!((none.ks, none.means), (None, [None, Some(3.0)]));
    }

    proptest! {
        #[test]
        fn one_pass_says_what_the_definitions_say(
            earlier in prop::collection::vec(-6..6_i32, 0..40),
            later in prop::collection::vec(-6..9_i32, 0..40),
            nulls in [0..5_u64, 0..5_u64],
        ) {
            let (found, expected) = (drift_of(&earlier, &later, nulls), naive(&earlier, &later, nulls));
            prop_assert!((found.psi - expected.psi).abs() < 1e-9, "{found:?} {expected:?}");
            prop_assert_eq!(found.ks, expected.ks);
            for (found, expected) in found.means.into_iter().zip(expected.means) {
                let near = |(found, expected): (f64, f64)| (found - expected).abs() < 1e-9;
                prop_assert!(found.zip(expected).is_none_or(near));
                prop_assert_eq!(found.is_some(), expected.is_some());
            }
        }
    }
}
