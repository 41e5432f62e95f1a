//! Random pairs that depend on what the records hold, not on the order in which they were handed in.

use super::fingerprint::mix;
use super::frame::Frame;

/// So many records are drawn; few enough that comparing them stays near the core.
const RECORDS: usize = 1 << 14;

/// Records, and pairs of them by their places.
pub(super) struct Sample {
    pub records: Vec<u32>,
    pub pairs: Vec<(u32, u32)>,
}

/// Pairs of records of different sources, if sources are told apart. At most `pairs`; all there are if those are few.
/// `fingerprints` holds one number a record.
pub(super) fn sample(frame: &Frame, fingerprints: &[u64], pairs: usize) -> Sample {
    let records = drawn(fingerprints);
    let count = records.len();
    let apart = |(a, b): &(u32, u32)| {
        let [a, b] = [a, b].map(|place| records[*place as usize]);
        !frame.columns.one_source(a, b)
    };
    let pairs = if count * count.saturating_sub(1) / 2 <= pairs {
        let count = count as u32;
        let all = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
        all.filter(apart).collect()
    } else {
        // One record after the other, each with random partners, so that every other row that is read is at hand.
        let draw = |at: usize| {
            let (first, second) = (at * count / pairs, mix(at as u64) as usize % count);
            (first != second).then_some((first as u32, second as u32))
        };
        (0..pairs).filter_map(draw).filter(apart).collect()
    };
    Sample { records, pairs }
}

/// The records with the lowest fingerprints, ascending.
fn drawn(fingerprints: &[u64]) -> Vec<u32> {
    let mut order: Vec<(u64, u32)> = fingerprints.iter().copied().zip(0..).collect();
    if order.len() > RECORDS {
        order.select_nth_unstable(RECORDS);
        order.truncate(RECORDS);
    }
    order.sort_unstable();
    order.into_iter().map(|(_, record)| record).collect()
}
