//! `upkeep` in `c360.yaml`: what `c360 maintain` keeps, and from what wear on it writes files anew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What upkeep keeps. All ages count from the run of `c360 maintain`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Upkeep {
    /// Days for which a snapshot is kept after another became the newest, to go back to and for those who are still
    /// reading it; the newest, and those of epochs, are kept anyway
    pub snapshots_days: u32,
    /// Days from its writing after which a file that nothing refers to is deleted: longer than any run takes
    #[schemars(range(min = 1))]
    pub orphans_days: u32,
    /// Days for which epochs are kept, the newest always; without it all are, with all that they show
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs_days: Option<u32>,
    /// So many small data files of a table are made into large ones
    #[schemars(range(min = 2))]
    pub small_files: usize,
    /// So many delete files of a table are made into one
    #[schemars(range(min = 2))]
    pub delete_files: usize,
    /// A data file that lost this percentage of its rows is written anew without them
    #[schemars(range(min = 1, max = 100))]
    pub deleted_percent: u8,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self {
            snapshots_days: 7,
            orphans_days: 3,
            epochs_days: None,
            small_files: 8,
            delete_files: 8,
            deleted_percent: 10,
        }
    }
}
