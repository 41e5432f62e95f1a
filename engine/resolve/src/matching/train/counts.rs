//! Agreement patterns of candidate pairs, counted.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::matching::block::Blocks;
use crate::matching::error::Result;
use crate::matching::frame::{Frame, Memory};
use crate::matching::pattern::{Patterns, Radix};
use crate::matching::scan;

/// Counts the patterns of the candidate pairs that `take` keeps.
pub(super) fn of_blocks(
    frame: &Frame,
    blocks: &Blocks,
    take: impl Fn(u32, u32) -> bool + Sync + Send,
) -> Result<Patterns> {
    let radix = frame.radix()?;
    let visit = |desk: &mut (Memory, Vec<u8>), found: &mut HashMap<u64, u64>, a: u32, b: u32| {
        if take(a, b) {
            frame.levels(a, b, &mut desk.0, &mut desk.1);
            *found.entry(radix.number(&desk.1)).or_default() += 1;
        }
    };
    let desk = || (frame.memory(), vec![0; frame.model.comparisons.len()]);
    Ok(gather(
        scan::scan(blocks, frame.columns, desk, HashMap::new, visit),
        &radix,
    ))
}

/// Counts the patterns of these pairs.
pub(super) fn of_pairs(frame: &Frame, pairs: &[(u32, u32)]) -> Result<Patterns> {
    let radix = frame.radix()?;
    let count = |pairs: &[(u32, u32)]| {
        let (mut memory, mut levels) = (frame.memory(), vec![0; frame.model.comparisons.len()]);
        let mut found = HashMap::new();
        for (a, b) in pairs {
            frame.levels(*a, *b, &mut memory, &mut levels);
            *found.entry(radix.number(&levels)).or_default() += 1;
        }
        found
    };
    Ok(gather(
        pairs.par_chunks(1 << 17).map(count).collect(),
        &radix,
    ))
}

fn gather(found: Vec<HashMap<u64, u64>>, radix: &Radix) -> Patterns {
    let mut all = std::collections::BTreeMap::<u64, u64>::new();
    for (number, count) in found.into_iter().flatten() {
        *all.entry(number).or_default() += count;
    }
    let counts = all
        .into_iter()
        .map(|(number, count)| (radix.pattern(number), count as f64));
    Patterns {
        counts: counts.collect(),
    }
}
