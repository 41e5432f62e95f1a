//! Which records have to be matched anew after a change, out of all.
//!
//! What becomes of a record hangs on those that likely pairs connect it with, and on no other: so a change reaches the
//! changed records, those that pairs connect them with now, and the components that any of these were in. Whom the
//! changed ones may meet is told by blocking keys, which cost one pass over the records; the rest costs what the
//! change reaches.

use c360_resolve::matching::{BlockKeys, LinkRules, Scorer};
use c360_spec::IdentityJob;
use datafusion::arrow::array::{BooleanArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{filter_record_batch, take_record_batch};

use super::compared::{Compared, compared, rows};
use super::failed;
use super::model::CurrentModel;
use super::prepared::Prepared;
use crate::cursor::{Cursor, Planned};
use crate::error::Result;
use crate::identity::affected::{RECORD, columns, component_members};
use crate::identity::rows::{RecordNames, whole};
use crate::identity::{candidates, records};
use crate::room::Room;
use crate::session::Session;
use crate::touched::{Touched, changed_rows};

/// Some of the records.
pub struct Region {
    /// Their names, and those of changed records that are gone.
    pub scope: Touched,
    /// The records.
    pub compared: Compared,
    /// Rule by rule, whether a record is in a block over the rule's limit.
    pub crowded: Vec<Vec<bool>>,
}

/// All that a region is found with.
pub struct Search<'a> {
    pub room: &'a Room<'a>,
    pub job: &'a IdentityJob,
    pub current: &'a CurrentModel,
    pub planned: &'a Planned,
    /// Sees the records and the candidates found last.
    pub session: &'a Session,
}

impl Search<'_> {
    /// What the change since a cursor reaches.
    pub async fn region(&self, since: &Cursor) -> Result<Region> {
        let mut scope = self.changed(since).await?;
        let all = whole(rows(self.session, self.job, &self.current.model).await?).await?;
        let keys = self.keys(&all)?;
        let rules = &self.current.model.blocking;
        let changed = RecordNames::of(&scope)?.among(&all)?;
        let touched = match rules.iter().any(|rule| rule.records_max.is_some()) {
            true => keys.crossed(rules, &changed, &self.keys_before(since, &scope).await?),
            false => changed,
        };
        let mut reached = self.partners(&all, &keys, &touched)?;
        let flags = reached.iter_mut().zip(&touched);
        flags.for_each(|(reached, touched)| *reached |= touched);
        let reached = filter_record_batch(&all, &BooleanArray::from(reached))?;
        scope
            .add(self.session.rows(reached)?, columns(RECORD))
            .await?;
        let members = component_members(self.session, &candidates(), &scope).await?;
        scope.add(members, columns(RECORD)).await?;
        let chosen = positions(&RecordNames::of(&scope)?.among(&all)?);
        Ok(Region {
            compared: self.some(&all, &chosen)?,
            crowded: keys.crowded(rules, &chosen),
            scope,
        })
    }

    /// Records that changed, before and after.
    async fn changed(&self, since: &Cursor) -> Result<Touched> {
        let mut changed = Touched::none(&RECORD);
        let table = self.planned.input(&records())?;
        if let Some(rows) = changed_rows(self.session, table, since.since(table)).await? {
            changed.add(rows, columns(RECORD)).await?;
        }
        Ok(changed)
    }

    /// The blocking keys that changed records had.
    async fn keys_before(&self, since: &Cursor, changed: &Touched) -> Result<BlockKeys> {
        let table = self.planned.input(&records())?;
        // An input without a snapshot had no rows, and none of these rows is a change of it.
        let then = match since.since(table) {
            Some(snapshot) => table.at_snapshot(snapshot)?,
            None => table.clone(),
        };
        let session = self.room.runtime.session().with_tables(&[then]).await?;
        let all = rows(&session, self.job, &self.current.model).await?;
        let before = changed.narrow(&session, all, &RECORD)?;
        self.keys(&whole(before).await?)
    }

    fn keys(&self, rows: &RecordBatch) -> Result<BlockKeys> {
        BlockKeys::new(&self.current.model.blocking, &compared(rows)?).map_err(failed)
    }

    /// The records that likely pairs connect with touched ones.
    fn partners(&self, all: &RecordBatch, keys: &BlockKeys, touched: &[bool]) -> Result<Vec<bool>> {
        let near = positions(&keys.neighbours(touched));
        let compared = self.some(all, &near)?;
        let crowded = keys.crowded(&self.current.model.blocking, &near);
        let Prepared { frame, blocks } = Prepared::among(&compared, self.current, &crowded)?;
        let scorer = Scorer::new(&frame, &self.current.trained.weights).map_err(failed)?;
        let of_near: Vec<bool> = near.iter().map(|row| touched[*row as usize]).collect();
        let threshold = LinkRules::of(&self.current.trained).threshold;
        let mut partners = vec![false; touched.len()];
        for pair in scorer.pairs_touching(&blocks, threshold, &of_near) {
            for record in [pair.a, pair.b] {
                partners[near[record as usize] as usize] = true;
            }
        }
        Ok(partners)
    }

    fn some(&self, all: &RecordBatch, chosen: &[u32]) -> Result<Compared> {
        let rows = take_record_batch(all, &UInt32Array::from(chosen.to_vec()))?;
        Compared::of(self.job, rows)
    }
}

/// Where the flags are set.
fn positions(flags: &[bool]) -> Vec<u32> {
    let rows = (0..).zip(flags);
    rows.filter(|(_, flag)| **flag)
        .map(|(row, _)| row)
        .collect()
}
