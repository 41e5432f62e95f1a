//! Upkeep: what keeps a table cheap to read and to keep. No row changes by it.
//!
//! ```text
//!   small, worn files, scattered deletes ──▶ compaction ──▶ a snapshot with the same rows
//!   snapshots that nobody needs          ──▶ expiry     ──▶ metadata without them
//!   files that no snapshot refers to     ──▶ orphans    ──▶ deleted, when they are old enough
//! ```
//!
//! Each is first a plan, which may be looked at and dropped. Files are deleted in one place only, the last: whoever
//! wrote or dropped them, nothing that is young or referred to goes.

mod compaction;
mod expiry;
mod orphans;

pub use compaction::{Compaction, Wear};
pub use expiry::Kept;
pub use orphans::Orphans;
