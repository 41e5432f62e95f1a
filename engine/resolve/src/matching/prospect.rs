//! What pairs can still come to: bounds on their weights, which end a comparison as soon as the threshold is out of
//! reach. Bounds only; the final sum decides.

use super::case::Open;
use super::group::{Group, keep};

/// What a pair weighs at most against strangers, and against one household.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    pub stranger: f64,
    pub household: f64,
}

/// What a case can come to.
#[derive(Debug)]
pub(super) struct Prospect {
    /// The settled levels, rarities apart, and the most of the open ones.
    pub most: Bound,
    /// Settled comparisons whose weight depends on rarity.
    pub rare: Vec<(usize, u8)>,
    /// Most that the rarities add.
    pub rare_max: f64,
    /// Open comparisons; what tells most comes first.
    pub stakes: Vec<Stake>,
}

/// What an open comparison can come to.
#[derive(Debug)]
pub(super) struct Stake {
    /// Its place among the case's open comparisons.
    pub at: usize,
    /// The most that each candidate can weigh, in order.
    each: Vec<Bound>,
    /// The most that any after each candidate can weigh.
    rest: Vec<Bound>,
    /// The most that all can weigh.
    pub most: Bound,
}

/// What the pairs of a group can still come to.
#[derive(Debug, Default)]
pub(super) struct Hopes {
    /// The pairs that are within reach.
    pub alive: Vec<u32>,
    /// What each pair weighs at most by what is known.
    pub bounds: Vec<Bound>,
    /// What each stake weighs at most by what signatures allow, pair after pair.
    pub possible: Vec<Bound>,
    /// The levels of all comparisons, pair after pair.
    pub levels: Vec<u8>,
    /// The pairs that reached the threshold.
    pub found: Vec<Reached>,
}

/// A pair that reached the threshold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    pub pair: u32,
    pub weight: f64,
    pub pattern: u64,
}

/// Sums in another order may differ in the last bits; the final sum decides.
pub(super) const SLACK: f64 = 1e-6;

impl Bound {
    pub const LEAST: Self = Self {
        stranger: f64::NEG_INFINITY,
        household: f64::NEG_INFINITY,
    };

    #[inline]
    pub fn is_below(&self, least: f64) -> bool {
        self.stranger.min(self.household) < least
    }

    #[inline]
    pub fn max(self, other: Self) -> Self {
        Self {
            stranger: self.stranger.max(other.stranger),
            household: self.household.max(other.household),
        }
    }

    /// Whether it is more than another in any respect.
    #[inline]
    pub fn is_more(&self, than: &Self) -> bool {
        self.stranger > than.stranger || self.household > than.household
    }

    /// The same, after something that was held possible came to less.
    #[inline]
    pub fn change(&mut self, from: Self, to: Self) {
        self.stranger += to.stranger - from.stranger;
        self.household += to.household - from.household;
    }
}

impl Stake {
    /// `each` is the most that each candidate can weigh, in order.
    pub fn new(at: usize, each: Vec<Bound>) -> Self {
        let mut rest = vec![Bound::LEAST; each.len()];
        for at in (1..each.len()).rev() {
            rest[at - 1] = rest[at].max(each[at]);
        }
        let most = each.iter().copied().fold(Bound::LEAST, Bound::max);
        Self {
            at,
            each,
            rest,
            most,
        }
    }

    /// How much may be lost by looking.
    pub fn tells(&self) -> f64 {
        let last = self.each[self.each.len() - 1];
        self.most.stranger - last.stranger + self.most.household - last.household
    }

    /// The most that it can weigh by what signatures allow, for each pair that the sieve has open. Leaves none.
    pub fn bound(&self, open: &Open, group: &mut Group, most: &mut [Bound]) {
        most.fill(Bound::LEAST);
        for (at, candidate) in open.candidates.iter().enumerate() {
            group.sift(candidate);
            let sieve = &mut *group.sieve;
            for pair in &sieve.kept {
                let most = &mut most[*pair as usize];
                *most = most.max(self.each[at]);
            }
            let more = |pair: &u32| self.rest[at].is_more(&most[*pair as usize]);
            sieve.kept.retain(|pair| !more(pair));
            sieve.close();
            if sieve.open.is_empty() {
                return;
            }
        }
    }
}

impl Hopes {
    /// So many pairs of a case, all of them within reach.
    pub fn begin(&mut self, prospect: &Prospect, count: usize) {
        self.alive.clear();
        self.alive.extend(0..count as u32);
        self.bounds.clear();
        self.bounds.resize(count, prospect.most);
        let stakes = prospect.stakes.len();
        self.possible.resize(stakes * count, Bound::LEAST);
    }

    /// Lets go of the pairs that cannot weigh so much, and opens the others. Whether any remain.
    pub fn remain(&mut self, least: f64, group: &mut Group) -> bool {
        let bounds = &self.bounds;
        keep(&mut self.alive, |pair| {
            !bounds[pair as usize].is_below(least)
        });
        group.sieve.open.clone_from(&self.alive);
        !self.alive.is_empty()
    }
}
