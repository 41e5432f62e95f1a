//! Paths by which stores know files: absolute, without `.` and `..`.

use std::io;
use std::path::{Component, Path, PathBuf};

/// The path from the root of the file system. `..` takes back the folder before it, as it is written: links are not
/// followed, since what a path names may not be there yet.
///
/// # Errors
/// For an empty path, and where the current folder cannot be told.
pub fn absolute(path: &Path) -> io::Result<PathBuf> {
    let mut plain = PathBuf::new();
    for part in std::path::absolute(path)?.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_takes_back_what_is_before_it() {
        let check = |path: &str, expected: &str| {
            let found = absolute(Path::new(path)).expect("a path");
            assert_eq!(found, Path::new(expected), "{path}");
        };
        check("/a/b/../c/./d", "/a/c/d");
        check("/a/../../b", "/b");
        let here = std::env::current_dir().expect("a folder");
        let beside = absolute(Path::new("../x")).expect("a path");
        assert_eq!(
            Some(beside.as_path()),
            here.parent().map(|up| up.join("x")).as_deref()
        );
    }
}
