//! Disjoint sets over places in anchor order, joined by many threads at once.
//!
//! A set's root is always its smallest place: roots only ever point to smaller ones. So whatever order threads work
//! in, the root of a finished set is its anchor. (Lock-free hooking after Anderson and Woll, 1991, with path
//! halving.)

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

pub(crate) struct Forest {
    parent: Vec<AtomicU32>,
}

impl Forest {
    pub fn new(len: usize) -> Self {
        Self {
            parent: (0..len as u32).map(AtomicU32::new).collect(),
        }
    }

    /// The root of a place, at the moment of asking.
    pub fn find(&self, mut at: u32) -> u32 {
        loop {
            let parent = self.parent[at as usize].load(Relaxed);
            if parent == at {
                return at;
            }
            let above = self.parent[parent as usize].load(Relaxed);
            if above != parent {
                // Losing this race only means that someone else shortened the path.
                let slot = &self.parent[at as usize];
                let _ = slot.compare_exchange_weak(parent, above, Relaxed, Relaxed);
            }
            at = above;
        }
    }

    /// Makes one set of the two sets.
    pub fn join(&self, mut a: u32, mut b: u32) {
        loop {
            a = self.find(a);
            b = self.find(b);
            if a == b {
                return;
            }
            if a < b {
                std::mem::swap(&mut a, &mut b);
            }
            let slot = &self.parent[a as usize];
            if slot.compare_exchange(a, b, Relaxed, Relaxed).is_ok() {
                return;
            }
        }
    }

    /// The root of every place. One pass, since a parent stands before its children.
    pub fn roots(self) -> Vec<u32> {
        let mut roots: Vec<u32> = Vec::with_capacity(self.parent.len());
        for (at, parent) in self.parent.into_iter().enumerate() {
            let parent = parent.into_inner() as usize;
            let root = if parent == at {
                at as u32
            } else {
                roots[parent]
            };
            roots.push(root);
        }
        roots
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::Forest;

    #[test]
    fn roots_are_the_smallest_whatever_the_threads_do() {
        let forest = Forest::new(10_000);
        (0..9_990u32)
            .into_par_iter()
            .rev()
            .for_each(|at| forest.join(at + 10, at));
        let roots = forest.roots();
        assert!(
            roots
                .iter()
                .enumerate()
                .all(|(at, root)| *root == at as u32 % 10)
        );
    }
}
