//! Agreement patterns of candidate pairs, counted.

use hashbrown::HashMap;
use rayon::prelude::*;

use super::draw::Draw;
use crate::matching::block::Blocks;
use crate::matching::error::Result;
use crate::matching::frame::{Frame, Memory};
use crate::matching::group::TOGETHER;
use crate::matching::pattern::{Patterns, Radix};
use crate::matching::sample::Sample;
use crate::matching::scan::{self, Batch};

/// Counts the patterns of the candidate pairs that are drawn.
pub(super) fn of_blocks(frame: &Frame, blocks: &Blocks, draw: &Draw) -> Result<Patterns> {
    let radix = frame.radix()?;
    let visit = |desk: &mut (Memory, Vec<u8>), found: &mut HashMap<u64, u64>, batch: &Batch| {
        desk.0.sheet.lay(frame, &batch.records);
        count(frame, &radix, desk, &batch.pairs, found);
    };
    let desk = || (frame.memory(), Vec::new());
    let choose = |records: &[u32], pairs: &mut Vec<(u32, u32)>| draw.choose(records, pairs);
    let found = scan::scan(blocks, frame.columns, choose, desk, HashMap::new, visit);
    Ok(gather(found, &radix))
}

/// Counts the patterns of a sample's pairs.
pub(super) fn of_sample(frame: &Frame, sample: &Sample) -> Result<Patterns> {
    let radix = frame.radix()?;
    let desk = || {
        let mut memory = frame.memory();
        memory.sheet.lay(frame, &sample.records);
        (memory, Vec::new())
    };
    let of_chunk = |desk: &mut (Memory, Vec<u8>), pairs: &[(u32, u32)]| {
        // Partners that lie together are read together.
        let mut pairs = pairs.to_vec();
        pairs.sort_unstable_by_key(|(_, second)| second / NEIGHBOURS);
        let mut found = HashMap::new();
        count(frame, &radix, desk, &pairs, &mut found);
        found
    };
    let pairs = sample.pairs.par_chunks(1 << 17);
    Ok(gather(pairs.map_init(desk, of_chunk).collect(), &radix))
}

/// Counts the patterns of pairs on the sheet.
fn count(
    frame: &Frame,
    radix: &Radix,
    (memory, levels): &mut (Memory, Vec<u8>),
    pairs: &[(u32, u32)],
    found: &mut HashMap<u64, u64>,
) {
    let comparisons = frame.model.comparisons.len();
    for pairs in pairs.chunks(TOGETHER) {
        frame.levels(memory, pairs, levels);
        for at in 0..pairs.len() {
            let levels = &levels[at * comparisons..][..comparisons];
            *found.entry(radix.number(levels)).or_default() += 1;
        }
    }
}

/// So many records' rows and forms stay near the core.
const NEIGHBOURS: u32 = 1 << 9;

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
