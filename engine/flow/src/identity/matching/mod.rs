//! Matching: which records are probably one person, though they share no identifier.
//!
//! The model, with what it knows of the rarity of values, stays the one that was trained, so the same records give the
//! same matches whatever came before; and what becomes of a record hangs on the component of likely pairs that it is
//! in, so after a change only the components that it reaches are matched anew.

mod all_records;
mod block_index;
mod compared;
mod declared;
pub mod explain;
mod frequencies;
pub mod import;
pub mod in_memory;
pub mod in_use;
mod labels;
pub mod lookup;
pub mod model;
mod prepared;
mod region;
pub mod review;
pub mod skipped;
pub mod why_not;

use std::sync::Arc;

use c360_catalog::Scope;
use c360_resolve::matching::{
    self as kernel, BlockingRule, Blocks, LinkRules, Linkage, Model, link,
};
use c360_resolve::person_id;
use c360_spec::{Entity, IdentityJob};
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};

use self::all_records::AllRecords;
use self::block_index::{Entering, Entries};
use self::compared::Compared;
use self::model::CurrentModel;
use self::prepared::Prepared;
use self::region::{Region, Search};
use super::affected::RECORD;
use super::rows::{PAIR, pair_fields, stream};
use super::{Stage, candidates, matches, models, records};
use crate::cursor::{Planned, Work};
use crate::error::{Error, Result};
use crate::report::Outcome;
use crate::room::Room;
use crate::touched::{self, Touched};

/// Compares what the matches were made from with what there is now.
pub async fn decide(room: &Room<'_>) -> Result<Planned> {
    let inputs = [records(), models()];
    Planned::of(
        room,
        &Stage::Matches.tables(&Entity::default()),
        &inputs,
        None,
    )
    .await
}

/// Brings blocks, matches and candidates up to date.
pub async fn apply(room: &Room<'_>, job: &IdentityJob, planned: &Planned) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    if planned.decision.work == Work::Nothing {
        return Ok(outcome);
    }
    let session = planned.session(room).await?;
    let models = planned.input(&models())?;
    let before = planned.output(&candidates());
    let found = match (&planned.decision.work, before) {
        (Work::Incremental(since), Some(before)) if since.since(models) == models.content_id() => {
            session.register(before.name(), before.provider().await?)?;
            let (current, all) = AllRecords::load(room, job, &session, models).await?;
            let search = Search {
                room,
                job,
                current: &current,
                planned,
                session: &session,
            };
            let Region {
                scope,
                compared,
                crowded,
                changed,
            } = search.region(since, &all).await?;
            let entries = Entries::of(&current.model.blocking, &changed.rows)?;
            let entering = Entering::of(&changed.names, changed.only_new, planned, since);
            entries.write(room, planned, entering, &mut outcome).await?;
            let linkage = linkage(
                &compared,
                &current,
                Prepared::among(&compared, &current, &crowded)?,
            )?;
            Found {
                scope: Some(scope),
                compared,
                linkage,
            }
        }
        _ => {
            let current = model::current(room, &session, models).await?;
            let compared = Compared::load(&session, job, &current.model).await?;
            let prepared = Prepared::by(&compared, &current)?;
            let told = left_out(&prepared.blocks, &current.model);
            outcome.warnings.extend(told);
            let entries = Entries::of(&current.model.blocking, compared.rows())?;
            entries
                .write(room, planned, Entering::All, &mut outcome)
                .await?;
            let linkage = linkage(&compared, &current, prepared)?;
            Found {
                scope: None,
                compared,
                linkage,
            }
        }
    };
    found.write(room, planned, &mut outcome).await?;
    Ok(outcome)
}

fn linkage(compared: &Compared, current: &CurrentModel, prepared: Prepared) -> Result<Linkage> {
    let trained = &current.trained;
    let rules = LinkRules::of(trained);
    let (scorer, components) = prepared.components(compared, &trained.weights, &rules)?;
    let inside = scorer.inside(trained).map_err(failed)?;
    Ok(link(&inside, &components))
}

/// What was matched anew: all records, or those of a scope.
struct Found {
    scope: Option<Touched>,
    compared: Compared,
    linkage: Linkage,
}

