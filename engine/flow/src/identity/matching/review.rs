//! Which pairs a steward should look at, and what there is to see.

use c360_resolve::matching::labels;
use c360_resolve::matching::{Comparison, LinkRules, Pair, Scorer};
use c360_spec::{IdentityJob, Matching};
use serde::Serialize;

use super::compared::Compared;
use super::failed;
use super::in_use::InUse;
use super::prepared::Prepared;
use crate::error::Result;
use crate::identity::RecordName;
use crate::room::Room;

/// Two records that a steward should look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    pub a: RecordName,
    pub b: RecordName,
    /// How sure the model is that they are one person: a logarithm (base 2) of odds.
    pub weight: f64,
    pub comparisons: Vec<Sight>,
}

/// One comparison, and what it sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sight {
    pub name: String,
    /// How far the two agree, in words.
    pub level: String,
    pub weight: f64,
    pub values: Vec<Values>,
}

/// What the two records hold in a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Values {
    pub column: String,
    pub a: Option<String>,
    pub b: Option<String>,
}

/// At most `count` pairs about which nothing was decided, the most informative first.
pub async fn questions(
    room: &Room<'_>,
    job: &IdentityJob,
    matching: &Matching,
    count: usize,
) -> Result<Vec<Question>> {
    let known = InUse::load(room, job, matching).await?;
    let decided = super::labels::labels(room, &known.compared).await?;
    let InUse { current, compared } = &known;
    let prepared = Prepared::by(compared, current)?;
    let weights = &current.trained.weights;
    let (scorer, components) = prepared.components(compared, weights, &LinkRules::with_labels())?;
    let inside = scorer.inside(&current.trained).map_err(failed)?;
    let pairs = labels::review(&inside, &components, &decided, count).map_err(failed)?;
    let question = |pair: &Pair| {
        let parts = labels::explain(&inside, &components, pair.a, pair.b);
        let weights = parts.map_or(Vec::new(), |parts| parts.comparisons);
        known.question(&scorer, pair, &weights)
    };
    pairs.iter().map(question).collect()
}

impl InUse {
    fn question(&self, scorer: &Scorer, pair: &Pair, weights: &[f64]) -> Result<Question> {
        let comparisons = self.current.model.comparisons.iter();
        let levels = scorer.explain(pair.a, pair.b).into_iter().zip(weights);
        let sights = comparisons
            .zip(levels)
            .map(|(comparison, ((level, _), weight))| {
                Ok(Sight {
                    name: comparison.name.clone(),
                    level: comparison.levels[level as usize].when.to_string(),
                    weight: *weight,
                    values: self.compared.values(comparison, pair)?,
                })
            });
        Ok(Question {
            a: self.compared.name(pair.a)?,
            b: self.compared.name(pair.b)?,
            weight: pair.weight,
            comparisons: sights.collect::<Result<_>>()?,
        })
    }
}

impl Compared {
    fn name(&self, record: u32) -> Result<RecordName> {
        let (source, key) = self.names()?;
        Ok(RecordName {
            source: source.value(record as usize).to_owned(),
            key: key.value(record as usize).to_owned(),
        })
    }

    /// What the two hold in each column that the comparison reads.
    fn values(&self, comparison: &Comparison, pair: &Pair) -> Result<Vec<Values>> {
        let mut values: Vec<Values> = Vec::new();
        for column in comparison.columns() {
            if values.iter().any(|known| known.column == column) {
                continue;
            }
            let held = self.columns.get(column).map_err(failed)?;
            let [a, b] = [pair.a, pair.b].map(|record| held.held_by(record).map(str::to_owned));
            let column = column.to_owned();
            values.push(Values { column, a, b });
        }
        Ok(values)
    }
}
