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

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
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
    }

    #[test]
    fn a_size_is_taken_as_it_is() {
        assert_eq!(limit_bytes(Some(MemoryLimit::Bytes(5))), Some(5));
    }
}
