//! The orders to expect, as an integral over the chance p to leave: for times so long that the series has too many terms.
//!
//! ```text
//!     ∫ Beta(p; a, b+x) · [1 - (1+p·t/(alpha+T))^-(r+x)]/p dp
//! ```
//!
//! Over the log-odds of p the integrand is smooth and falls off exponentially on both sides, and over the inverse
//! hyperbolic sine of those doubly so. There the trapezoidal rule gains digits with each halving of its step (Takahasi and
//! Mori 1974). The beta density is divided by its own integral, taken in the same way, so no beta function is needed.

use super::orders::Loyal;

/// Two estimates that differ by a smaller part are the same.
const AGREED: f64 = 1e-13;
/// What a point must be worth, as a part of the sum, for the ones beyond it to matter.
const NEGLIGIBLE: f64 = 1e-18;
const HALVINGS_MAX: u32 = 12;

/// The integral of the beta density and of the orders, up to the same factor.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    density: f64,
    orders: f64,
}

/// Orders within `stretch` of a customer who has not left.
pub(super) fn orders(loyal: &Loyal, stretch: f64) -> f64 {
    let integrand = Integrand::new(loyal, stretch);
    let mut step = 0.5;
    let mut sums = integrand.point(0.0);
    integrand.add_points(step, step, &mut sums);
    for _ in 0..HALVINGS_MAX {
        let coarse = sums.orders / sums.density;
        // The points halfway between those there are.
        step /= 2.0;
        integrand.add_points(step, 2.0 * step, &mut sums);
        let fine = sums.orders / sums.density;
        if (fine - coarse).abs() <= AGREED * fine {
            return fine;
        }
    }
    sums.orders / sums.density
}

struct Integrand {
    loyal: Loyal,
    stretch: f64,
    /// Log-odds at which the density is highest, how wide it is there, and its logarithm.
    middle: f64,
    width: f64,
    highest: f64,
}

impl Integrand {
    fn new(loyal: &Loyal, stretch: f64) -> Self {
        let middle = (loyal.leaving / loyal.staying).ln();
        let mut integrand = Self {
            loyal: *loyal,
            stretch,
            middle,
            width: (1.0 / loyal.leaving + 1.0 / loyal.staying).sqrt().min(1.0),
            highest: 0.0,
        };
        integrand.highest = integrand.log_density(middle);
        integrand
    }

    /// Of p's log-odds, up to a constant.
    fn log_density(&self, odds: f64) -> f64 {
        self.loyal.leaving * log_chance(odds) + self.loyal.staying * log_chance(-odds)
    }

    fn point(&self, at: f64) -> Sums {
        let odds = self.middle + self.width * at.sinh();
        let density = (self.log_density(odds) - self.highest).exp() * at.cosh();
        Sums {
            density,
            orders: density * self.expected(log_chance(odds)),
        }
    }

    /// Orders of somebody who leaves with a chance of e^`log_chance`.
    fn expected(&self, log_chance: f64) -> f64 {
        let chance = log_chance.exp();
        // A chance too small for a number is none.
        if chance < f64::MIN_POSITIVE {
            return self.loyal.pace * self.stretch;
        }
        -(-self.loyal.pace * (chance * self.stretch).ln_1p()).exp_m1() / chance
    }

    /// Points on both sides of the middle from `first` on, as far out as they matter.
    fn add_points(&self, first: f64, apart: f64, sums: &mut Sums) {
        for side in [-1.0, 1.0] {
            let mut at = first;
            loop {
                let point = self.point(side * at);
                sums.density += point.density;
                sums.orders += point.orders;
                let matters = point.density > NEGLIGIBLE * sums.density
                    || point.orders > NEGLIGIBLE * sums.orders;
                if !matters {
                    break;
                }
                at += apart;
            }
        }
    }
}

/// Logarithm of the chance with these log-odds.
fn log_chance(odds: f64) -> f64 {
    odds.min(0.0) - (-odds.abs()).exp().ln_1p()
}
