//! Expiry: snapshots that nobody needs leave the metadata. Their files stay where they are until
//! they are found to be orphans.

use std::collections::{BTreeMap, BTreeSet};

use iceberg::spec::{MAIN_BRANCH, SnapshotRef};
use jiff::Timestamp;

use crate::table::{content_id, origin, parent, time_of};
use crate::{Result, Table};

/// Which snapshots stay, besides the newest and those that a tag or branch names.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Those that were the newest at some time since.
    pub since: Timestamp,
    /// Those that somebody remembers by content id, or others with the same rows.
    pub remembered: BTreeSet<i64>,
    /// Those that somebody shows.
    pub shown: BTreeSet<i64>,
    /// Names that are about to be taken away, and keep nothing.
    pub released: BTreeSet<String>,
}

impl Table {
    /// The snapshots that nobody needs.
    pub fn expirable(&self, kept: &Kept) -> Result<Vec<i64>> {
        let metadata = self.metadata();
        let mut needed = self.named(&kept.released)?;
        needed.extend(&kept.shown);
        let replaced = self.replaced_at();
        let stays = |snapshot: &&SnapshotRef| {
            let id = snapshot.snapshot_id();
            let last_newest = replaced.get(&id).copied().unwrap_or(time_of(snapshot));
            needed.contains(&id) || last_newest >= kept.since
        };
        let (staying, mut going): (Vec<_>, Vec<_>) = metadata.snapshots().partition(stays);
        let origins: BTreeSet<i64> = staying.iter().flat_map(|it| self.to_origin(it)).collect();
        going.retain(|snapshot| !origins.contains(&snapshot.snapshot_id()));
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

    /// When each snapshot that another followed ceased to be the newest.
    fn replaced_at(&self) -> BTreeMap<i64, Timestamp> {
        let snapshots = self.metadata().snapshots();
        let ended = snapshots.filter_map(|next| Some((next.parent_snapshot_id()?, time_of(next))));
        let mut replaced = BTreeMap::new();
        for (snapshot_id, at) in ended {
            let last = replaced.entry(snapshot_id).or_insert(at);
            *last = at.max(*last);
        }
        replaced
    }

    /// The snapshots from one back to the one that says whose rows it has, which is found by way of them.
    fn to_origin(&self, snapshot: &SnapshotRef) -> Vec<i64> {
        let metadata = self.metadata();
        let origin = origin(metadata, snapshot).snapshot_id();
        let before = |later: &&SnapshotRef| {
            parent(metadata, later).filter(|_| later.snapshot_id() != origin)
        };
        let way = std::iter::successors(metadata.snapshot_by_id(snapshot.snapshot_id()), before);
        way.map(|snapshot| snapshot.snapshot_id()).collect()
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
    pub fn tags(&self) -> Result<BTreeMap<String, i64>> {
        let mut names = self.references()?;
        names.remove(MAIN_BRANCH);
        Ok(names)
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
