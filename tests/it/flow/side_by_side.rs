//! Checks of many seeds, two at a time.

use std::ops::Range;

use tokio::runtime::Runtime;

/// Checks that run side by side.
const SIDE_BY_SIDE: usize = 2;

/// Checks each seed; returns the sum of what was counted.
pub fn check_each(
    runtime: &Runtime,
    seeds: Range<u64>,
    check: impl AsyncFn(u64) -> usize + Sync,
) -> usize {
    std::thread::scope(|threads| {
        let checkers = (0..SIDE_BY_SIDE).map(|first| {
            let (seeds, check) = (seeds.clone().skip(first).step_by(SIDE_BY_SIDE), &check);
            threads.spawn(move || {
                seeds
                    .map(|seed| {
                        if seed.is_multiple_of(100) {
                            eprintln!("history {seed}");
                        }
                        runtime.block_on(check(seed))
                    })
                    .sum::<usize>()
            })
        });
        let checkers: Vec<_> = checkers.collect();
        let counted = checkers.into_iter().map(|checker| checker.join());
        counted
            .map(|counted| counted.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .sum()
    })
}
