//! What the model holds of two records, comparison by comparison.

use c360_resolve::matching::{LinkRules, Scorer};
use c360_spec::{IdentityJob, Matching};
use serde::Serialize;

use super::compared::Compared;
use super::model::CurrentModel;
use super::prepared::Prepared;
use super::{failed, model};
use crate::error::{Error, Result};
use crate::identity::decisions::unknown;
use crate::identity::record_name::check_two;
use crate::identity::{RecordName, models, records};
use crate::room::Room;

/// Why two records are, or are not, held to be one person. Weights are logarithms (base 2) of odds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// What any two records begin with.
    pub prior: f64,
    pub comparisons: Vec<Compare>,
    /// What is taken off since two members of one household would agree like this.
    pub household: f64,
    /// The sum: how sure it is that they are one person, were they met by chance.
    pub weight: f64,
    /// How sure it is once other records connect them; clusters are joined by the mean of these.
    pub weight_inside: f64,
    /// Whether a blocking rule brings the two together.
    pub meet: bool,
}

/// One comparison's share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compare {
    pub name: String,
    /// How far the two agree, in words.
    pub level: String,
    pub weight: f64,
}

/// Explains two records by the model that is in use.
pub async fn explain(
    room: &Room<'_>,
    job: &IdentityJob,
    matching: &Matching,
    names: [&RecordName; 2],
) -> Result<Explanation> {
    check_two(names)?;
    let known = Known::load(room, job, matching).await?;
    let [a, b] = [known.row(names[0])?, known.row(names[1])?];
    known.explain(a, b)
}

/// The model in use and all records, as it sees them.
pub struct Known {
    pub current: CurrentModel,
    pub compared: Compared,
}

impl Known {
    /// Fails when the newest model was made for another `matching`.
    pub async fn load(room: &Room<'_>, job: &IdentityJob, matching: &Matching) -> Result<Self> {
        let inputs = room.input_tables(&[records(), models()]).await?;
        let session = room.runtime.session().with_tables(&inputs).await?;
        if !model::is_current(&inputs[1], matching) {
            let message = "matching changed since the model was trained";
            let remedy = format!("train one for it first: c360 run {}", room.job.name);
            return Err(Error::invalid(message).with_hint(remedy));
        }
        let current = model::current(room, &session, &inputs[1]).await?;
        let compared = Compared::load(&session, job, &current.model).await?;
        Ok(Self { current, compared })
    }

    /// The row of a record.
    pub fn row(&self, wanted: &RecordName) -> Result<u32> {
        let (source, key) = self.compared.names()?;
        let mut names = source.iter().zip(key);
        let found = names.position(|(source, key)| {
            source == Some(wanted.source.as_str()) && key == Some(wanted.key.as_str())
        });
        let row = found.ok_or_else(|| unknown(wanted))?;
        Ok(row as u32)
    }

    /// What the model holds of two records.
    pub fn explain(&self, a: u32, b: u32) -> Result<Explanation> {
        let Prepared { frame, blocks } = Prepared::by(&self.compared, &self.current)?;
        let CurrentModel { model, trained, .. } = &self.current;
        let scorer = Scorer::new(&frame, &trained.weights).map_err(failed)?;
        let inside = scorer.inside(&trained.inside).map_err(failed)?;
        let levels = model.comparisons.iter().zip(scorer.explain(a, b));
        let comparisons: Vec<Compare> = levels
            .map(|(comparison, (level, weight))| Compare {
                name: comparison.name.clone(),
                level: comparison.levels[level as usize].when.to_string(),
                weight,
            })
            .collect();
        let prior = scorer.prior();
        let weight = scorer.weight(a, b);
        let sum: f64 = comparisons.iter().map(|compare| compare.weight).sum();
        Ok(Explanation {
            prior,
            household: weight - prior - sum,
            comparisons,
            weight,
            weight_inside: inside.weight(a, b),
            meet: blocks.meet(a, b),
        })
    }

    /// The mean weight between the records of two clusters, by which average linkage judges them.
    pub fn mean_between(&self, a: &[u32], b: &[u32]) -> Result<f64> {
        let Prepared { frame, .. } = Prepared::by(&self.compared, &self.current)?;
        let trained = &self.current.trained;
        let scorer = Scorer::new(&frame, &trained.weights).map_err(failed)?;
        let inside = scorer.inside(&trained.inside).map_err(failed)?;
        let most = LinkRules::default().weight_max;
        let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (*a, *b)));
        let sum: f64 = pairs
            .map(|(a, b)| inside.weight(a.min(b), a.max(b)).clamp(-most, most))
            .sum();
        Ok(sum / (a.len() * b.len()) as f64)
    }
}
