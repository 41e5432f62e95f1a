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

/// Some blocks of a rule, whose records are taken up together.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    columns: &'a Columns,
    pub records: &'a [u32],
    /// Where each record's block ends, for those that meet the records after them.
    ends: Vec<usize>,
    /// Each record's blocks by the rules before this one, in rows of `width` lanes.
    keys: Vec<u32>,
    width: usize,
}

/// About so many records are a batch; their rows stay near the core.
const BATCH_RECORDS: usize = 1 << 8;

/// Calls `visit` for all blocks, a batch at a time. `memory` is made anew for each thread's share of work, `start` for
/// each task; what came of the tasks is returned in a fixed order.
pub(super) fn scan<M, T: Send>(
    blocks: &Blocks,
    columns: &Columns,
    memory: impl Fn() -> M + Sync + Send,
    start: impl Fn() -> T + Sync + Send,
    visit: impl Fn(&mut M, &mut T, &Batch) + Sync + Send,
) -> Vec<T> {
    let run = |memory: &mut M, task: Task| {
        let mut found = start();
        let mut batch = Batch::new(columns, task.rule);
        let mut members = task.members;
        while !members.is_empty() {
            members = batch.take(blocks, task.rule, members);
            visit(memory, &mut found, &batch);
        }
        found
    };
    let tasks: Vec<Task> = tasks(blocks);
    tasks.into_par_iter().map_init(memory, run).collect()
}

impl<'a> Batch<'a> {
    fn new(columns: &'a Columns, rule: usize) -> Self {
        Self {
            columns,
            records: &[],
            ends: Vec::new(),
            keys: Vec::new(),
            width: rule.next_multiple_of(LANES),
        }
    }

    /// Takes up the first of these members, and returns the rest.
    fn take(&mut self, blocks: &'a Blocks, rule: usize, members: Range<usize>) -> Range<usize> {
        let of = &blocks.rules[rule];
        let from = members.start;
        let mut block = of.starts.partition_point(|start| *start as usize <= from);
        self.ends.clear();
        let mut next = from;
        while next < members.end && next - from < BATCH_RECORDS {
            let end = of.starts[block] as usize;
            self.ends.resize(end.min(members.end) - from, end - from);
            next = end.min(members.end);
            block += 1;
        }
        let end = from + self.ends.last().copied().unwrap_or_default();
        self.records = &of.members[from..end];
        self.keys.clear();
        for (place, record) in self.records.iter().enumerate() {
            self.keys
                .extend_from_slice(&blocks.keys_of(*record)[..rule]);
            // No two records have the lanes beyond in common.
            self.keys
                .resize((place + 1) * self.width, u32::MAX - place as u32);
        }
        next..members.end
    }

    /// Every pair of one block that no rule before brings together, as places among the records: the lesser record
    /// first.
    #[inline]
    pub fn each_pair(&self, mut visit: impl FnMut(usize, usize)) {
        for (a, end) in self.ends.iter().enumerate() {
            for b in a + 1..*end {
                let earlier = any_equal(self.keys_of(a), self.keys_of(b));
                if !earlier && !self.columns.one_source(self.records[a], self.records[b]) {
                    visit(a, b);
                }
            }
        }
    }

    #[inline]
    fn keys_of(&self, place: usize) -> &[u32] {
        &self.keys[place * self.width..][..self.width]
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
