//! Expiry: snapshots that nobody needs leave the metadata. Their files stay where they are until
//! they are found to be orphans.

use std::collections::BTreeSet;

use iceberg::spec::{MAIN_BRANCH, SnapshotRef};
use jiff::Timestamp;

use crate::table::{content_id, time_of};
use crate::{Result, Table};

/// Which snapshots stay, besides the newest and those that a tag or branch names.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Those committed since.
    pub since: Timestamp,
    /// Those that somebody remembers by content id, or others with the same rows.
    pub remembered: BTreeSet<i64>,
    /// Names that are about to be taken away, and keep nothing.
    pub released: BTreeSet<String>,
}

impl Table {
    /// The snapshots that nobody needs.
    pub fn expirable(&self, kept: &Kept) -> Result<Vec<i64>> {
        let metadata = self.metadata();
        let needed = self.named(&kept.released)?;
        let stays = |snapshot: &&SnapshotRef| {
            needed.contains(&snapshot.snapshot_id()) || time_of(snapshot) >= kept.since
        };
        let (staying, mut going): (Vec<_>, Vec<_>) = metadata.snapshots().partition(stays);
        going.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.sequence_number()));
        let content = |snapshot: &SnapshotRef| content_id(metadata, snapshot);
        let mut told: BTreeSet<i64> = staying.into_iter().map(content).collect();
        // Of several with rows that somebody remembers, the last compacted one is enough.
        let mut expirable = Vec::new();
        for snapshot in going {
            let content = content(snapshot);
            let is_needed = kept.remembered.contains(&content) && told.insert(content);
            if !is_needed {
                expirable.push(snapshot.snapshot_id());
            }
        }
        expirable.sort_unstable();
        Ok(expirable)
    }

    /// Takes snapshots out of the metadata; returns the table without them. Those that were named
    /// since stay, and so does the newest.
    pub async fn expire(&self, snapshot_ids: &[i64]) -> Result<Table> {
        self.rebuilt(|table, builder| {
            let needed = table.named(&BTreeSet::new())?;
            let going = snapshot_ids.iter().filter(|id| !needed.contains(id));
            let going: Vec<i64> = going.copied().collect();
            Ok(builder.remove_snapshots(&going))
        })
        .await
    }

    /// Takes names of snapshots away; those that are not there are no matter.
    pub async fn untag(&self, names: &[String]) -> Result<Table> {
        self.rebuilt(|_, builder| {
            let names = names.iter();
            Ok(names.fold(builder, |builder, name| builder.remove_ref(name)))
        })
        .await
    }

    /// Names that snapshots have, that of the main branch left out.
    pub fn tags(&self) -> Result<Vec<String>> {
        let names = self.references()?.into_keys();
        Ok(names.filter(|name| name != MAIN_BRANCH).collect())
    }

    /// The newest snapshot and those that have names other than the `released` ones.
    fn named(&self, released: &BTreeSet<String>) -> Result<BTreeSet<i64>> {
        let names = self.references()?.into_iter();
        let names = names.filter(|(name, _)| !released.contains(name));
        let mut named: BTreeSet<i64> = names.map(|(_, snapshot_id)| snapshot_id).collect();
        named.extend(self.metadata().current_snapshot_id());
        Ok(named)
    }
}
