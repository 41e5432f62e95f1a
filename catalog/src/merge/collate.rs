//! From what was found in the files to what has to be written: a pure function, independent of
//! who found it first.

use super::find::Found;
use crate::fileset::FileSet;

/// What a merge has to write.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    /// For each wanted row, whether the table holds it already.
    pub(super) kept: Vec<bool>,
    /// For each file, the positions that go, ascending.
    pub(super) gone: Vec<Vec<u64>>,
    pub(super) inserted: u64,
    pub(super) updated: u64,
    pub(super) deleted: u64,
}

/// `found` in the order of the files. Should the table hold a key twice, one row with the wanted
/// content stays and the others go.
pub(super) fn collate(files: &FileSet, found: &[Found], wanted_rows: usize) -> Difference {
    let mut kept = vec![false; wanted_rows];
    let mut met = vec![false; wanted_rows];
    let mut gone = vec![Vec::new(); files.files.len()];
    for group in found {
        for meeting in &group.meetings {
            if let Some((number, same)) = meeting.wanted {
                let number = number as usize;
                met[number] = true;
                if same && !kept[number] {
                    kept[number] = true;
                    continue;
                }
            }
            gone[group.file].push(meeting.position);
        }
    }
    let count = |rows: &mut dyn Iterator<Item = bool>| rows.filter(|hit| *hit).count() as u64;
    let inserted = count(&mut met.iter().map(|met| !met));
    let updated = count(&mut met.iter().zip(&kept).map(|(met, kept)| *met && !kept));
    let gone_count: u64 = gone.iter().map(|positions| positions.len() as u64).sum();
    Difference {
        kept,
        gone,
        inserted,
        updated,
        deleted: gone_count - updated,
    }
}
