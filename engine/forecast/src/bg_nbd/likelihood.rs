//! The likelihood of histories under the model of orders, with its slopes and curvatures.
//!
//! Of a customer, with frequency x, recency t and age T (equation 6 of the paper, in logarithms):
//!
//! ```text
//!     Σ_{j<x} ln(r+j)  +  r ln alpha  +  Σ_{j<x} ln(b+j)/(a+b+j)  +  ln(e^stayed + e^left)
//!
//!     stayed = -(r+x) ln(alpha+T)                        no order since t, though still a customer
//!     left   = -(r+x) ln(alpha+t) + ln a/(b+x-1)         left with the order at t; only where x > 0
//! ```
//!
//! As frequencies are whole, gamma functions are the sums over j. Each term of those is reckoned once, times the
//! customers that have it, which leaves two logarithms a history.

use std::collections::BTreeMap;

use crate::newton::Surface;
use crate::{Counts, History};

const R: usize = 0;
const ALPHA: usize = 1;
const A: usize = 2;
const B: usize = 3;

/// Histories, made ready to be asked about many parameters.
pub(super) struct Likelihood {
    groups: Vec<Group>,
    /// Customers with a frequency above the index.
    beyond: Vec<f64>,
    customers: f64,
}

/// Customers of one history, times in the unit chosen.
struct Group {
    customers: f64,
    frequency: f64,
    recency: f64,
    age: f64,
}

impl Likelihood {
    /// Times become multiples of `unit`, so that alpha is of the order of 1 whatever they were.
    pub fn new(histories: &Counts<History>, unit: f64) -> Self {
        let mut frequencies: BTreeMap<u32, u64> = BTreeMap::new();
        let group = |(known, customers): (History, u64)| {
            *frequencies.entry(known.frequency()).or_default() += customers;
            Group {
                customers: customers as f64,
                frequency: f64::from(known.frequency()),
                recency: known.recency() / unit,
                age: known.age() / unit,
            }
        };
        Self {
            groups: histories.iter().map(group).collect(),
            beyond: beyond(&frequencies),
            customers: histories.total() as f64,
        }
    }

    /// The ages of all customers together.
    pub fn time(&self) -> f64 {
        let ages = self.groups.iter().map(|group| group.customers * group.age);
        ages.sum()
    }

    /// At r, alpha, a and b.
    pub fn at(&self, parameters: &[f64; 4]) -> Surface<4> {
        let mut surface = Surface::level();
        self.add_orders(parameters, &mut surface);
        self.add_pace(parameters, &mut surface);
        for group in &self.groups {
            group.add_silence(parameters, &mut surface);
        }
        surface
    }

    /// The sums over j.
    fn add_orders(&self, [r, _, a, b]: &[f64; 4], surface: &mut Surface<4>) {
        for (at, customers) in self.beyond.iter().enumerate() {
            let at = at as f64;
            let (paced, stayed, all) = (1.0 / (r + at), 1.0 / (b + at), 1.0 / (a + b + at));
            surface.value += customers * ((r + at) * (b + at) * all).ln();
            surface.slope[R] += customers * paced;
            surface.slope[A] -= customers * all;
            surface.slope[B] += customers * (stayed - all);
            surface.curvature[R][R] -= customers * paced * paced;
            surface.curvature[A][A] += customers * all * all;
            surface.curvature[B][B] += customers * (all * all - stayed * stayed);
            surface.curvature[A][B] += customers * all * all;
            surface.curvature[B][A] += customers * all * all;
        }
    }

    /// r ln alpha, of every customer.
    fn add_pace(&self, [r, alpha, _, _]: &[f64; 4], surface: &mut Surface<4>) {
        surface.value += self.customers * r * alpha.ln();
        surface.slope[R] += self.customers * alpha.ln();
        surface.slope[ALPHA] += self.customers * r / alpha;
        surface.curvature[R][ALPHA] += self.customers / alpha;
        surface.curvature[ALPHA][R] += self.customers / alpha;
        surface.curvature[ALPHA][ALPHA] -= self.customers * r / (alpha * alpha);
    }
}

impl Group {
    /// ln(e^stayed + e^left), as stayed + ln(1 + e^between).
    fn add_silence(&self, [r, alpha, a, b]: &[f64; 4], surface: &mut Surface<4>) {
        let orders = r + self.frequency;
        let (early, late) = (alpha + self.recency, alpha + self.age);
        self.add(
            surface,
            -orders * late.ln(),
            [-late.ln(), -orders / late, 0.0, 0.0],
        );
        let mut curvature = [[0.0; 4]; 4];
        curvature[R][ALPHA] = -1.0 / late;
        curvature[ALPHA][R] = -1.0 / late;
        curvature[ALPHA][ALPHA] = orders / (late * late);
        self.bend(surface, 1.0, &curvature);
        if self.frequency == 0.0 {
            return;
        }
        let staying = b + self.frequency - 1.0;
        let silence = ((self.age - self.recency) / early).ln_1p();
        let between = orders * silence + (a / staying).ln();
        let gone = 1.0 / (1.0 + (-between).exp());
        let (sooner, later) = (1.0 / early, 1.0 / late);
        let slope = [silence, orders * (later - sooner), 1.0 / a, -1.0 / staying];
        self.add(surface, softplus(between), slope.map(|part| gone * part));
        let mut curvature = [[0.0; 4]; 4];
        curvature[R][ALPHA] = later - sooner;
        curvature[ALPHA][R] = later - sooner;
        curvature[ALPHA][ALPHA] = orders * (sooner * sooner - later * later);
        curvature[A][A] = -1.0 / (a * a);
        curvature[B][B] = 1.0 / (staying * staying);
        self.bend(surface, gone, &curvature);
        let outer = slope.map(|row| slope.map(|column| row * column));
        self.bend(surface, gone * (1.0 - gone), &outer);
    }

    fn add(&self, surface: &mut Surface<4>, value: f64, slope: [f64; 4]) {
        surface.value += self.customers * value;
        for (sum, part) in surface.slope.iter_mut().zip(slope) {
            *sum += self.customers * part;
        }
    }

    fn bend(&self, surface: &mut Surface<4>, times: f64, curvature: &[[f64; 4]; 4]) {
        let sums = surface.curvature.as_flattened_mut();
        for (sum, part) in sums.iter_mut().zip(curvature.as_flattened()) {
            *sum += self.customers * times * part;
        }
    }
}

/// ln(1 + e^x), also where e^x is more than a number can hold.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// How many customers have more orders than 0, than 1, and so on up to the most.
fn beyond(frequencies: &BTreeMap<u32, u64>) -> Vec<f64> {
    let mut left: u64 = frequencies.values().sum();
    let mut counts = Vec::new();
    for (frequency, customers) in frequencies {
        counts.resize(*frequency as usize, left as f64);
        left -= customers;
    }
    counts
}
