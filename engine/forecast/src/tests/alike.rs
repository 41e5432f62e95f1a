//! Customers who are alike in something: the likelihood has no summit, and the model becomes the simpler one.

use super::made::Random;
use crate::{Counts, History, Spend, bg_nbd, gamma_gamma};

/// Customers whose order values come from one distribution of mean 75, which the demo's do too.
fn equal_spenders() -> Counts<Spend> {
    let mut random = Random(17);
    let spend = |number: u32| {
        let orders = 1 + number % 6;
        let spent = 25.0 * random.gamma(6 * orders);
        Spend::new(f64::from(orders), spent / f64::from(orders)).unwrap()
    };
    (0..2000).map(spend).collect()
}

#[test]
fn customers_who_spend_alike_are_expected_to_spend_alike() {
    let spends = equal_spenders();
    let model = gamma_gamma::fit(&spends).unwrap().model;
    let mean = model.value(&Spend::new(0.0, 0.0).unwrap()).unwrap();
    assert!((mean / 75.0 - 1.0).abs() < 0.02, "{model:?} {mean}");
    for value in [10.0, 300.0] {
        let expected = model.value(&Spend::new(3.0, value).unwrap()).unwrap();
        assert!((expected / mean - 1.0).abs() < 0.01, "{model:?} {expected}");
    }
}

/// One order a week from each, at random, and nobody leaves.
#[test]
fn customers_who_never_leave_are_all_there() {
    let mut random = Random(19);
    let history = |_: u32| {
        let (mut frequency, mut recency, mut now) = (0.0, 0.0, 0.0);
        loop {
            now -= 7.0 * random.uniform().ln();
            if now > 200.0 {
                return History::new(frequency, recency, 200.0).unwrap();
            }
            (frequency, recency) = (frequency + 1.0, now);
        }
    };
    let histories: Counts<History> = (0..500).map(history).collect();
    let model = bg_nbd::fit(&histories).unwrap().model;
    let history = History::new(20.0, 180.0, 200.0).unwrap();
    assert!(model.alive(&history) > 0.999, "{model:?}");
    let orders = model.orders(&history, 70.0).unwrap();
    assert!((orders - 10.0).abs() < 0.3, "{model:?} {orders}");
}

#[test]
fn customers_who_are_the_same_go_on_as_they_did() {
    let same = History::new(3.0, 30.0, 30.0).unwrap();
    let histories = (0..50).map(|_| same).collect();
    let model = bg_nbd::fit(&histories).unwrap().model;
    let orders = model.orders(&same, 30.0).unwrap();
    assert!((orders - 3.0).abs() < 0.01, "{model:?} {orders}");
    let same = Spend::new(3.0, 30.0).unwrap();
    let spends = (0..50).map(|_| same).collect();
    let value = gamma_gamma::fit(&spends)
        .unwrap()
        .model
        .value(&same)
        .unwrap();
    assert!((value - 30.0).abs() < 0.01, "{value}");
}

/// However they behave: 20 to 100 customers with numbers that no model would make.
#[test]
fn any_customers_who_came_back_have_a_model() {
    for seed in 0..500 {
        let mut random = Random(seed);
        let whole = |random: &mut Random, below: f64| (random.uniform() * below).floor();
        let customers = 20 + whole(&mut random, 80.0) as usize;
        let (orders_max, age_max) = (
            1.0 + whole(&mut random, 40.0),
            1.0 + whole(&mut random, 900.0),
        );
        let history = |random: &mut Random| {
            let frequency = whole(random, 1.0 + orders_max);
            let age = 1.0 + whole(random, age_max);
            let recency = if frequency > 0.0 {
                whole(random, age + 1.0)
            } else {
                0.0
            };
            History::new(frequency, recency, age).unwrap()
        };
        let histories: Counts<History> = (0..customers).map(|_| history(&mut random)).collect();
        let fit = bg_nbd::fit(&histories);
        assert!(fit.is_ok(), "{seed}: {fit:?}");
        let spread = 10.0_f64.powf(random.uniform() * 6.0);
        let spend = |random: &mut Random| {
            let frequency = 1.0 + whole(random, orders_max);
            Spend::new(frequency, 1.0 + whole(random, spread)).unwrap()
        };
        let spends: Counts<Spend> = (0..customers).map(|_| spend(&mut random)).collect();
        let fit = gamma_gamma::fit(&spends);
        assert!(fit.is_ok(), "{seed}: {fit:?}");
    }
}
