//! Agreement patterns of candidate pairs, counted.

use hashbrown::HashMap;
use rayon::prelude::*;

use crate::matching::block::Blocks;
use crate::matching::error::Result;
use crate::matching::frame::{Frame, Memory};
use crate::matching::pattern::{Patterns, Radix};
use crate::matching::sample::Sample;
use crate::matching::scan::{self, Batch};

/// Counts the patterns of the candidate pairs that `take` keeps.
pub(super) fn of_blocks(
    frame: &Frame,
    blocks: &Blocks,
    take: impl Fn(u32, u32) -> bool + Sync + Send,
) -> Result<Patterns> {
    let radix = frame.radix()?;
    let visit = |desk: &mut (Memory, Vec<u8>), found: &mut HashMap<u64, u64>, batch: &Batch| {
        let (memory, levels) = desk;
        memory.sheet.lay(frame, &batch.records);
        for (a, b) in &batch.pairs {
            frame.levels(memory, *a as usize, *b as usize, levels);
            *found.entry(radix.number(levels)).or_default() += 1;
        }
    };
    let desk = || (frame.memory(), vec![0; frame.model.comparisons.len()]);
    Ok(gather(
        scan::scan(blocks, frame.columns, take, desk, HashMap::new, visit),
        &radix,
    ))
}

/// Counts the patterns of a sample's pairs.
pub(super) fn of_sample(frame: &Frame, sample: &Sample) -> Result<Patterns> {
    let radix = frame.radix()?;
    let count = |pairs: &[(u32, u32)]| {
        let (mut memory, mut levels) = (frame.memory(), vec![0; frame.model.comparisons.len()]);
        memory.sheet.lay(frame, &sample.records);
        let mut found = HashMap::new();
        for (a, b) in pairs {
            frame.levels(&mut memory, *a as usize, *b as usize, &mut levels);
            *found.entry(radix.number(&levels)).or_default() += 1;
        }
        found
    };
    let pairs = sample.pairs.par_chunks(1 << 17);
    Ok(gather(pairs.map(count).collect(), &radix))
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
