//! What customers are worth, where it can be told without reckoning.

use crate::{BgNbd, GammaGamma, History, Horizon, Spend};

fn orders() -> BgNbd {
    BgNbd::new(0.5, 40.0, 1.0, 2.5).unwrap()
}

fn spending() -> GammaGamma {
    GammaGamma::new(2.0, 3.0, 90.0).unwrap()
}

fn worth(months: f64, rate: f64) -> f64 {
    let history = History::new(3.0, 100.0, 120.0).unwrap();
    let spend = Spend::new(3.0, 70.0).unwrap();
    let horizon = Horizon::new(months, rate).unwrap();
    let worth = horizon.lifetime_value(&orders(), &spending(), &history, &spend);
    worth.unwrap().unwrap()
}

#[test]
fn money_that_is_not_discounted_is_orders_times_value() {
    let history = History::new(3.0, 100.0, 120.0).unwrap();
    let value = spending().value(&Spend::new(3.0, 70.0).unwrap()).unwrap();
    let expected = orders().orders(&history, 360.0).unwrap() * value;
    assert!((worth(12.0, 0.0) / expected - 1.0).abs() < 1e-13);
    assert_eq!(worth(0.0, 0.0), 0.0);
}

/// The figure is the paper's formulas at 60 digits; lifetimes 0.11.3 says the same to the digits it has so near a = 1.
#[test]
fn later_money_counts_less() {
    let found = worth(12.0, 0.01);
    assert!((found / 251.2677461324 - 1.0).abs() < 1e-9, "{found}");
}

#[test]
fn who_never_came_back_is_there_and_spends_as_all_do() {
    let history = History::new(0.0, 0.0, 300.0).unwrap();
    assert_eq!(orders().alive(&history), 1.0);
    let value = spending().value(&Spend::new(0.0, 0.0).unwrap()).unwrap();
    assert!((value - 90.0).abs() < 1e-12, "{value}");
}

#[test]
fn who_orders_much_spends_as_they_did() {
    let value = spending().value(&Spend::new(1e6, 70.0).unwrap()).unwrap();
    assert!((value - 70.0).abs() < 1e-3, "{value}");
}

#[test]
fn spending_without_a_mean_has_no_value() {
    let wild = GammaGamma::new(0.2, 0.7, 90.0).unwrap();
    assert_eq!(wild.value(&Spend::new(1.0, 70.0).unwrap()), None);
    assert!(wild.value(&Spend::new(2.0, 70.0).unwrap()).is_some());
    let history = History::new(1.0, 100.0, 120.0).unwrap();
    let spend = Spend::new(1.0, 70.0).unwrap();
    let horizon = Horizon::new(12.0, 0.01).unwrap();
    assert_eq!(
        horizon.lifetime_value(&orders(), &wild, &history, &spend),
        Ok(None)
    );
}
