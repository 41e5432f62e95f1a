//! The orders to expect of somebody who is a customer now.
//!
//! The paper gives them by Gauss's hypergeometric function: with A = r+x, B = b+x, C = a+b+x-1 and z = t/(alpha+T+t),
//!
//! ```text
//!     C/(a-1) · [1 - (1-z)^A · 2F1(A, B; C; z)]
//! ```
//!
//! As it stands that is no number at a = 1 and where C is 0 or below, and loses its digits nearby. But (1-z)^A · (A)_n/n!
//! · z^n is the chance w_n that somebody who never leaves places n orders, so the bracket is the sum of w_n · [1 -
//! (B)_n/(C)_n], and the quotient by a-1 can be taken in each term:
//!
//! ```text
//!     Σ_n w_n · v_n        v_n = Σ_{k<n} (B)_k/(a+B)_k, the orders expected of somebody with n occasions
//! ```
//!
//! where (B)_k/(a+B)_k is the chance to stay k times. All terms are positive, so nothing cancels, for any parameters.
//! It takes about (A + 40) · z/(1-z) terms; beyond [`TERMS_MAX`], near z = 1, the same quantity is an integral.

use super::integral;

/// Beyond so many terms the integral is cheaper.
const TERMS_MAX: f64 = 10_000.0;
/// Sums are scaled down when a term grows beyond.
const LARGE: f64 = 1e250;
/// A remainder that is a smaller part of the sum is not worth adding.
const NEGLIGIBLE: f64 = 1e-17;

/// A customer who has not left, as the model sees one after their orders so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loyal {
    /// Shape of the gamma distribution of the pace: r + x.
    pub pace: f64,
    /// First parameter of the beta distribution of the chance to leave: a.
    pub leaving: f64,
    /// Second parameter: b + x.
    pub staying: f64,
}

impl Loyal {
    /// Orders within `stretch`, t/(alpha+T): a time as a multiple of what the pace was learnt from.
    pub fn orders(&self, stretch: f64) -> f64 {
        if (self.pace + 40.0) * stretch > TERMS_MAX {
            return integral::orders(self, stretch);
        }
        self.series(stretch)
    }

    /// Weights are reckoned as multiples of the first, and divided by their sum in the end: w_0 may be too small for a
    /// number.
    pub fn series(&self, stretch: f64) -> f64 {
        let z = stretch / (1.0 + stretch);
        let (mut weight, mut weights) = (1.0, 1.0);
        let (mut stay, mut expected) = (1.0, 0.0);
        let mut sum = 0.0;
        let mut n = 0.0;
        loop {
            let growth = z * (self.pace + n) / (n + 1.0);
            weight *= growth;
            expected += stay;
            stay *= (self.staying + n) / (self.leaving + self.staying + n);
            weights += weight;
            sum += weight * expected;
            n += 1.0;
            // Terms to come shrink at least as fast as this one's bound.
            let shrinking = z * ((self.pace + n) / (n + 1.0)).max(1.0) * (1.0 + 1.0 / n);
            if shrinking < 1.0 && weight * expected <= NEGLIGIBLE * sum * (1.0 - shrinking) {
                return sum / weights;
            }
            if weight > LARGE {
                weight /= LARGE;
                weights /= LARGE;
                sum /= LARGE;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Loyal, integral};

    /// Wherever both can be had: from next to nothing to z = 0.9999. Of a million terms the series rounds too often.
    #[test]
    fn series_and_integral_agree() {
        let shapes = [0.003, 0.4, 1.0, 7.0, 150.0];
        for pace in [0.1, 1.0, 12.0, 900.0] {
            for leaving in shapes {
                for staying in shapes {
                    let loyal = Loyal {
                        pace,
                        leaving,
                        staying,
                    };
                    for stretch in [1e-6, 0.03, 1.0, 30.0, 1e3, 1e4] {
                        if (pace + 40.0) * stretch > 5e5 {
                            continue;
                        }
                        let (series, integral) =
                            (loyal.series(stretch), integral::orders(&loyal, stretch));
                        let off = (series / integral - 1.0).abs();
                        assert!(off < 1e-11, "{loyal:?} {stretch}: {series} {integral}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_time_has_no_orders() {
        let loyal = Loyal {
            pace: 3.0,
            leaving: 1.0,
            staying: 2.0,
        };
        assert_eq!(loyal.orders(0.0), 0.0);
    }
}
