//! Making a part again, of what its tables say that it was made of.

use c360_catalog::{Kind, Table};
use c360_spec::{SourceJob, TableName};

use super::part::{Made, Part};
use super::scratch::Scratch;
use crate::clock::Clock;
use crate::cursor::{Cursor, recorded};
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::room::Room;
use crate::source;
use crate::source::reread::{self, Reread};

/// What came of it.
pub enum Rebuilt {
    /// The tables, in a lake of their own.
    Made(Scratch),
    /// Why the room could not make them of what they were made of.
    Failed(Reason),
    /// Why nobody can tell, at least for now.
    Impossible(Reason),
}

/// Makes the part's `tables` again.
pub async fn rebuild(
    room: &Room<'_>,
    part: &Part<'_>,
    tables: &[Option<Table>],
) -> Result<Rebuilt> {
    let made = match part {
        Part::Files(job) => read_again(room, job, tables[0].as_ref()).await,
        Part::Tables(made) => make_again(room, made, tables).await,
    };
    match made {
        Err(error) if is_finding(&error) => Ok(Rebuilt::Failed(Reason {
            why: error.in_full(),
            remedy: format!("c360 run --full {}", room.job.name),
        })),
        other => other,
    }
}

/// Rows that cannot be made say something of the lake. That something outside does not answer, or another run was
/// faster, says nothing.
fn is_finding(error: &Error) -> bool {
    !matches!(error.kind(), Kind::Unavailable | Kind::Conflict)
}

async fn read_again(room: &Room<'_>, job: &SourceJob, raw: Option<&Table>) -> Result<Rebuilt> {
    let Some(raw) = raw.and_then(newest_of_ours) else {
        let reason = never_made(room, &job.table());
        return Ok(Rebuilt::Impossible(reason));
    };
    let work = match reread::decide(room, job, &raw).await? {
        Reread::Possible(work) => work,
        Reread::Impossible(reason) => return Ok(Rebuilt::Impossible(reason)),
    };
    let scratch = Scratch::new(room).await?;
    source::apply(*work, &scratch.room(room), job).await?;
    Ok(Rebuilt::Made(scratch))
}

async fn make_again(room: &Room<'_>, made: &Made<'_>, tables: &[Option<Table>]) -> Result<Rebuilt> {
    let names = made.tables();
    let made_from = match made_from(room, &names, tables).await? {
        Ok(cursor) => cursor,
        Err(reason) => return Ok(Rebuilt::Impossible(reason)),
    };
    let clock = Clock {
        as_of: made_from.as_of.unwrap_or(room.clock.as_of),
        ..room.clock.clone()
    };
    let scratch = Scratch::new(room).await?;
    let beside = scratch.room_of(room, &made_from, &clock);
    made.apply(&beside).await?;
    let again = scratch.table(&names[0]).await?;
    if recorded(again.as_ref()).is_none_or(|(_, cursor)| cursor != made_from) {
        let why = "a table that it reads was empty when it was made";
        return Ok(Rebuilt::Impossible(Reason::run_first(room, why)));
    }
    Ok(Rebuilt::Made(scratch))
}

/// What the tables say that they were made of, if that is still there and they would be made of it in the same way.
async fn made_from(
    room: &Room<'_>,
    names: &[TableName],
    tables: &[Option<Table>],
) -> Result<std::result::Result<Cursor, Reason>> {
    let mut stamps = Vec::with_capacity(tables.len());
    for (name, table) in names.iter().zip(tables) {
        let made = table.as_ref().and_then(newest_of_ours);
        match recorded(made.as_ref()) {
            Some(stamp) => stamps.push(stamp),
            None => return Ok(Err(never_made(room, name))),
        }
    }
    stamps.dedup();
    let Some((made_by, made_from)) = stamps.pop().filter(|_| stamps.is_empty()) else {
        return Ok(Err(Reason::half_way(room)));
    };
    if made_by != room.job.fingerprint {
        return Ok(Err(Reason::spec_changed(room)));
    }
    if let Some(gone) = gone(room, &made_from).await? {
        let why = format!("the snapshot of {gone} that it was made of is gone");
        return Ok(Err(Reason::run_first(room, why)));
    }
    Ok(Ok(made_from))
}

/// The table at the newest commit of c360: whatever others changed since then is a difference.
fn newest_of_ours(table: &Table) -> Option<Table> {
    let history = table.snapshots();
    let ours = history
        .iter()
        .rfind(|snapshot| snapshot.summary.contains_key("c360.inputs"))?;
    table.at_snapshot(ours.id).ok()
}

/// An input of which the snapshot that was read is no longer there.
async fn gone<'a>(room: &Room<'_>, made_from: &'a Cursor) -> Result<Option<&'a str>> {
    for (name, snapshot) in &made_from.tables {
        let table = match name.parse::<TableName>() {
            Ok(name) => room.output_table(&name).await?,
            Err(_) => None,
        };
        if !table.is_some_and(|table| table.has_snapshot(*snapshot)) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn never_made(room: &Room<'_>, name: &TableName) -> Reason {
    Reason::run_first(room, format!("{name} was never made"))
}
