//! A training set as a table of the lake, made anew as a whole each time. Its newest snapshot says what it was made of:
//! the statement of the labels, the jobs of measures, and which snapshot of each table was read.

use std::collections::BTreeMap;

use c360_catalog::{Committed, Evolution, Stamp, Table, TableDefinition};
use c360_spec::TableName;
use futures::StreamExt;

use super::Asked;
use crate::clock::Clock;
use crate::conform::{conform, lake_schema};
use crate::cursor::Cursor;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::fingerprint::fingerprint;
use crate::query::ReadAt;
use crate::room::producer;
use crate::session::sql_uses_as_of;

/// What the snapshots of such tables name as their job; no job is called so.
const MADE_BY: &str = "training-set";
/// Rooms whose tables are not all named by jobs.
const ROOMS: [&str; 3] = ["identity", "ops", "raw"];

impl Engine {
    /// Makes the table `name` the training set that is `asked` for, in place of what it held. Rows are written as they
    /// come.
    ///
    /// Fails with *invalid* where the table is not a training set's to write, and with *conflict* when somebody else wrote
    /// it meanwhile.
    pub async fn keep_training_set(
        &self,
        asked: &Asked<'_>,
        name: &TableName,
        clock: &Clock,
    ) -> Result<Committed> {
        let before = self.warehouse.table(name).await?;
        self.refuse_others(name, before.as_ref())?;
        let (read, set) = self.training_rows(asked, clock).await?;
        let mut rows = set.execute_stream().await?;
        let definition = TableDefinition {
            name: name.clone(),
            schema: lake_schema(&rows.schema(), &[]),
            key: Vec::new(),
            order: Vec::new(),
            comment: Some("one row a label, with measures as they were at its time".into()),
            evolution: Evolution::Recast,
        };
        let table = self.warehouse.create_or_evolve(&definition).await?;
        let schema = table.schema();
        let mut writer = table.overwriter().await?;
        while let Some(batch) = rows.next().await {
            writer.write(conform(&batch?, &schema)?).await?;
        }
        Ok(writer.commit(self.made_of(asked, &read, clock)).await?)
    }

    /// Refuses tables that jobs write, and those that hold something else.
    fn refuse_others(&self, name: &TableName, before: Option<&Table>) -> Result<()> {
        let other = "name a table that no job writes, such as training.churn";
        if let Some(job) = producer(&self.project, name) {
            return Err(Error::invalid(format!("job {job} writes {name}")).with_hint(other));
        }
        if ROOMS.contains(&name.namespace()) {
            let message = format!("{name} is among the tables that c360 keeps itself");
            return Err(Error::invalid(message).with_hint(other));
        }
        let made = before.filter(|table| table.snapshot_id().is_some());
        match made.map(|table| table.summary("c360.job")) {
            None | Some(Some(MADE_BY)) => Ok(()),
            Some(_) => {
                Err(Error::invalid(format!("{name} holds no training set")).with_hint(other))
            }
        }
    }

    fn made_of(&self, asked: &Asked<'_>, read: &[Table], clock: &Clock) -> Stamp {
        let uses_as_of = sql_uses_as_of(asked.labels);
        let cursor = Cursor::of(read).at(uses_as_of.then_some(clock.as_of));
        let mut spec = BTreeMap::new();
        for name in asked.jobs {
            spec.insert(
                name,
                self.project.jobs.get(name).map(|job| &job.fingerprint),
            );
        }
        let mut stamp = cursor.stamp(clock, MADE_BY, &fingerprint(&(asked.labels, spec)));
        let extra = [
            ("labels", asked.labels.to_owned()),
            ("measures", asked.jobs.join(",")),
        ];
        stamp
            .extra
            .extend(extra.map(|(name, text)| (name.to_owned(), text)));
        if let ReadAt::Epoch(number) = asked.at {
            stamp.extra.insert("epoch".to_owned(), number.to_string());
        }
        stamp
    }
}
