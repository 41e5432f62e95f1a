//! Some of the candidate pairs, drawn by the records' fingerprints: whoever counts patterns learns from a million of them
//! what all would tell.

use crate::matching::block::Blocks;
use crate::matching::fingerprint::of_pair;

/// About one in so many pairs.
pub(super) struct Draw<'a> {
    fingerprints: &'a [u64],
    pub one_in: u64,
}

impl<'a> Draw<'a> {
    /// About `pairs_max` of the pairs that blocks bring together, all if those are fewer.
    pub fn new(fingerprints: &'a [u64], blocks: &Blocks, pairs_max: usize) -> Self {
        Self {
            fingerprints,
            one_in: blocks.pairs() / pairs_max.max(1) as u64 + 1,
        }
    }

    /// Leaves the pairs that are drawn; they are named by their places among the records.
    pub fn choose(&self, records: &[u32], pairs: &mut Vec<(u32, u32)>) {
        if self.one_in == 1 {
            return;
        }
        // Gathered first: numbers that lie anywhere are waited for together.
        let of = |record: &u32| self.fingerprints[*record as usize];
        let own: Vec<u64> = records.iter().map(of).collect();
        let most = u64::MAX / self.one_in;
        pairs.retain(|(a, b)| of_pair(own[*a as usize], own[*b as usize]) <= most);
    }
}
