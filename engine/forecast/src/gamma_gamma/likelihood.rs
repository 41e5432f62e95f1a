//! The likelihood of mean order values under the model of spending, with its slopes and curvatures.
//!
//! Of a customer with x > 0 orders of mean value m (equation 1a of the note, in logarithms):
//!
//! ```text
//!     ln Γ(px+q) - ln Γ(px) - ln Γ(q)  +  q ln v  +  (px-1) ln m  +  px ln x  -  (px+q) ln(v+mx)
//! ```

use std::collections::BTreeMap;

use special::Gamma;

use crate::newton::Surface;
use crate::{Counts, Spend};

const P: usize = 0;
const Q: usize = 1;
const V: usize = 2;

/// Mean values, made ready to be asked about many parameters.
pub(super) struct Likelihood {
    groups: Vec<Group>,
    frequencies: Vec<Frequency>,
}

/// Customers of one frequency and mean value, the latter in the unit chosen.
struct Group {
    customers: f64,
    frequency: f64,
    mean_value: f64,
}

/// Customers of one frequency.
struct Frequency {
    customers: f64,
    frequency: f64,
}

impl Likelihood {
    /// Values become multiples of `unit`, so that v is of the order of 1 whatever they were.
    pub fn new(spends: &Counts<Spend>, unit: f64) -> Self {
        let mut frequencies: BTreeMap<u32, u64> = BTreeMap::new();
        let mut groups = Vec::new();
        for (known, customers) in spends.iter().filter(|(known, _)| known.frequency() > 0) {
            *frequencies.entry(known.frequency()).or_default() += customers;
            groups.push(Group {
                customers: customers as f64,
                frequency: f64::from(known.frequency()),
                mean_value: known.mean_value() / unit,
            });
        }
        let frequency = |(frequency, customers)| Frequency {
            customers: customers as f64,
            frequency: f64::from(frequency),
        };
        Self {
            groups,
            frequencies: frequencies.into_iter().map(frequency).collect(),
        }
    }

    /// At p, q and v.
    pub fn at(&self, parameters: &[f64; 3]) -> Surface<3> {
        let mut surface = Surface::level();
        for frequency in &self.frequencies {
            frequency.add_shape(parameters, &mut surface);
        }
        for group in &self.groups {
            group.add_values(parameters, &mut surface);
        }
        surface
    }
}

impl Frequency {
    /// What does not depend on the values: the gamma functions, q ln v and px ln x.
    fn add_shape(&self, [p, q, v]: &[f64; 3], surface: &mut Surface<3>) {
        let (customers, orders) = (self.customers, self.frequency);
        let (own, all) = (p * orders, p * orders + q);
        let gammas = ln_gamma(all) - ln_gamma(own) - ln_gamma(*q);
        surface.value += customers * (gammas + q * v.ln() + own * orders.ln());
        let learnt = all.digamma() - own.digamma() + orders.ln();
        surface.slope[P] += customers * orders * learnt;
        surface.slope[Q] += customers * (all.digamma() - q.digamma() + v.ln());
        surface.slope[V] += customers * q / v;
        let bend = &mut surface.curvature;
        bend[P][P] += customers * orders * orders * (all.trigamma() - own.trigamma());
        bend[Q][Q] += customers * (all.trigamma() - q.trigamma());
        bend[V][V] -= customers * q / (v * v);
        add_both(bend, P, Q, customers * orders * all.trigamma());
        add_both(bend, Q, V, customers / v);
    }
}

impl Group {
    /// (px-1) ln m - (px+q) ln(v+mx).
    fn add_values(&self, [p, q, v]: &[f64; 3], surface: &mut Surface<3>) {
        let (customers, orders) = (self.customers, self.frequency);
        let (own, all) = (p * orders, p * orders + q);
        let spent = v + self.mean_value * orders;
        let (value, total) = (self.mean_value.ln(), spent.ln());
        surface.value += customers * ((own - 1.0) * value - all * total);
        surface.slope[P] += customers * orders * (value - total);
        surface.slope[Q] -= customers * total;
        surface.slope[V] -= customers * all / spent;
        let bend = &mut surface.curvature;
        bend[V][V] += customers * all / (spent * spent);
        add_both(bend, P, V, -customers * orders / spent);
        add_both(bend, Q, V, -customers / spent);
    }
}

fn ln_gamma(positive: f64) -> f64 {
    Gamma::ln_gamma(positive).0
}

fn add_both(curvature: &mut [[f64; 3]; 3], one: usize, other: usize, part: f64) {
    curvature[one][other] += part;
    curvature[other][one] += part;
}
