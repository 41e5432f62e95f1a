//! The loop over candidate pairs: every pair once, none stored, spread over the threads.

use std::ops::Range;

use rayon::prelude::*;

use super::block::Blocks;
use super::columns::Columns;
use super::row::{LANES, any_equal};

/// About so many pairs are one thread's task. A giant block is several tasks.
const TASK_PAIRS: u64 = 1 << 17;

/// A stretch of one rule's members; each meets those that follow it in its block.
#[derive(Debug)]
struct Task {
    rule: usize,
    members: Range<usize>,
}

/// Some blocks of a rule, taken up together, and the pairs that they add to those of earlier rules.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The records that are in a pair, block after block, ascending in each.
    pub records: Vec<u32>,
    /// Each pair once, as places among the records: the lesser record first.
    pub pairs: Vec<(u32, u32)>,
    /// Each member's blocks by the rules before this one, in rows of whole groups of lanes.
    keys: Vec<u32>,
    /// Each member's place among the records.
    places: Vec<u32>,
}

/// About so many members are a batch; their rows stay near the core.
const BATCH_MEMBERS: usize = 1 << 9;

/// Calls `visit` for all blocks, a batch at a time. Pairs that are not `wanted` are left out of it. `memory` is made
/// anew for each thread's share of work, `start` for each task; what came of the tasks is returned in a fixed order.
pub(super) fn scan<M, T: Send>(
    blocks: &Blocks,
    columns: &Columns,
    wanted: impl Fn(u32, u32) -> bool + Sync + Send,
    memory: impl Fn() -> M + Sync + Send,
    start: impl Fn() -> T + Sync + Send,
    visit: impl Fn(&mut M, &mut T, &Batch) + Sync + Send,
) -> Vec<T> {
    let wanted = |a: u32, b: u32| !columns.one_source(a, b) && wanted(a, b);
    let run = |memory: &mut M, task: Task| {
        let mut found = start();
        let mut batch = Batch::default();
        let mut members = task.members;
        while !members.is_empty() {
            members = batch.take(blocks, &wanted, task.rule, members);
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
        wanted: &impl Fn(u32, u32) -> bool,
        rule: usize,
        members: Range<usize>,
    ) -> Range<usize> {
        let of = &blocks.rules[rule];
        let first = members.start;
        let mut block = of.starts.partition_point(|start| *start as usize <= first);
        let (mut next, mut end) = (first, first);
        self.keys.clear();
        self.pairs.clear();
        let width = rule.next_multiple_of(LANES);
        while next < members.end && next - first < BATCH_MEMBERS {
            end = of.starts[block] as usize;
            for (place, record) in (next - first..).zip(&of.members[next..end]) {
                self.keys
                    .extend_from_slice(&blocks.keys_of(*record)[..rule]);
                // No two members have the lanes beyond in common.
                self.keys
                    .resize((place + 1) * width, u32::MAX - place as u32);
            }
            let stop = end.min(members.end);
            for a in next..stop {
                self.meet(wanted, &of.members[first..end], width, a - first);
            }
            next = stop;
            block += 1;
        }
        self.keep(&of.members[first..end]);
        next..members.end
    }

    /// One member with all later ones, as far as no rule before brings them together.
    fn meet(
        &mut self,
        wanted: &impl Fn(u32, u32) -> bool,
        members: &[u32],
        width: usize,
        a: usize,
    ) {
        let keys = |place: usize| &self.keys[place * width..][..width];
        let own = keys(a);
        for b in a + 1..members.len() {
            if !any_equal(own, keys(b)) && wanted(members[a], members[b]) {
                self.pairs.push((a as u32, b as u32));
            }
        }
    }

    /// Keeps the members that are in a pair, and gives the pairs their places.
    fn keep(&mut self, members: &[u32]) {
        self.places.clear();
        self.places.resize(members.len(), 0);
        for (a, b) in &self.pairs {
            self.places[*a as usize] = 1;
            self.places[*b as usize] = 1;
        }
        self.records.clear();
        for (record, place) in members.iter().zip(&mut self.places) {
            if *place == 1 {
                *place = self.records.len() as u32;
                self.records.push(*record);
            }
        }
        for (a, b) in &mut self.pairs {
            *a = self.places[*a as usize];
            *b = self.places[*b as usize];
        }
    }
}

fn tasks(blocks: &Blocks) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (rule, of) in blocks.rules.iter().enumerate() {
        let (mut from, mut pairs) = (0, 0);
        for window in of.starts.windows(2) {
            for member in window[0]..window[1] {
                pairs += u64::from(window[1] - member - 1);
                if pairs >= TASK_PAIRS {
                    let members = from..member as usize + 1;
                    from = members.end;
                    pairs = 0;
                    tasks.push(Task { rule, members });
                }
            }
        }
        let members = from..of.members.len();
        if !members.is_empty() {
            tasks.push(Task { rule, members });
        }
    }
    tasks
}
