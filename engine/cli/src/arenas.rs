//! How many heaps the C library's allocator keeps.

/// Has it keep one a thread at work, unless the environment asks for another number. It makes up to eight a core, since
/// every thread that waits for files takes one too, and what lies free in one is of no use to the others.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "no safe way leads to mallopt")]
pub fn bound(threads: Option<usize>) {
    if std::env::var_os("MALLOC_ARENA_MAX").is_some() {
        return;
    }
    let threads = threads.or_else(|| std::thread::available_parallelism().ok().map(usize::from));
    let Some(Ok(arenas)) = threads.map(libc::c_int::try_from) else {
        return;
    };
    // SAFETY: it takes two numbers, holds the allocator's lock, and leaves things as they are if it refuses.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, arenas) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn bound(_: Option<usize>) {}
