//! The keys that a table or this run holds, as hashes. 16 bytes a key and the set's own overhead:
//! about 320 MB for ten million keys.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use c360_catalog::Table;
use futures::TryStreamExt;

use super::key::KeyHasher;
use super::scan;
use crate::error::Result;
use crate::room::Room;
use crate::touched::Touched;

/// A set of key hashes.
#[derive(Debug, Default)]
pub struct Seen {
    keys: HashSet<u128, BuildHasherDefault<AlreadyHashed>>,
}

impl Seen {
    /// The keys of the tables: all, or those that are asked about.
    pub async fn load(
        room: &Room<'_>,
        hasher: &KeyHasher,
        tables: &[Table],
        asked: Option<&Touched>,
    ) -> Result<Self> {
        let mut seen = Self::default();
        for table in tables.iter().filter(|table| table.snapshot_id().is_some()) {
            if asked.is_none() {
                seen.keys
                    .reserve(usize::try_from(table.row_count()).unwrap_or_default());
            }
            let mut rows = scan::columns(room, table, hasher.names(), asked).await?;
            while let Some(rows) = rows.try_next().await? {
                seen.keys.extend(hasher.hash(&rows));
            }
        }
        Ok(seen)
    }

    /// Adds a key; false when it was there.
    pub fn insert(&mut self, key: u128) -> bool {
        self.keys.insert(key)
    }
}

/// Takes the low half of a hash for its hash.
#[derive(Debug, Default)]
pub struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_ne_bytes(word);
        }
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}
