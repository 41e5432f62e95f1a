//! Columns of a published table that its readers would miss in the next epoch.

use super::epoch::{Pending, shown};
use crate::breaker;
use crate::error::Result;
use crate::room::Room;

/// Fails where the published table lost columns that the last epoch shows, or gave them another type; in a run that
/// accepts it, it is a warning.
pub fn check(room: &Room<'_>, pending: &Pending) -> Result<Vec<String>> {
    let published = &pending.tables[0];
    let before = shown(pending.latest.as_ref(), published).and_then(|table| table.snapshot_id());
    let lost = match before {
        Some(before) => published.columns_lost_since(before)?,
        None => Vec::new(),
    };
    let name = published.name();
    let told = lost
        .iter()
        .map(|column| format!("column {column} of {name} is gone or has another type"));
    breaker::check(room, told.collect())
}
