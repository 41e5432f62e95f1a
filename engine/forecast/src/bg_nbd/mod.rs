//! How often customers order, and when they stop: the beta-geometric/negative binomial model (BG/NBD).
//!
//! P. Fader, B. Hardie and K. Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005). While a customer
//! is one, orders come at random at a pace of their own; after each order the customer leaves with a chance of their
//! own. Paces are gamma distributed over the customers (shape r, rate alpha), chances beta distributed (a, b).

mod integral;
mod likelihood;
mod orders;

use crate::error::{Impossible, not_negative, positive};
use crate::newton::{RATE, SHAPE, climb};
use crate::{CUSTOMERS_MIN, Counts, Fit, History, Unfit};
use likelihood::Likelihood;

/// The parameters; all are above 0. `alpha` is in the unit of time, the others have none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BgNbd {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

/// The likeliest parameters, right to ten digits or so. Shapes (r, a, b) are held between 1e-6 and 1e4: at a bound,
/// customers are alike in what they describe.
pub fn fit(histories: &Counts<History>) -> Result<Fit<BgNbd>, Unfit> {
    let customers = histories.total();
    let min = CUSTOMERS_MIN;
    if customers < min {
        return Err(Unfit::TooFew { customers, min });
    }
    let oldest = histories.iter().map(|(known, _)| known.age());
    let oldest = oldest.fold(0.0, f64::max);
    let orders: u64 = histories.iter().map(orders_of).sum();
    if orders == 0 {
        return Err(Unfit::NobodyCameBack);
    }
    if oldest == 0.0 {
        return Err(Unfit::NoTime);
    }
    let likelihood = Likelihood::new(histories, oldest);
    let start = [1.0, likelihood.time() / orders as f64, 1.0, 3.0];
    let summit = climb(start, &[SHAPE, RATE, SHAPE, SHAPE], |parameters| {
        likelihood.at(parameters)
    });
    let [r, alpha, a, b] = summit.ok_or(Unfit::NoMaximum)?;
    let model = BgNbd {
        r,
        alpha: alpha * oldest,
        a,
        b,
    };
    let log_likelihood = model.log_likelihood(histories);
    Ok(Fit {
        model,
        log_likelihood,
        customers,
    })
}

fn orders_of((known, customers): (History, u64)) -> u64 {
    u64::from(known.frequency()) * customers
}

impl BgNbd {
    /// Fails with the first parameter that is not above 0.
    pub fn new(r: f64, alpha: f64, a: f64, b: f64) -> Result<Self, Impossible> {
        Ok(Self {
            r: positive("r", r)?,
            alpha: positive("alpha", alpha)?,
            a: positive("a", a)?,
            b: positive("b", b)?,
        })
    }

    /// Natural logarithm of the chance that customers have these histories (equation 6 of the paper, summed).
    pub fn log_likelihood(&self, histories: &Counts<History>) -> f64 {
        let parameters = [self.r, self.alpha, self.a, self.b];
        Likelihood::new(histories, 1.0).at(&parameters).value
    }

    /// The chance that a customer is still one (Fader, Hardie and Lee, Computing P(alive) Using the BG/NBD Model, 2008).
    /// Who never came back has had no occasion to leave: 1.
    pub fn alive(&self, history: &History) -> f64 {
        if history.frequency() == 0 {
            return 1.0;
        }
        let frequency = f64::from(history.frequency());
        let silence = (history.age() - history.recency()) / (self.alpha + history.recency());
        let odds = (self.a / (self.b + frequency - 1.0)).ln();
        1.0 / (1.0 + (odds + (self.r + frequency) * silence.ln_1p()).exp())
    }

    /// Orders to expect within `time` from now (equation 10 of the paper). Fails where the time is negative.
    pub fn orders(&self, history: &History, time: f64) -> Result<f64, Impossible> {
        let time = not_negative("time", time)?;
        let frequency = f64::from(history.frequency());
        let stretch = time / (self.alpha + history.age());
        let loyal = orders::Loyal {
            pace: self.r + frequency,
            leaving: self.a,
            staying: self.b + frequency,
        };
        Ok(self.alive(history) * loyal.orders(stretch))
    }
}
