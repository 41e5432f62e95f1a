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

    /// Whether the two are drawn.
    pub fn takes(&self, a: u32, b: u32) -> bool {
        let of = |record: u32| self.fingerprints[record as usize];
        self.one_in == 1 || of_pair(of(a), of(b)) <= u64::MAX / self.one_in
    }
}
