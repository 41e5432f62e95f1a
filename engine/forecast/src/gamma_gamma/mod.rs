//! What customers spend an order: the gamma-gamma model.
//!
//! P. Fader and B. Hardie, The Gamma-Gamma Model of Monetary Value (2013), after their RFM and CLV: Using Iso-Value Curves
//! (2005). A customer's order values are gamma distributed (shape p) about a mean of their own; the rates are gamma
//! distributed over the customers (shape q, rate v). How much is spent has nothing to do with how often.

mod likelihood;

use crate::error::{Impossible, positive};
use crate::newton::{RATE, SHAPE, climb};
use crate::{CUSTOMERS_MIN, Counts, Fit, Spend, Unfit};
use likelihood::Likelihood;

/// The parameters; all are above 0. `v` is in the unit of money, the others have none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    pub v: f64,
}

/// The likeliest parameters, right to ten digits or so. Customers without repeat orders say nothing and do not count.
/// Shapes (p, q) are held between 1e-6 and 1e4: at a bound, customers, or the orders of one, are alike.
pub fn fit(spends: &Counts<Spend>) -> Result<Fit<GammaGamma>, Unfit> {
    let repeating = || spends.iter().filter(|(known, _)| known.frequency() > 0);
    let customers: u64 = repeating().map(|(_, customers)| customers).sum();
    let min = CUSTOMERS_MIN;
    if customers == 0 && !spends.is_empty() {
        return Err(Unfit::NobodyCameBack);
    }
    if customers < min {
        return Err(Unfit::TooFew { customers, min });
    }
    let spent = repeating().map(|(known, customers)| known.mean_value() * customers as f64);
    let mean = spent.sum::<f64>() / customers as f64;
    let likelihood = Likelihood::new(spends, mean);
    // Of mean 1, as the values are by now.
    let start = [2.0, 3.0, 1.0];
    let summit = climb(start, &[SHAPE, SHAPE, RATE], |parameters| {
        likelihood.at(parameters)
    });
    let [p, q, v] = summit.ok_or(Unfit::NoMaximum)?;
    let model = GammaGamma { p, q, v: v * mean };
    let log_likelihood = model.log_likelihood(spends);
    Ok(Fit {
        model,
        log_likelihood,
        customers,
    })
}

impl GammaGamma {
    /// Fails with the first parameter that is not above 0.
    pub fn new(p: f64, q: f64, v: f64) -> Result<Self, Impossible> {
        Ok(Self {
            p: positive("p", p)?,
            q: positive("q", q)?,
            v: positive("v", v)?,
        })
    }

    /// Natural logarithm of the density of these mean values, given the frequencies (equation 1a of the note, summed).
    pub fn log_likelihood(&self, spends: &Counts<Spend>) -> f64 {
        let parameters = [self.p, self.q, self.v];
        Likelihood::new(spends, 1.0).at(&parameters).value
    }

    /// The value to expect of an order of this customer (equation 5): between what they spent so far and what all do,
    /// the nearer to the former the more orders there are. None where the model knows no mean, which takes a q of at
    /// most 1 and hardly any orders.
    pub fn value(&self, spend: &Spend) -> Option<f64> {
        let orders = f64::from(spend.frequency());
        let certainty = self.p * orders + self.q - 1.0;
        let value = self.p * (self.v + orders * spend.mean_value()) / certainty;
        (certainty > 0.0).then_some(value)
    }
}
