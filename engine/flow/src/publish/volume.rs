//! How much of a published table the next epoch would change.

use c360_spec::PublishJob;

use super::epoch::{Pending, shown};
use crate::breaker::{self, Share};
use crate::error::Result;
use crate::room::Room;
use crate::row_changes::RowChanges;

/// Fails where the project's breaker finds it too much; what an accepting run lets through is returned. Costs a pass
/// over what changed, where there is such a breaker.
pub async fn check(room: &Room<'_>, job: &PublishJob, pending: &Pending) -> Result<Vec<String>> {
    let max_percent = room.project.settings.breakers.changed_percent;
    let published = &pending.tables[0];
    let before = shown(pending.latest.as_ref(), published);
    let (Some(_), Some(before)) = (max_percent, before) else {
        return Ok(Vec::new());
    };
    let session = room.runtime.session();
    let mut changes = RowChanges::between(&session, published, before.snapshot_id()).await?;
    let mut count = 0;
    while let Some(batch) = changes.next().await? {
        count += batch.num_rows() as u64;
    }
    let share = Share {
        limit: ("changed_percent", max_percent),
        happens: format!("{count} rows of {} would change", job.table),
        count,
        of: before.row_count(),
    };
    breaker::check(room, share.excess().into_iter().collect())
}
