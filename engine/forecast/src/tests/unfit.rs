//! What is refused: numbers that cannot be, and customers who have no model.

use super::made::{histories, spends};
use crate::{BgNbd, Counts, GammaGamma, History, Horizon, Spend, Unfit, bg_nbd, gamma_gamma};

#[track_caller]
fn check_refused<Made: std::fmt::Debug>(
    made: Result<Made, crate::Impossible>,
    expected: &'static str,
) {
    assert_eq!(made.unwrap_err().name, expected);
}

#[test]
fn histories_that_cannot_be_are_refused() {
    check_refused(History::new(-1.0, 0.0, 10.0), "frequency");
    check_refused(History::new(1.5, 1.0, 10.0), "frequency");
    check_refused(History::new(2e6, 1.0, 10.0), "frequency");
    check_refused(History::new(f64::NAN, 1.0, 10.0), "frequency");
    check_refused(History::new(1.0, -1.0, 10.0), "recency");
    check_refused(History::new(1.0, 11.0, 10.0), "recency");
    check_refused(History::new(0.0, 1.0, 10.0), "recency");
    check_refused(History::new(1.0, 1.0, f64::INFINITY), "age");
    check_refused(History::new(1.0, 1.0, -1.0), "age");
}

#[test]
fn spending_models_and_horizons_that_cannot_be_are_refused() {
    check_refused(Spend::new(-1.0, 5.0), "frequency");
    check_refused(Spend::new(1.0, 0.0), "mean_value");
    check_refused(Spend::new(0.0, f64::NAN), "mean_value");
    check_refused(BgNbd::new(1.0, 0.0, 1.0, 1.0), "alpha");
    check_refused(BgNbd::new(1.0, 1.0, 1.0, f64::INFINITY), "b");
    check_refused(GammaGamma::new(1.0, -1.0, 1.0), "q");
    check_refused(Horizon::new(1.5, 0.01), "months");
    check_refused(Horizon::new(12.0, -0.01), "monthly_discount_rate");
    let history = History::new(1.0, 1.0, 2.0).unwrap();
    let model = BgNbd::new(1.0, 1.0, 1.0, 1.0).unwrap();
    check_refused(model.orders(&history, -1.0), "time");
}

#[test]
fn few_customers_have_no_model() {
    let (customers, min) = (19, 20);
    let few = Unfit::TooFew { customers, min };
    assert_eq!(bg_nbd::fit(&histories(19, 1)), Err(few));
    assert_eq!(gamma_gamma::fit(&spends(19, 1)), Err(few));
    let none = Unfit::TooFew { customers: 0, min };
    assert_eq!(bg_nbd::fit(&Counts::default()), Err(none));
    assert_eq!(gamma_gamma::fit(&Counts::default()), Err(none));
}

#[test]
fn customers_who_never_came_back_have_no_model() {
    let once = (0..50).map(|day| History::new(0.0, 0.0, f64::from(day)).unwrap());
    let never = Err(Unfit::NobodyCameBack);
    assert_eq!(bg_nbd::fit(&once.collect()), never);
    let nothing = (0..50).map(|_| Spend::new(0.0, 0.0).unwrap());
    assert_eq!(
        gamma_gamma::fit(&nothing.collect()),
        Err(Unfit::NobodyCameBack)
    );
}

#[test]
fn without_time_there_is_no_pace() {
    let at_once = (0..50).map(|_| History::new(3.0, 0.0, 0.0).unwrap());
    assert_eq!(bg_nbd::fit(&at_once.collect()), Err(Unfit::NoTime));
}