impl Found {
    /// Candidates last: theirs is the cursor that holds for both tables.
    async fn write(&self, room: &Room<'_>, planned: &Planned, outcome: &mut Outcome) -> Result<()> {
        let name = matches();
        let key = PAIR.map(String::from);
        let comment = "one row a pair of records whose persons the model joins";
        let output = room.output(&name, &key, comment);
        let rows = stream(joins(&self.compared, &self.linkage.joins)?);
        let scope = self.scope([PAIR[0], PAIR[1]]);
        let stamp = room.stamp(&planned.now);
        outcome.wrote(
            &output
                .write(planned.output(&name), scope, rows, stamp)
                .await?,
        );

        let name = candidates();
        let key = RECORD.map(String::from);
        let comment = "one row a record that likely pairs connect with others";
        let output = room.output(&name, &key, comment);
        let rows = stream(components(&self.compared, &self.linkage.component)?);
        let scope = self.scope(RECORD);
        let stamp = room.stamp(&planned.now);
        outcome.wrote(
            &output
                .write(planned.output(&name), scope, rows, stamp)
                .await?,
        );
        Ok(())
    }

    fn scope(&self, columns: [&str; 2]) -> Scope {
        let renamed = self.scope.as_ref().map(|scope| scope.renamed(&columns));
        touched::scope(renamed.as_ref())
    }
}

/// What the limits of blocking rules left out, a line a rule.
fn left_out(blocks: &Blocks, model: &Model) -> Vec<String> {
    let all = blocks.left_out();
    let rules = model.blocking.iter().enumerate();
    let told = |(at, rule): (usize, &BlockingRule)| {
        let of_rule: Vec<u32> = all
            .iter()
            .filter(|block| block.rule == at)
            .map(|block| block.records)
            .collect();
        let largest = of_rule.iter().max()?;
        Some(format!(
            "blocking on {rule}: {} blocks over records_max bring nobody together, the largest of {largest} records",
            of_rule.len()
        ))
    };
    rules.filter_map(told).collect()
}

/// The joins as rows: the earliest records of both sides, and the mean weight of evidence between the sides.
fn joins(compared: &Compared, joins: &[kernel::Pair]) -> Result<RecordBatch> {
    let (source, key) = compared.names()?;
    let texts = |of: &StringArray, end: fn(&kernel::Pair) -> u32| -> ArrayRef {
        let values = joins.iter().map(|join| of.value(end(join) as usize));
        Arc::new(StringArray::from_iter_values(values))
    };
    let weights = joins.iter().map(|join| join.weight);
    let columns = vec![
        texts(source, |join| join.a),
        texts(key, |join| join.a),
        texts(source, |join| join.b),
        texts(key, |join| join.b),
        Arc::new(Float64Array::from_iter_values(weights)),
    ];
    let mut fields = pair_fields();
    fields.push(Field::new("weight", DataType::Float64, false));
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}

/// The records of components as rows: their names, and the component's, which is that of its earliest record.
fn components(compared: &Compared, earliest: &[u32]) -> Result<RecordBatch> {
    let (source, key) = compared.names()?;
    let mut connected = vec![false; earliest.len()];
    for (record, first) in earliest.iter().enumerate() {
        if record != *first as usize {
            connected[record] = true;
            connected[*first as usize] = true;
        }
    }
    let rows: Vec<usize> = (0..earliest.len())
        .filter(|record| connected[*record])
        .collect();
    let texts = |of: &StringArray| -> ArrayRef {
        let values = rows.iter().map(|row| of.value(*row));
        Arc::new(StringArray::from_iter_values(values))
    };
    let named = rows.iter().map(|row| {
        let first = earliest[*row] as usize;
        person_id(source.value(first), key.value(first))
    });
    let columns = vec![
        texts(source),
        texts(key),
        Arc::new(StringArray::from_iter_values(named)) as ArrayRef,
    ];
    let names = RECORD.into_iter().chain(["component_id"]);
    let fields = names.map(|name| Field::new(name, DataType::Utf8, false));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

/// The spec was checked, so what the kernel refuses is too much for one run, or a fault.
fn failed(error: kernel::Error) -> Error {
    let message = format!("cannot match records: {error}");
    match error {
        kernel::Error::TooManyPatterns { .. } | kernel::Error::TooMany { .. } => {
            Error::invalid(message)
        }
        _ => Error::internal(message),
    }
}
