//! The loop over candidate pairs: every pair once, none stored, spread over the threads.

use std::ops::Range;

use rayon::prelude::*;

use super::block::Blocks;
use super::columns::Columns;
use super::row::{LANES, any_equal};

/// About so many pairs are one thread's task. A giant block is several tasks.
const TASK_PAIRS: u64 = 1 << 17;

/// A stretch of one layer's members; each meets those that follow it in its block.
#[derive(Debug)]
struct Task {
    layer: usize,
    members: Range<usize>,
}

/// Some blocks of a layer, taken up together, and the pairs that they add to those of earlier layers.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The records that are in a pair, block after block, ascending in each.
    pub records: Vec<u32>,
    /// Each pair once, as places among the records: the lesser record first.
    pub pairs: Vec<(u32, u32)>,
    /// Each record's blocks in the layers before this one, in rows of whole groups of lanes.
    keys: Vec<u32>,
    /// Where each record goes when others are left out.
    places: Vec<u32>,
}

/// About so many members are a batch; their rows stay near the core.
const BATCH_MEMBERS: usize = 1 << 11;

/// Calls `visit` for all blocks, a batch at a time. `choose` is given a batch's records and the pairs of their places, and
/// takes out those that are not wanted. `memory` is made anew for each thread's share of work, `start` for each task; what came of the tasks is returned in a fixed order.
pub(super) fn scan<M, T: Send>(
    blocks: &Blocks,
    columns: &Columns,
    choose: impl Fn(&[u32], &mut Vec<(u32, u32)>) + Sync + Send,
    memory: impl Fn() -> M + Sync + Send,
    start: impl Fn() -> T + Sync + Send,
    visit: impl Fn(&mut M, &mut T, &Batch) + Sync + Send,
) -> Vec<T> {
    let choose = |records: &[u32], pairs: &mut Vec<(u32, u32)>| {
        if columns.sources().is_some() {
            let record = |place: u32| records[place as usize];
            pairs.retain(|(a, b)| !columns.one_source(record(*a), record(*b)));
        }
        choose(records, pairs);
    };
    let run = |memory: &mut M, task: Task| {
        let mut found = start();
        let mut batch = Batch::default();
        let mut members = task.members;
        while !members.is_empty() {
            members = batch.take(blocks, &choose, task.layer, members);
            visit(memory, &mut found, &batch);
        }
        found
    };
    let tasks: Vec<Task> = tasks(blocks);
    tasks.into_par_iter().map_init(memory, run).collect()
}

impl Batch {
    /// Takes up the first of these members, each with all that follow it in its block. Returns the rest.
    fn take(
        &mut self,
        blocks: &Blocks,
        choose: &impl Fn(&[u32], &mut Vec<(u32, u32)>),
        layer: usize,
        members: Range<usize>,
    ) -> Range<usize> {
        let of = &blocks.layers[layer];
        let first = members.start;
        let mut block = of.starts.partition_point(|start| *start as usize <= first);
        let (mut next, mut end) = (first, first);
        self.pairs.clear();
        while next < members.end && next - first < BATCH_MEMBERS {
            end = of.starts[block] as usize;
            let stop = end.min(members.end);
            for a in next..stop {
                let later = (a + 1..end).map(|b| ((a - first) as u32, (b - first) as u32));
                self.pairs.extend(later);
            }
            next = stop;
            block += 1;
        }
        self.records.clear();
        self.records.extend_from_slice(&of.members[first..end]);
        choose(&self.records, &mut self.pairs);
        self.keep();
        self.forget_earlier(blocks, layer);
        next..members.end
    }

    /// Takes out the pairs that a layer before brings together.
    fn forget_earlier(&mut self, blocks: &Blocks, layer: usize) {
        if layer == 0 {
            return;
        }
        let width = layer.next_multiple_of(LANES);
        self.keys.clear();
        for (place, record) in self.records.iter().enumerate() {
            let keys = blocks.keys_of(*record);
            self.keys.extend_from_slice(&keys[..layer]);
            // No two records have the lanes beyond in common.
            let end = (place + 1) * width;
            self.keys.resize(end, u32::MAX - place as u32);
        }
        let keys = |place: u32| &self.keys[place as usize * width..][..width];
        self.pairs.retain(|(a, b)| !any_equal(keys(*a), keys(*b)));
        self.keep();
    }

    /// Keeps the records that are in a pair, and gives the pairs their places.
    fn keep(&mut self) {
        self.places.clear();
        self.places.resize(self.records.len(), 0);
        for (a, b) in &self.pairs {
            self.places[*a as usize] = 1;
            self.places[*b as usize] = 1;
        }
        let mut kept = 0;
        for (at, place) in self.places.iter_mut().enumerate() {
            if *place == 1 {
                self.records[kept] = self.records[at];
                *place = kept as u32;
                kept += 1;
            }
        }
        if kept == self.records.len() {
            return;
        }
        self.records.truncate(kept);
        for (a, b) in &mut self.pairs {
            *a = self.places[*a as usize];
            *b = self.places[*b as usize];
        }
    }
}

fn tasks(blocks: &Blocks) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (layer, of) in blocks.layers.iter().enumerate() {
        let (mut from, mut pairs) = (0, 0);
        for window in of.starts.windows(2) {
            for member in window[0]..window[1] {
                pairs += u64::from(window[1] - member - 1);
                if pairs >= TASK_PAIRS {
                    let members = from..member as usize + 1;
                    from = members.end;
                    pairs = 0;
                    tasks.push(Task { layer, members });
                }
            }
        }
        let members = from..of.members.len();
        if !members.is_empty() {
            tasks.push(Task { layer, members });
        }
    }
    tasks
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use arrow::array::StringArray;

    use super::{Batch, scan, tasks};
    use crate::matching::{BlockingRule, Blocks, Columns};

    #[test]
    fn a_giant_block_is_many_tasks_and_each_of_its_pairs_comes_once() {
        let records = 2000;
        let town = StringArray::from(vec!["Ulm"; records]);
        let columns = Columns::encode(&[("town", &town)]).unwrap();
        let blocks = Blocks::new(&[BlockingRule::columns(&["town"])], &columns).unwrap();
        assert_eq!(tasks(&blocks).len(), 16);
        let visit = |_: &mut (), found: &mut Vec<(u32, u32)>, batch: &Batch| {
            let record = |place: u32| batch.records[place as usize];
            found.extend(batch.pairs.iter().map(|(a, b)| (record(*a), record(*b))));
        };
        let found = scan(&blocks, &columns, |_, _| (), || (), Vec::new, visit).concat();
        let distinct: BTreeSet<(u32, u32)> = found.iter().copied().collect();
        assert_eq!(found.len(), records * (records - 1) / 2);
        assert_eq!(distinct.len(), found.len());
    }
}
