//! Customers who behave as the models say. Every number comes from one congruential generator and two logarithms, so
//! that another program can make the same customers.

use std::f64::consts::TAU;

use crate::{Counts, History, Spend};

/// Knuth's generator (MMIX).
pub struct Random(pub u64);

impl Random {
    /// Between 0 and 1, neither of them.
    pub fn uniform(&mut self) -> f64 {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) * (-53.0_f64).exp2()
    }

    /// Gamma distributed, of shape `halves`/2: half the sum of as many squared normals (Box and Muller).
    pub fn gamma(&mut self, halves: u32) -> f64 {
        let mut sum = 0.0;
        for _ in 0..halves {
            let radius = -self.uniform().ln();
            sum += radius * (TAU * self.uniform()).cos().powi(2);
        }
        sum
    }
}

/// What [`histories`] are made with: r, alpha, a, b.
pub const ORDERS: [f64; 4] = [0.5, 40.0, 1.0, 2.5];
/// What [`spends`] are made with: p, q, v.
pub const SPENDING: [f64; 3] = [2.0, 3.0, 90.0];

/// The history of a customer up to some day in their first year, and their orders in the 90 days that follow.
pub fn customer(random: &mut Random) -> (History, u32) {
    let pace = random.gamma(1) / ORDERS[1];
    let (leaves, stays) = (random.gamma(2), random.gamma(5));
    let leaving = leaves / (leaves + stays);
    let age = 60.0 + (random.uniform() * 300.0).floor();
    let (mut frequency, mut recency, mut now, mut later) = (0.0, 0.0, 0.0, 0);
    loop {
        now -= random.uniform().ln() / pace;
        if now > age + 90.0 {
            break;
        }
        if now > age {
            later += 1;
        } else {
            frequency += 1.0;
            recency = now;
        }
        if random.uniform() < leaving {
            break;
        }
    }
    let history = History::new(frequency, recency, age).unwrap();
    (history, later)
}

/// The histories of so many customers.
pub fn histories(customers: usize, seed: u64) -> Counts<History> {
    let mut random = Random(seed);
    (0..customers).map(|_| customer(&mut random).0).collect()
}

/// The spending of so many customers with 1 to 6 repeat orders.
pub fn spends(customers: usize, seed: u64) -> Counts<Spend> {
    let mut random = Random(seed);
    let spend = |random: &mut Random| {
        let orders = 1 + (random.uniform() * 6.0).floor() as u32;
        let rate = random.gamma(6) / SPENDING[2];
        let spent = random.gamma(4 * orders) / rate;
        Spend::new(f64::from(orders), spent / f64::from(orders)).unwrap()
    };
    (0..customers).map(|_| spend(&mut random)).collect()
}
