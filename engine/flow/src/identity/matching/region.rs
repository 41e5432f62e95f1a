//! Which records have to be matched anew after a change, out of all.
//!
//! What becomes of a record hangs on those that likely pairs connect it with, and on no other: so a change reaches the
//! changed records, those that pairs connect them with now, and the components that any of these were in. Whom the
//! changed ones may meet is told by blocking keys, which cost one pass over the records; the rest costs what the
//! change reaches.

use c360_resolve::matching::{BlockKeys, LinkRules, Scorer};
use c360_spec::IdentityJob;
use datafusion::arrow::array::RecordBatch;

use super::all_records::AllRecords;
use super::compared::{Compared, compared, rows};
use super::failed;
use super::model::CurrentModel;
use super::prepared::Prepared;
use crate::cursor::{Cursor, Planned};
use crate::error::Result;
use crate::identity::affected::{RECORD, columns, component_members};
use crate::identity::rows::whole;
use crate::identity::{candidates, records};
use crate::room::Room;
use crate::session::Session;
use crate::touched::Touched;

/// Some of the records.
pub struct Region {
    /// Their names, and those of changed records that are gone.
    pub scope: Touched,
    /// The records.
    pub compared: Compared,
    /// Rule by rule, whether a record is in a block over the rule's limit.
    pub crowded: Vec<Vec<bool>>,
    pub changed: Changed,
}

/// The records that changed.
pub struct Changed {
    /// Their names, those of records that are gone too.
    pub names: Touched,
    /// Whether none of them was there before.
    pub only_new: bool,
    /// The rows of those that are there.
    pub rows: RecordBatch,
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
    /// What the change since a cursor reaches, out of all records.
    pub async fn region(&self, since: &Cursor, all: &AllRecords) -> Result<Region> {
        let (names, only_new) = self.changed(since).await?;
        let mut scope = names.clone();
        let rules = &self.current.model.blocking;
        let keys = BlockKeys::new(rules, &all.compared()?).map_err(failed)?;
        let changed = all.flags(&scope)?;
        let rows = all.rows(&changed)?;
        let touched = match rules.iter().any(|rule| rule.records_max.is_some()) {
            true => keys.crossed(rules, &changed, &self.keys_before(since, &scope).await?),
            false => changed,
        };
        let mut reached = self.partners(all, &keys, &touched)?;
        let flags = reached.iter_mut().zip(&touched);
        flags.for_each(|(reached, touched)| *reached |= touched);
        let reached = self.session.rows(all.rows(&reached)?)?;
        scope.add(reached, columns(RECORD)).await?;
        let members = component_members(self.session, &candidates(), &scope).await?;
        scope.add(members, columns(RECORD)).await?;
        let chosen = all.flags(&scope)?;
        Ok(Region {
            compared: Compared::of(self.job, all.rows(&chosen)?)?,
            crowded: keys.crowded(rules, &positions(&chosen)),
            changed: Changed {
                names,
                only_new,
                rows,
            },
            scope,
        })
    }

    /// Records that changed, before and after, and whether all of them are new.
    async fn changed(&self, since: &Cursor) -> Result<(Touched, bool)> {
        let mut changed = Touched::none(&RECORD);
        let table = self.planned.input(&records())?;
        let changes = table.changes(since.since(table)).await?;
        let only_new = changes.only_adds;
        for rows in [changes.added, changes.removed] {
            let rows = self.session.read(rows)?;
            changed.add(rows, columns(RECORD)).await?;
        }
        Ok((changed, only_new))
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
        let before = whole(changed.narrow(all, &RECORD)?).await?;
        BlockKeys::new(&self.current.model.blocking, &[compared(&before)?]).map_err(failed)
    }

    /// The records that likely pairs connect with touched ones.
    fn partners(&self, all: &AllRecords, keys: &BlockKeys, touched: &[bool]) -> Result<Vec<bool>> {
        let near = keys.neighbours(touched);
        let compared = Compared::of(self.job, all.rows(&near)?)?;
        let near = positions(&near);
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
}

/// Where the flags are set.
fn positions(flags: &[bool]) -> Vec<u32> {
    let rows = (0..).zip(flags);
    rows.filter(|(_, flag)| **flag)
        .map(|(row, _)| row)
        .collect()
}
