//! Splink's settings JSON, as far as it matters here. The caller parses the JSON.

use serde::Deserialize;

use super::condition::{blocking_rule, condition};
use crate::matching::error::{Error, Result};
use crate::matching::expression::Expression;
use crate::matching::model::{Comparison, Level, LevelWeight, Model, TermFrequency, Weights};

/// A saved Splink model.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    probability_two_random_records_match: f64,
    blocking_rules_to_generate_predictions: Vec<Rule>,
    comparisons: Vec<Compared>,
}

#[derive(Debug, Clone, Deserialize)]
struct Rule {
    blocking_rule: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Compared {
    output_column_name: String,
    comparison_levels: Vec<Outcome>,
}

#[derive(Debug, Clone, Deserialize)]
struct Outcome {
    sql_condition: String,
    #[serde(default)]
    is_null_level: bool,
    m_probability: Option<f64>,
    u_probability: Option<f64>,
    tf_adjustment_column: Option<String>,
    tf_adjustment_weight: Option<f64>,
    #[serde(default)]
    tf_minimum_u_value: f64,
}

/// The model and its weights. A pair then weighs what Splink says it does.
///
/// # Errors
/// When the model holds SQL that Splink's library does not write.
pub fn import(settings: &Settings) -> Result<(Model, Weights)> {
    let mut model = Model::default();
    let rules = settings.blocking_rules_to_generate_predictions.iter();
    for (number, rule) in (1..).zip(rules) {
        let rule = blocking_rule(&rule.blocking_rule);
        let rule = rule.map_err(at(|| format!("blocking rule {number}")))?;
        model.blocking.push(rule);
    }
    let mut weights = Weights {
        prior: settings.probability_two_random_records_match,
        ..Weights::default()
    };
    for compared in &settings.comparisons {
        let name = compared.output_column_name.clone();
        let mut levels = Vec::with_capacity(compared.comparison_levels.len());
        for (number, outcome) in (1..).zip(&compared.comparison_levels) {
            let place = || format!("comparison {name}, level {number}");
            levels.push(level(outcome).map_err(at(place))?);
        }
        let place = || format!("comparison {name}");
        weights
            .levels
            .push(level_weights(compared).map_err(at(place))?);
        model.comparisons.push(Comparison { name, levels });
    }
    Ok((model, weights))
}

/// Says where the fault is.
fn at(place: impl Fn() -> String) -> impl Fn(Error) -> Error {
    move |error| Error::At {
        place: place(),
        error: Box::new(error),
    }
}

/// Levels are counted in a byte, and nobody has written so many.
const LEVELS_MAX: usize = 100;

fn level(outcome: &Outcome) -> Result<Level> {
    let shares = [
        outcome.tf_adjustment_weight.unwrap_or(1.0),
        outcome.tf_minimum_u_value,
    ];
    if shares.iter().any(|share| !(0.0..=1.0).contains(share)) {
        let reason = "a term frequency's weight and minimum are from 0 to 1";
        return Err(Error::Import { reason });
    }
    let term_frequency = outcome
        .tf_adjustment_column
        .as_ref()
        .map(|of| TermFrequency {
            of: Expression::Column(of.to_lowercase()),
            weight: outcome.tf_adjustment_weight.unwrap_or(1.0),
            minimum: outcome.tf_minimum_u_value,
        });
    Ok(Level {
        when: condition(&outcome.sql_condition)?,
        missing: outcome.is_null_level,
        household: false,
        term_frequency,
    })
}

/// Where Splink saved no probability it falls back on defaults by the level's place, and so must we.
fn level_weights(compared: &Compared) -> Result<Vec<LevelWeight>> {
    let known: Vec<&Outcome> = compared
        .comparison_levels
        .iter()
        .filter(|level| !level.is_null_level)
        .collect();
    let least = known.len();
    let reason = match compared.comparison_levels.len() {
        _ if least < 2 => "it has fewer than two levels",
        LEVELS_MAX.. => "it has more levels than anybody writes",
        _ => "",
    };
    if !reason.is_empty() {
        return Err(Error::Import { reason });
    }
    let mut rank = least;
    let weigh = |outcome: &Outcome| {
        if outcome.is_null_level {
            return LevelWeight {
                m: 1.0,
                u: 1.0,
                h: 0.0,
            };
        }
        rank -= 1;
        let default = untrained(rank, least);
        let floor = |value: f64| value.max(CLAMP);
        LevelWeight {
            m: floor(outcome.m_probability.unwrap_or(default.m)),
            u: floor(outcome.u_probability.unwrap_or(default.u)),
            h: 0.0,
        }
    };
    Ok(compared.comparison_levels.iter().map(weigh).collect())
}

/// Splink takes no probability to be less.
const CLAMP: f64 = 1e-300;

/// Splink's own defaults: the best of `levels` levels holds 95 % of the true pairs and weighs 10; the others share
/// the rest and weigh from -5 to 3 in even steps.
fn untrained(rank: usize, levels: usize) -> LevelWeight {
    const BEST_M: f64 = 0.95;
    let best = rank + 1 == levels;
    let m = if best {
        BEST_M
    } else {
        (1.0 - BEST_M) / (levels - 1) as f64
    };
    let weight = match (best, levels) {
        (true, _) => 10.0,
        (false, 2) => -5.0,
        (false, _) => -5.0 + rank as f64 * 8.0 / (levels - 2) as f64,
    };
    LevelWeight {
        m,
        u: m / weight.exp2(),
        h: 0.0,
    }
}
