//! The loop over candidate pairs: every pair once, none stored, spread over the threads.

use std::ops::Range;

use rayon::prelude::*;

use super::block::{Blocks, RuleBlocks};
use super::columns::Columns;

/// About so many pairs are one thread's task. A giant block is several tasks.
const TASK_PAIRS: u64 = 1 << 17;

/// A stretch of one rule's members; each meets those that follow it in its block.
#[derive(Debug)]
struct Task {
    rule: usize,
    members: Range<usize>,
}

/// Calls `visit` for every candidate pair, the lesser record first. `memory` is made anew for each thread's share of
/// work, `start` for each task; what came of the tasks is returned in a fixed order.
pub(super) fn scan<M, T: Send>(
    blocks: &Blocks,
    columns: &Columns,
    memory: impl Fn() -> M + Sync + Send,
    start: impl Fn() -> T + Sync + Send,
    visit: impl Fn(&mut M, &mut T, u32, u32) + Sync + Send,
) -> Vec<T> {
    let run = |memory: &mut M, task: Task| {
        let mut found = start();
        let rule = &blocks.rules[task.rule];
        rule.each_pair(task.members, |a, b| {
            if !blocks.is_earlier(task.rule, a, b) && !columns.one_source(a, b) {
                visit(memory, &mut found, a, b);
            }
        });
        found
    };
    let tasks: Vec<Task> = tasks(blocks);
    tasks.into_par_iter().map_init(memory, run).collect()
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

impl RuleBlocks {
    fn each_pair(&self, members: Range<usize>, mut visit: impl FnMut(u32, u32)) {
        let mut block = self
            .starts
            .partition_point(|start| *start as usize <= members.start);
        for member in members {
            while self.starts[block] as usize <= member {
                block += 1;
            }
            let end = self.starts[block] as usize;
            for other in &self.members[member + 1..end] {
                visit(self.members[member], *other);
            }
        }
    }
}
