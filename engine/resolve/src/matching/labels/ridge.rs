//! Logistic regression that begins from known odds and departs from them only as far as the examples ask: each
//! coefficient is held to be about 0, with a standard deviation of 1 (Genkin, Lewis and Madigan, 2007). Solved one
//! coefficient at a time; the sum is convex, so where it begins does not matter.

use std::cmp::Ordering;

const SWEEPS_MAX: usize = 1000;
/// Ends when no coefficient moves by more.
const CONVERGED: f64 = 1e-6;
/// No coefficient moves by more in one step.
const STEP_MAX: f64 = 1.0;

/// One example.
#[derive(Debug, Clone)]
pub(super) struct Example {
    /// Natural logarithm of the odds before anything is learnt.
    pub log_odds: f64,
    /// The features that are not 0: which, and how much.
    pub features: Vec<(usize, f64)>,
    pub holds: bool,
}

impl Example {
    fn order(&self, other: &Self) -> Ordering {
        let features = self.features.iter().zip(&other.features);
        let features =
            features.map(|(own, others)| own.0.cmp(&others.0).then(own.1.total_cmp(&others.1)));
        let lengths = self.features.len().cmp(&other.features.len());
        let first = self.log_odds.total_cmp(&other.log_odds).then(lengths);
        let first = first.then(self.holds.cmp(&other.holds));
        features.fold(first, Ordering::then)
    }
}

/// One coefficient a feature, in natural logarithms of odds. The order of the examples does not matter.
pub(super) fn fit(mut examples: Vec<Example>, features: usize) -> Vec<f64> {
    // Sums in another order differ in the last bits.
    examples.sort_by(Example::order);
    let mut columns: Vec<Vec<(usize, f64)>> = vec![Vec::new(); features];
    for (at, example) in examples.iter().enumerate() {
        for (feature, value) in &example.features {
            columns[*feature].push((at, *value));
        }
    }
    let mut log_odds: Vec<f64> = examples.iter().map(|example| example.log_odds).collect();
    let mut coefficients = vec![0.0; features];
    for _ in 0..SWEEPS_MAX {
        let mut moved: f64 = 0.0;
        for (coefficient, column) in coefficients.iter_mut().zip(&columns) {
            let (mut slope, mut curvature) = (*coefficient, 1.0);
            for (at, value) in column {
                let chance = 1.0 / (1.0 + (-log_odds[*at]).exp());
                slope += value * (chance - f64::from(u8::from(examples[*at].holds)));
                curvature += value * value * chance * (1.0 - chance);
            }
            let step = (-slope / curvature).clamp(-STEP_MAX, STEP_MAX);
            *coefficient += step;
            column
                .iter()
                .for_each(|(at, value)| log_odds[*at] += step * value);
            moved = moved.max(step.abs());
        }
        if moved < CONVERGED {
            break;
        }
    }
    coefficients
}

#[cfg(test)]
mod tests {
    use super::{Example, fit};

    fn example(log_odds: f64, feature: usize, holds: bool) -> Example {
        let features = vec![(feature, 1.0)];
        Example {
            log_odds,
            features,
            holds,
        }
    }

    #[test]
    fn what_was_known_stays_where_examples_bear_it_out() {
        let examples = [example(0.0, 0, true), example(0.0, 0, false)];
        assert_eq!(fit(examples.to_vec(), 2), [0.0, 0.0]);
    }

    #[test]
    fn many_examples_outweigh_what_was_known() {
        // Odds of 3 to 1, where 1 to 8 was expected.
        let examples: Vec<Example> = (0..4000).map(|at| example(-2.08, 1, at % 4 > 0)).collect();
        let found = fit(examples, 2);
        assert_eq!(found[0], 0.0);
        assert!((found[1] - (3_f64.ln() + 2.08)).abs() < 0.01, "{found:?}");
    }
}
