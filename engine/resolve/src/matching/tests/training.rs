//! Training on simulated records finds the probabilities that the simulation used.

use super::naive::Table;
use super::people::Draw;
use crate::matching::{BlockingRule, Blocks, Frame, Model, Training, Weights, templates, train};

/// Probability that two records of one person agree on each column, and how many values strangers choose from.
const COLUMNS: [(&str, f64, usize); 4] = [
    ("a", 0.95, 50),
    ("b", 0.8, 20),
    ("c", 0.6, 100),
    ("d", 0.9, 10),
];
const PERSONS: usize = 4_000;
/// Persons fall into so many areas, on which training blocks.
const AREAS: usize = 400;

/// Two records for each person, which differ where they must.
fn simulated() -> Table {
    let mut draw = Draw(7);
    let mut rows = Vec::with_capacity(2 * PERSONS);
    for person in 0..PERSONS {
        let mut first = vec![Some((person % AREAS).to_string())];
        let mut second = first.clone();
        for (_, m, values) in COLUMNS {
            let value = draw.below(values);
            let differs = draw.below(10_000) >= (m * 10_000.0) as usize;
            let other = if differs {
                (value + 1 + draw.below(values - 1)) % values
            } else {
                value
            };
            first.push(Some(value.to_string()));
            second.push(Some(other.to_string()));
        }
        rows.extend([first, second]);
    }
    let names = ["area"].into_iter().chain(COLUMNS.map(|(name, ..)| name));
    Table {
        names: names.collect(),
        rows,
        sources: None,
    }
}

fn trained() -> Weights {
    let table = simulated();
    let model = Model {
        blocking: vec![BlockingRule::columns(&["area"])],
        comparisons: COLUMNS.map(|(name, ..)| templates::exact(name)).to_vec(),
    };
    let training = Training {
        deterministic: vec![BlockingRule::columns(&["area", "a", "b", "c", "d"])],
        recall: COLUMNS.iter().map(|(_, m, _)| m).product(),
        sessions: vec![BlockingRule::columns(&["area"])],
        sample_pairs: 1 << 20,
        households: false,
    };
    let columns = table.columns();
    let frame = Frame::new(&model, &columns).unwrap();
    let blocks = Blocks::new(&model.blocking, &columns).unwrap();
    train(&frame, &blocks, &training).unwrap()
}

#[test]
fn known_probabilities_are_found() {
    let weights = trained();
    for ((name, m, values), levels) in COLUMNS.iter().zip(&weights.levels) {
        let [missing, equal, otherwise] = levels[..] else {
            panic!("three levels");
        };
        assert_eq!((missing.m, missing.u), (0.0, 0.0));
        assert!((equal.m - m).abs() < 0.05, "{name}: m {} for {m}", equal.m);
        let u = 1.0 / *values as f64;
        assert!(
            (equal.u / u - 1.0).abs() < 0.05,
            "{name}: u {} for {u}",
            equal.u
        );
        assert!((equal.m + otherwise.m - 1.0).abs() < 1e-9);
        assert!((equal.u + otherwise.u - 1.0).abs() < 1e-9);
    }
    let records = 2.0 * PERSONS as f64;
    let prior = PERSONS as f64 / (records * (records - 1.0) / 2.0);
    assert!(
        (weights.prior / prior - 1.0).abs() < 0.15,
        "{} for {prior}",
        weights.prior
    );
}

#[test]
fn few_records_teach_finite_weights() {
    let model = Model {
        blocking: vec![BlockingRule::columns(&["a"])],
        comparisons: ["a", "b"].map(templates::phone).to_vec(),
    };
    let training = Training {
        deterministic: vec![BlockingRule::columns(&["a"])],
        recall: 0.01,
        sessions: vec![BlockingRule::columns(&["b"])],
        sample_pairs: 1 << 10,
        households: true,
    };
    for records in [0, 1, 2, 3] {
        let row = |at: usize| vec![Some("1".to_owned()), Some((at / 2).to_string())];
        let table = Table {
            names: vec!["a", "b"],
            rows: (0..records).map(row).collect(),
            sources: None,
        };
        let columns = table.columns();
        let frame = Frame::new(&model, &columns).unwrap();
        let blocks = Blocks::new(&model.blocking, &columns).unwrap();
        let weights = train(&frame, &blocks, &training).unwrap();
        let shares = [Some(weights.prior), weights.household];
        let levels = weights.levels.iter().flatten();
        let all = levels.flat_map(|level| [level.m, level.u, level.h]);
        assert!(
            all.chain(shares.into_iter().flatten()).all(f64::is_finite),
            "{records} records: {weights:?}"
        );
    }
}
