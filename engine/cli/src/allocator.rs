//! What the C library's allocator keeps of memory that was freed. Beside another one, such as that of the feature
//! `jemalloc`, it has next to nothing, and asking it takes no time.

#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(unsafe_code, reason = "no safe way leads to mallopt and malloc_trim")
)]

use std::sync::Once;
use std::time::Duration;

use crate::memory;

/// Heaps for each thread at work: with one, threads wait for each other.
const HEAPS: usize = 2;
/// How often it is asked to give back.
const EVERY: Duration = Duration::from_secs(1);

static KEPT_BELOW: Once = Once::new();

/// Has it keep two heaps for each thread at work, unless the environment asks for another number. It makes up to eight a
/// core, since every thread that waits for files takes one too, and what lies free in one is of no use to the others.
pub fn bound_heaps(threads: Option<usize>) {
    if std::env::var_os("MALLOC_ARENA_MAX").is_some() {
        return;
    }
    let threads = threads.or_else(|| std::thread::available_parallelism().ok().map(usize::from));
    if let Some(Ok(heaps)) = threads.map(|threads| i32::try_from(HEAPS * threads)) {
        keep_heaps(heaps);
    }
}

/// Has it give back what is free while this process holds more than half of a limit. That takes time, so none is taken
/// where memory is plenty.
pub fn keep_below(limit_bytes: u64) {
    KEPT_BELOW.call_once(|| {
        let work = move || {
            while let Some(held) = memory::resident_bytes() {
                if held > limit_bytes / 2 {
                    give_back();
                }
                std::thread::sleep(EVERY);
            }
        };
        // Without the thread more is kept, and nothing else is different.
        let _ = std::thread::Builder::new()
            .name("allocator".into())
            .spawn(work);
    });
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn keep_heaps(count: i32) {
    // SAFETY: it takes two numbers, holds the allocator's lock, and leaves things as they are if it refuses.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, count) };
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_back() {
    // SAFETY: it takes a number, holds the allocator's locks, and touches free memory only.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn keep_heaps(_: i32) {}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
