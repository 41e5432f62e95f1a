//! How many persons a run would merge, split or erase, told before it writes who is who. Other entities are not asked
//! about: they follow from persons, and what is published of them has a breaker of its own.

use c360_catalog::Table;
use c360_spec::Entity;
use datafusion::arrow::array::RecordBatch;
use datafusion::prelude::ident;

use super::affected::RECORD;
use super::events::{Known, collect};
use crate::breaker::{self, Share};
use crate::error::Result;
use crate::report::PersonCounts;
use crate::room::Room;
use crate::session::Session;
use crate::touched::Touched;

/// Fails where the project's breakers find it too much; what an accepting run lets through is returned. `persons` gives
/// the rows to come, all or those of `scope`, whose persons lie in it whole.
pub async fn check(
    room: &Room<'_>,
    session: &Session,
    resolved: Option<&Table>,
    scope: Option<&Touched>,
    persons: impl FnOnce() -> Result<Vec<RecordBatch>>,
) -> Result<Vec<String>> {
    let breakers = &room.project.settings.breakers;
    let limits = [
        ("merged_percent", breakers.merged_percent),
        ("split_percent", breakers.split_percent),
        ("erased_percent", breakers.erased_percent),
    ];
    let Some(resolved) = resolved.filter(|_| limits.iter().any(|(_, max)| max.is_some())) else {
        return Ok(Vec::new());
    };
    let all = session.read(resolved.provider().await?)?;
    let before = match scope {
        Some(scope) => scope.narrow(all.clone(), &RECORD)?,
        None => all.clone(),
    };
    let before = collect(before, &Entity::default()).await?;
    let known = Known::of(before, persons()?);
    let counts = known.counts()?;
    let PersonCounts {
        merged,
        split,
        erased,
        created: _,
    } = counts;
    if merged + split + erased == 0 {
        return Ok(Vec::new());
    }
    let of = all
        .select(vec![ident("person_id")])?
        .distinct()?
        .count()
        .await? as u64;
    let happens = [
        format!("{merged} persons would be merged into others"),
        format!("{split} persons would be split from others"),
        format!("{erased} persons would be erased"),
    ];
    let numbers = [merged, split, erased].into_iter().zip(happens);
    let shares = limits.into_iter().zip(numbers);
    let shares = shares.map(|(limit, (count, happens))| Share {
        limit,
        happens,
        count,
        of,
    });
    breaker::check(room, shares.filter_map(|share| share.excess()).collect())
}
