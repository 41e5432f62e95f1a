//! Where an output stands: the inputs it was computed from, kept in its own snapshot's summary.
//!
//! `decide` is the whole of planning for tables made from tables: it compares what is recorded with what is newest.

mod planned;

use std::collections::BTreeMap;

use c360_catalog::{Stamp, Table};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use planned::{Planned, Wanted};

use crate::clock::Clock;
use crate::report::Action;

/// The inputs of one computation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Input table to the content id of what was read; a table without a snapshot is left out.
    pub tables: BTreeMap<String, i64>,
    /// The run's `as_of`, where the computation depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
}

impl Cursor {
    /// The cursor of a computation that reads `inputs` as they are pinned.
    pub fn of<'a>(inputs: impl IntoIterator<Item = &'a Table>) -> Self {
        let tables = inputs
            .into_iter()
            .filter_map(|table| Some((table.name().to_string(), table.content_id()?)))
            .collect();
        Self {
            tables,
            as_of: None,
        }
    }

    /// The same, for a computation that sees `$as_of`.
    #[must_use]
    pub fn at(mut self, as_of: Option<Timestamp>) -> Self {
        self.as_of = as_of;
        self
    }

    /// The content id of what was read of `table`, by which its changes since can be asked.
    pub fn since(&self, table: &Table) -> Option<i64> {
        self.tables.get(&table.name().to_string()).copied()
    }

    /// An input that no longer has the snapshot that was read, so that nobody can say what changed since: it was
    /// expired, or the table made anew.
    fn gone<'a>(&self, inputs: &'a [Table]) -> Option<&'a Table> {
        inputs.iter().find(|input| {
            self.since(input)
                .is_some_and(|snapshot| !input.has_snapshot(snapshot))
        })
    }

    /// An input whose columns are gone or have another type since it was read: those of the output may change with them,
    /// and a part of its rows cannot have other columns than the rest; and sums that grew beyond a type no longer do.
    fn recast<'a>(&self, inputs: &'a [Table]) -> Option<&'a Table> {
        inputs.iter().find(|input| {
            let changed = self.since(input);
            let changed = changed.map(|then| input.columns_changed_since(then));
            // of a snapshot that is not there nobody knows
            changed.is_some_and(|changed| !changed.is_ok_and(|changed| changed.is_empty()))
        })
    }

    /// What a commit computed from this cursor records.
    pub fn stamp(&self, clock: &Clock, job: &str, fingerprint: &str) -> Stamp {
        Stamp {
            run_id: clock.run_id.clone(),
            job: job.to_string(),
            spec_hash: fingerprint.to_string(),
            inputs: serde_json::to_string(self).expect("a map of strings is always JSON"),
            extra: BTreeMap::new(),
        }
    }
}

/// What there is to do for one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Nothing: the output is up to date.
    Nothing,
    /// What changed since the recorded cursor.
    Incremental(Cursor),
    /// Everything.
    Full,
}

/// What there is to do, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What there is to do.
    pub work: Work,
    /// Why, for the reader of a plan.
    pub why: String,
}

impl Decision {
    /// Everything, and why.
    pub fn full(why: impl Into<String>) -> Self {
        Self {
            work: Work::Full,
            why: why.into(),
        }
    }

    /// How a plan calls it.
    pub fn action(&self) -> Action {
        match self.work {
            Work::Nothing => Action::Nothing,
            Work::Incremental(_) => Action::Incremental,
            Work::Full => Action::Full,
        }
    }

    /// This decision, or `next` where this one finds nothing to do.
    #[must_use]
    pub fn or(self, next: Decision) -> Decision {
        match self.work {
            Work::Nothing => next,
            _ => self,
        }
    }
}

/// What an output's newest snapshot says about how it was made; none when it never was.
pub fn recorded(output: Option<&Table>) -> Option<(String, Cursor)> {
    let output = output?;
    let fingerprint = output.summary("c360.spec-hash")?.to_string();
    let cursor = serde_json::from_str(output.summary("c360.inputs")?).ok()?;
    Some((fingerprint, cursor))
}

/// Compares what `output` was made from with what there is now, which is `inputs` as pinned and `now` as recorded.
pub fn decide(
    output: Option<&Table>,
    fingerprint: &str,
    inputs: &[Table],
    now: &Cursor,
) -> Decision {
    let Some((made_by, made_from)) = recorded(output) else {
        return Decision::full(match output.and_then(Table::snapshot_id) {
            None => "output is missing",
            Some(_) => "output was written by others",
        });
    };
    if made_by != fingerprint {
        return Decision::full("spec changed");
    }
    if made_from == *now {
        return Decision {
            work: Work::Nothing,
            why: "same inputs, same spec".into(),
        };
    }
    if let Some(gone) = made_from.gone(inputs) {
        return Decision::full(format!("a snapshot of {} is gone", gone.name()));
    }
    if let Some(recast) = made_from.recast(inputs) {
        return Decision::full(format!("columns of {} changed", recast.name()));
    }
    let why = advanced(&made_from, now);
    Decision {
        work: Work::Incremental(made_from),
        why,
    }
}

fn advanced(from: &Cursor, to: &Cursor) -> String {
    let mut moved: Vec<&str> = to
        .tables
        .iter()
        .filter(|(table, snapshot)| from.tables.get(*table) != Some(snapshot))
        .map(|(table, _)| table.as_str())
        .collect();
    if from.as_of != to.as_of {
        moved.push("as_of");
    }
    format!("advanced: {}", moved.join(", "))
}
