//! A room's tables as a run found them, what there is to do for them, and the one way to do it.

use c360_catalog::Table;
use c360_spec::TableName;
use datafusion::execution::SendableRecordBatchStream;
use jiff::Timestamp;

use super::{Cursor, Decision, Work, decide};
use crate::error::{Error, Result};
use crate::output::Output;
use crate::report::Outcome;
use crate::room::Room;
use crate::sample::Sample;
use crate::session::Session;
use crate::touched::{Touched, scope};

/// Which rows of an output are to be made, where not all are.
#[derive(Clone, Copy)]
pub enum Wanted<'a> {
    /// Those that changes since then reach.
    ChangedSince(&'a Cursor),
    /// Those of a sample of their keys.
    Sampled(Sample),
}

/// What there is to do, with everything pinned that it takes.
pub struct Planned {
    /// The room's tables that there are. Whatever is written was computed for these, and is refused over others.
    outputs: Vec<Table>,
    /// The tables that they are made from.
    pub inputs: Vec<Table>,
    /// What a commit will record.
    pub now: Cursor,
    /// What there is to do.
    pub decision: Decision,
}

impl Planned {
    /// Compares what `outputs` were made from with what `inputs` are now; `as_of` where time is an input too.
    ///
    /// Tables that are filled together are written in the given order, and a run may die between two of them. So the
    /// last one has the cursor that holds for all, and one that is missing means that all are made anew.
    pub async fn of(
        room: &Room<'_>,
        outputs: &[TableName],
        inputs: &[TableName],
        as_of: Option<Timestamp>,
    ) -> Result<Self> {
        let mut found = Vec::with_capacity(outputs.len());
        for name in outputs {
            found.extend(room.output_table(name).await?);
        }
        let inputs = room.input_tables(inputs).await?;
        let now = Cursor::of(&inputs).at(as_of);
        let filled = |table: &&Table| table.snapshot_id().is_some();
        let all_filled = found.iter().filter(filled).count() == outputs.len();
        let last = found.last().filter(|_| all_filled);
        let decision = match room.in_full {
            true => Decision::full("asked for in full"),
            false => decide(last, &room.job.fingerprint, &inputs, &now),
        };
        Ok(Self {
            outputs: found,
            inputs,
            now,
            decision,
        })
    }

    /// The room's table called `name` as it was found, if there was one.
    pub fn output(&self, name: &TableName) -> Option<&Table> {
        self.outputs.iter().find(|table| table.name() == name)
    }

    /// The table called `name` that the room reads.
    pub fn input(&self, name: &TableName) -> Result<&Table> {
        let found = self.inputs.iter().find(|table| table.name() == name);
        found.ok_or_else(|| Error::internal(format!("{name} was not pinned")))
    }

    /// A session that sees the inputs.
    pub async fn session(&self, room: &Room<'_>) -> Result<Session> {
        room.runtime.session().with_tables(&self.inputs).await
    }

    /// Brings a room's one table up to date.
    ///
    /// `touched` says what is wanted: what the change since a cursor reaches, or a sample (none: everything). `rows` makes
    /// the rows of what was touched (none: all rows), in the order of the output.
    pub async fn apply(
        &self,
        room: &Room<'_>,
        output: &Output<'_>,
        touched: impl AsyncFnOnce(&Session, Wanted<'_>) -> Result<Option<Touched>>,
        rows: impl AsyncFnOnce(&Session, Option<&Touched>) -> Result<SendableRecordBatchStream>,
    ) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let before = self.output(output.name);
        if self.decision.work == Work::Nothing {
            outcome.snapshot_id = before.and_then(Table::snapshot_id);
            return Ok(outcome);
        }
        let session = self.session(room).await?;
        let touched = match self.wanted(room) {
            Some(wanted) => touched(&session, wanted).await?,
            None => None,
        };
        let stamp = room.stamp(&self.now);
        let committed = match (&touched, before) {
            (Some(touched), Some(before)) if touched.is_empty() => before.stamp(stamp).await?,
            (touched, _) => {
                let touched = touched.as_ref();
                let scope = scope(touched);
                let rows = rows(&session, touched).await?;
                output.sorted().write(before, scope, rows, stamp).await?
            }
        };
        outcome.committed(&committed);
        Ok(outcome)
    }

    /// Which rows are to be made; none: all.
    pub fn wanted(&self, room: &Room<'_>) -> Option<Wanted<'_>> {
        match (room.sample, &self.decision.work) {
            (Some(sample), _) => Some(Wanted::Sampled(sample)),
            (None, Work::Incremental(since)) => Some(Wanted::ChangedSince(since)),
            (None, _) => None,
        }
    }
}
