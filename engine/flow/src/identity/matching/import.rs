//! A model that was trained elsewhere: a Splink model, taken into `identity.models` as the newest.
//!
//! It brings its own blocking rules, comparisons and weights, and reads the columns of records that have the names of its
//! own. How rare a value is, it learns from the records that there are, as Splink does. Until `matching` in the spec
//! changes or somebody trains, runs use it. What it says of any two records holds inside components as well: it was not
//! taught what tells look-alikes apart.

use c360_resolve::matching::splink::{self, Settings};
use c360_resolve::matching::{Frequencies, Model, Scorer, Trained};
use c360_spec::{IdentityJob, Matching};
use serde::Serialize;

use super::compared::Compared;
use super::model::{CurrentModel, New, Planned, append, known_records};
use super::prepared::Prepared;
use crate::error::{Error, Result};
use crate::room::Room;
use crate::session::Session;

/// A model as Splink saves it. Nothing in it is executed.
#[derive(Debug, Clone, Copy)]
pub struct ModelFile<'a> {
    /// What the file is called, for errors.
    pub name: &'a str,
    pub text: &'a str,
}

/// A model that was imported.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportedModel {
    /// Its row in `identity.models`.
    pub number: u64,
    /// The share of all pairs of records that are one person.
    pub prior: f64,
    pub blocking_rules: usize,
    /// The comparisons' names.
    pub comparisons: Vec<String>,
}

/// Appends the model of a file.
pub async fn import(
    room: &Room<'_>,
    job: &IdentityJob,
    matching: &Matching,
    planned: &Planned,
    file: &ModelFile<'_>,
) -> Result<ImportedModel> {
    let known = known_records(room).await?;
    let session = known.session(room).await?;
    let (current, compared) = read(&session, job, file).await?;
    let new = New {
        current: &current,
        records: compared.columns.records(),
        certain_pairs: None,
        made_from: known.cursor(),
    };
    let appended = append(room, matching, planned, new).await?;
    let comparisons = current.model.comparisons.iter();
    Ok(ImportedModel {
        number: appended.number,
        prior: appended.prior,
        blocking_rules: current.model.blocking.len(),
        comparisons: comparisons.map(|of| of.name.clone()).collect(),
    })
}

/// The model of a file, made to know the records of a session, which come with it.
pub async fn read(
    session: &Session,
    job: &IdentityJob,
    file: &ModelFile<'_>,
) -> Result<(CurrentModel, Compared)> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::invalid(format!("cannot import {}: {error}", file.name))
    };
    let settings: Settings = serde_json::from_str(file.text).map_err(|error| {
        failed(&error).with_hint("save the model in Splink: linker.misc.save_model_to_json(PATH)")
    })?;
    let (model, weights) = splink::import(&settings).map_err(|error| failed(&error))?;
    let compared = Compared::load(session, job, &model).await?;
    let inside = weights.clone();
    let trained = Trained {
        weights,
        inside,
        correction: None,
    };
    let frequencies = try_out(&compared, &model, &trained).map_err(|error| failed(&error))?;
    let current = CurrentModel {
        model,
        trained,
        frequencies,
    };
    Ok((current, compared))
}

/// What a run does with a model, without its pairs: all that can be wrong is found before it is kept.
fn try_out(compared: &Compared, model: &Model, trained: &Trained) -> Result<Frequencies> {
    let Prepared { frame, blocks: _ } = Prepared::of(compared, model)?;
    let failed = |error: c360_resolve::matching::Error| Error::invalid(error.to_string());
    Scorer::new(&frame, &trained.weights).map_err(failed)?;
    Frequencies::of(&frame).map_err(failed)
}
