//! How much memory the machine has, and what a limit such as `70%` means on it.

use std::fs;

use c360_spec::MemoryLimit;

const USUAL: MemoryLimit = MemoryLimit::Percent(70);

/// The limit in bytes; nothing where a share is asked of a machine whose memory is unknown.
pub fn limit_bytes(limit: Option<MemoryLimit>) -> Option<u64> {
    match limit.unwrap_or(USUAL) {
        MemoryLimit::Bytes(bytes) => Some(bytes),
        MemoryLimit::Percent(percent) => {
            machine_bytes().map(|bytes| bytes / 100 * u64::from(percent))
        }
    }
}

/// The machine's memory, or the container's where that is less. Known on Linux only.
fn machine_bytes() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total(&text));
    let container = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    [machine, container].into_iter().flatten().min()
}

/// The most memory that this process held so far. Known on Linux only.
pub fn peak_bytes() -> Option<u64> {
    bytes_of(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// The memory that this process holds. Known on Linux only.
pub fn resident_bytes() -> Option<u64> {
    bytes_of(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

fn total(meminfo: &str) -> Option<u64> {
    bytes_of(meminfo, "MemTotal:")
}

/// The line of that name, as /proc writes sizes.
fn bytes_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_says_how_much_memory_it_has() {
        assert_eq!(
            total("MemTotal:       24571 kB\nMemFree: 1 kB\n"),
            Some(24571 * 1024)
        );
        assert_eq!(total("no such line"), None);
        assert!(!cfg!(target_os = "linux") || peak_bytes() > Some(1 << 20));
        assert!(!cfg!(target_os = "linux") || resident_bytes() <= peak_bytes());
    }

    #[test]
    fn a_size_is_taken_as_it_is() {
        assert_eq!(limit_bytes(Some(MemoryLimit::Bytes(5))), Some(5));
    }
}
