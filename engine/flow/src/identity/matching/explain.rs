//! What the model holds of two records, comparison by comparison.

use c360_resolve::matching::labels::{self, Parts};
use c360_resolve::matching::{Components, LinkRules, Scorer};
use c360_spec::{IdentityJob, Matching};
use serde::Serialize;

use super::failed;
use super::in_use::InUse;
use super::prepared::Prepared;
use crate::error::Result;
use crate::identity::RecordName;
use crate::identity::record_name::check_two;
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
    /// What any two records that others connect begin with.
    pub prior_inside: f64,
    /// What those others say of the two, once there are labels.
    pub neighbours: f64,
    /// The sum inside: how sure it is once other records connect them; clusters are joined by the mean of these.
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
    /// The same once other records connect the two.
    pub weight_inside: f64,
}

/// Explains two records by the model that is in use.
pub async fn explain(
    room: &Room<'_>,
    job: &IdentityJob,
    matching: &Matching,
    names: [&RecordName; 2],
) -> Result<Explanation> {
    check_two(names)?;
    let known = InUse::load(room, job, matching).await?;
    known.explain(known.row(names[0])?, known.row(names[1])?)
}

impl InUse {
    /// What the model holds of two records.
    pub fn explain(&self, a: u32, b: u32) -> Result<Explanation> {
        let prepared = Prepared::by(&self.compared, &self.current)?;
        let scorers = Scorers::new(&prepared, self)?;
        let (scorer, inside) = (&scorers.anywhere, scorers.parts(a, b));
        let declared = self.current.model.comparisons.iter();
        let levels = declared.zip(scorer.explain(a, b));
        let comparisons: Vec<Compare> = levels
            .zip(&inside.comparisons)
            .map(|((comparison, (level, weight)), weight_inside)| Compare {
                name: comparison.name.clone(),
                level: comparison.levels[level as usize].when.to_string(),
                weight,
                weight_inside: *weight_inside,
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
            prior_inside: inside.start,
            neighbours: inside.neighbours,
            weight_inside: inside.sum(),
            meet: prepared.blocks.meet(a, b),
        })
    }

    /// The mean weight between the records of two clusters, by which average linkage judges them.
    pub fn mean_between(&self, a: &[u32], b: &[u32]) -> Result<f64> {
        let prepared = Prepared::by(&self.compared, &self.current)?;
        let scorers = Scorers::new(&prepared, self)?;
        let most = LinkRules::default().weight_max;
        let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (*a, *b)));
        let weight = |(a, b): (u32, u32)| scorers.parts(a.min(b), a.max(b)).sum();
        let sum: f64 = pairs
            .map(weight)
            .map(|weight| weight.clamp(-most, most))
            .sum();
        Ok(sum / (a.len() * b.len()) as f64)
    }
}

/// What scores two records, met by chance and inside a component.
struct Scorers<'a> {
    anywhere: Scorer<'a>,
    inside: Scorer<'a>,
    /// Labels may correct what is inside a component, by what the others in it say.
    components: Option<Components>,
}

impl<'a> Scorers<'a> {
    fn new(prepared: &'a Prepared<'a>, known: &InUse) -> Result<Self> {
        let trained = &known.current.trained;
        let (anywhere, components) = match trained.correction {
            None => {
                let scorer = Scorer::new(&prepared.frame, &trained.weights);
                (scorer.map_err(failed)?, None)
            }
            Some(_) => {
                let (weights, rules) = (&trained.weights, LinkRules::of(trained));
                let (scorer, components) = prepared.components(&known.compared, weights, &rules)?;
                (scorer, Some(components))
            }
        };
        Ok(Self {
            inside: anywhere.inside(trained).map_err(failed)?,
            anywhere,
            components,
        })
    }

    /// The parts of the weight inside. Where no component holds the two together, there is nothing to correct.
    fn parts(&self, a: u32, b: u32) -> Parts {
        let components = self.components.as_ref();
        let corrected = components.and_then(|all| labels::explain(&self.inside, all, a, b));
        corrected.unwrap_or_else(|| Parts::of(&self.inside, a, b))
    }
}
