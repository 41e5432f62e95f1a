//! Which records have to be resolved anew after a change.
//!
//! A component is closed under shared identifiers, matches and decisions, so a change reaches the components of the changed
//! records, of those that share an identifier with them, now or before, and of both ends of a changed match or decision. Two reads
//! settle it; no walk is needed.

use c360_spec::{Entity, TableName};
use datafusion::logical_expr::Expr;
use datafusion::prelude::{DataFrame, ident};

use super::rows::PAIR;
use super::{decisions, matches};
use crate::cursor::{Cursor, Planned};
use crate::error::Result;
use crate::session::Session;
use crate::touched::{Touched, changed_rows};

pub(super) const RECORD: [&str; 2] = ["source", "key"];
pub(super) const VALUE: [&str; 2] = ["kind", "value"];
/// The records of a match or a decision.
pub(super) const ENDS: [[&str; 2]; 2] = [[PAIR[0], PAIR[1]], [PAIR[2], PAIR[3]]];

/// Records to resolve, and those that the limits of their identifiers are judged by.
pub struct Affected<'a> {
    entity: &'a Entity,
    /// Records whose person and links are computed anew, gone ones included.
    pub scope: Touched,
    /// Identifier rows of the affected records, and of whoever shares a value with them: a value over its limit is known
    /// by all of its records, most of which are not affected.
    pub identifiers: DataFrame,
}

/// The columns of these names.
pub(super) fn columns(names: [&str; 2]) -> Vec<Expr> {
    names.iter().map(|name| ident(*name)).collect()
}

/// What the changes since `since` reach. `session` sees records, identifiers and the members resolved last.
pub async fn affected<'a>(
    entity: &'a Entity,
    session: &Session,
    planned: &Planned,
    since: &Cursor,
) -> Result<Affected<'a>> {
    let mut changed = Touched::none(&RECORD);
    let mut values = Touched::none(&VALUE);
    for table in &planned.inputs {
        let Some(rows) = changed_rows(session, table, since.since(table)).await? else {
            continue;
        };
        if [matches(), decisions()].contains(table.name()) {
            for end in ENDS {
                changed.add(rows.clone(), columns(end)).await?;
            }
            continue;
        }
        changed.add(rows.clone(), columns(RECORD)).await?;
        if *table.name() == entity.identifiers() {
            values.add(rows, columns(VALUE)).await?;
        }
    }
    let all = session.table(&entity.identifiers()).await?;
    values
        .add(changed.narrow(all.clone(), &RECORD)?, columns(VALUE))
        .await?;
    let mut neighbours = Touched::none(&RECORD);
    neighbours
        .add(values.narrow(all.clone(), &VALUE)?, columns(RECORD))
        .await?;
    neighbours.extend(&changed)?;
    if planned.input(&decisions()).is_ok() {
        // A record that comes back is held to what was decided about it when it was there.
        let decided = session.table(&decisions()).await?;
        for (one, other) in [(ENDS[0], ENDS[1]), (ENDS[1], ENDS[0])] {
            let partners = changed.renamed(&one);
            let partners = partners.narrow(decided.clone(), &one)?;
            neighbours.add(partners, columns(other)).await?;
        }
    }

    let mut scope = neighbours.clone();
    scope
        .add(
            component_members(session, &entity.members(), &neighbours).await?,
            columns(RECORD),
        )
        .await?;
    let mut reached = Touched::none(&VALUE);
    reached
        .add(scope.narrow(all.clone(), &RECORD)?, columns(VALUE))
        .await?;
    let identifiers = session.read_once(reached.narrow(all, &VALUE)?).await?;
    Ok(Affected {
        entity,
        scope,
        identifiers,
    })
}

/// Every record of the components that `records` are in, by a table that has a row a record.
pub(super) async fn component_members(
    session: &Session,
    table: &TableName,
    records: &Touched,
) -> Result<DataFrame> {
    let resolved = session.table(table).await?;
    let mut components = Touched::none(&["component_id"]);
    let known = records.narrow(resolved.clone(), &RECORD)?;
    components.add(known, vec![ident("component_id")]).await?;
    components.narrow(resolved, &["component_id"])
}

impl Affected<'_> {
    /// Matches or decisions of the affected records; none where the job has no such table. Both ends of those that
    /// may join are affected, since they are in one component.
    pub async fn pair_rows(
        &self,
        session: &Session,
        planned: &Planned,
        table: &TableName,
    ) -> Result<Option<DataFrame>> {
        if planned.input(table).is_err() {
            return Ok(None);
        }
        let [first, _] = ENDS;
        let pairs = session.table(table).await?;
        let pairs = self.scope.renamed(&first).narrow(pairs, &first)?;
        Ok(Some(pairs))
    }

    /// Rows of the records that have one of those identifiers, or are affected without having any.
    pub async fn record_rows(&self, session: &Session) -> Result<DataFrame> {
        let mut wanted = self.scope.clone();
        wanted
            .add(self.identifiers.clone(), columns(RECORD))
            .await?;
        let all = session.table(&self.entity.records()).await?;
        wanted.narrow(all, &RECORD)
    }
}
