//! How many customers are alike. Sorted, so that sums over them are the same in whatever order the customers came.

use std::collections::BTreeMap;

/// What is known of customers, and how many each is true of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts<Known> {
    customers: BTreeMap<Known, u64>,
}

impl<Known: Ord + Copy> Counts<Known> {
    /// So many customers more of whom `known` is true.
    pub fn add(&mut self, known: Known, customers: u64) {
        *self.customers.entry(known).or_default() += customers;
    }

    /// The customers of `other` too, as if all had been added here.
    pub fn merge(&mut self, other: &Self) {
        for (known, customers) in other.iter() {
            self.add(known, customers);
        }
    }

    /// What is known, ascending, and of how many customers.
    pub fn iter(&self) -> impl Iterator<Item = (Known, u64)> + '_ {
        self.customers
            .iter()
            .map(|(known, customers)| (*known, *customers))
    }

    /// All customers.
    pub fn total(&self) -> u64 {
        self.customers.values().sum()
    }

    /// How many kinds of customers there are.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there are no customers.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }
}

impl<Known: Ord + Copy> Default for Counts<Known> {
    fn default() -> Self {
        let customers = BTreeMap::new();
        Self { customers }
    }
}

impl<Known: Ord + Copy> FromIterator<Known> for Counts<Known> {
    fn from_iter<Customers: IntoIterator<Item = Known>>(customers: Customers) -> Self {
        let mut counts = Self::default();
        for known in customers {
            counts.add(known, 1);
        }
        counts
    }
}
