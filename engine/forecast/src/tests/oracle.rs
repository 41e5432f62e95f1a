//! Formulas beside sums over a fine grid of what each customer may be like: no closed form, no clever step.

use super::made::{ORDERS, Random, SPENDING, customer};
use crate::{BgNbd, Counts, GammaGamma, History, Spend};

fn model() -> BgNbd {
    let [r, alpha, a, b] = ORDERS;
    BgNbd::new(r, alpha, a, b).unwrap()
}

/// The mean of `of` over a density on the whole line that need not have an area of 1.
fn mean(log_density: impl Fn(f64) -> f64, of: impl Fn(f64) -> f64) -> f64 {
    let (mut area, mut sum) = (0.0, 0.0);
    for step in -60_000..60_000 {
        let at = f64::from(step) / 1000.0;
        let density = log_density(at).exp();
        area += density;
        sum += density * of(at);
    }
    sum / area
}

/// Over a gamma density of shape and rate, by the number's logarithm.
fn mean_over_gamma(shape: f64, rate: f64, of: impl Fn(f64) -> f64) -> f64 {
    mean(|log| shape * log - rate * log.exp(), |log| of(log.exp()))
}

/// Over a beta density, by the number's log-odds.
fn mean_over_beta(a: f64, b: f64, of: impl Fn(f64) -> f64) -> f64 {
    let chance = |odds: f64| 1.0 / (1.0 + (-odds).exp());
    let log = |odds| a * chance(odds).ln() + b * chance(-odds).ln();
    mean(log, |odds| of(chance(odds)))
}

/// The chance of a history in which the customer has stayed, and of one in which they left with the last order.
fn chances(history: &History) -> [f64; 2] {
    let [r, alpha, a, b] = ORDERS;
    let orders = history.frequency() as i32;
    let paced =
        |time: f64| mean_over_gamma(r, alpha, |pace| pace.powi(orders) * (-pace * time).exp());
    let stayed = mean_over_beta(a, b, |leaving| (1.0 - leaving).powi(orders));
    let stayed = paced(history.age()) * stayed;
    if orders == 0 {
        return [stayed, 0.0];
    }
    let left = mean_over_beta(a, b, |leaving| leaving * (1.0 - leaving).powi(orders - 1));
    [stayed, paced(history.recency()) * left]
}

#[test]
fn histories_are_as_likely_as_all_paces_and_chances_make_them() {
    for (frequency, recency, age) in [(0.0, 0.0, 90.0), (1.0, 3.0, 200.0), (7.0, 310.0, 365.0)] {
        let history = History::new(frequency, recency, age).unwrap();
        let [stayed, left] = chances(&history);
        let found = model().log_likelihood(&Counts::from_iter([history]));
        let expected = (stayed + left).ln();
        assert!((found - expected).abs() < 1e-8, "{found} {expected}");
        let (found, expected) = (model().alive(&history), stayed / (stayed + left));
        assert!((found - expected).abs() < 1e-8, "{found} {expected}");
    }
}

/// Of 100,000 customers, who place some 90,000 orders in the 90 days ahead. Paces differ, so the sum scatters by about
/// one per cent: three times that is allowed.
#[test]
fn customers_order_as_often_as_expected() {
    let mut random = Random(11);
    let (mut placed, mut expected) = (0.0, 0.0);
    for _ in 0..100_000 {
        let (history, later) = customer(&mut random);
        placed += f64::from(later);
        expected += model().orders(&history, 90.0).unwrap();
    }
    assert!(
        (placed / expected - 1.0).abs() < 0.03,
        "{placed} {expected}"
    );
}

#[test]
fn spending_is_as_likely_and_as_much_as_all_rates_make_it() {
    let [p, q, v] = SPENDING;
    let model = GammaGamma::new(p, q, v).unwrap();
    for (orders, value) in [(1.0, 20.0), (4.0, 95.0), (30.0, 60.0)] {
        let spend = Spend::new(orders, value).unwrap();
        let shape = p * orders;
        // Of the mean of the orders, up to the gamma function of the shape.
        let density = |rate: f64| {
            let rate = rate * orders;
            (shape * rate.ln() + (shape - 1.0) * value.ln() - rate * value).exp()
        };
        let likelihood = mean_over_gamma(q, v, density);
        let found = model.log_likelihood(&Counts::from_iter([spend]));
        let expected = likelihood.ln() - special::Gamma::ln_gamma(shape).0;
        assert!((found - expected).abs() < 1e-8, "{found} {expected}");
        let expected = mean_over_gamma(q, v, |rate| density(rate) * p / rate) / likelihood;
        let found = model.value(&spend).unwrap();
        assert!((found / expected - 1.0).abs() < 1e-8, "{found} {expected}");
    }
}
