//! Most values of a small set occur once, and those that two records share occur twice: among records that links
//! connect, that they do is no evidence against one person.

use super::naive::Table;
use crate::matching::{Frame, LevelWeight, Model, Scorer, Trained, Weights, templates};

/// Records of whom each has a name of its own, but for the last two.
const NAMES: usize = 1_000;

fn weights(prior: f64, equal: (f64, f64)) -> Weights {
    let level = |(m, u): (f64, f64)| LevelWeight { m, u, h: 0.0 };
    let otherwise = (1.0 - equal.0, 1.0 - equal.1);
    Weights {
        prior,
        levels: vec![[(0.0, 0.0), equal, otherwise].map(level).to_vec()],
        household: None,
    }
}

#[test]
fn a_value_that_two_records_alone_have_speaks_for_one_person() {
    let name = |record: usize| vec![Some(record.min(NAMES - 1).to_string())];
    let table = Table {
        names: vec!["name"],
        rows: (0..=NAMES).map(name).collect(),
        sources: None,
    };
    let model = Model {
        blocking: Vec::new(),
        comparisons: vec![templates::exact("name")],
    };
    let columns = table.columns();
    let frame = Frame::new(&model, &columns).unwrap();
    let (records, pairs) = ((NAMES + 1) as f64, (NAMES * (NAMES + 1) / 2) as f64);
    let trained = Trained {
        weights: weights(1e-6, (0.9, 1.0 / pairs)),
        inside: weights(0.5, (0.7, 0.2)),
        correction: None,
    };
    let (a, b) = (NAMES as u32 - 1, NAMES as u32);
    let scorer = Scorer::new(&frame, &trained.weights).unwrap();
    let found = scorer.weight(a, b) - scorer.prior();
    let expected = (0.9 / (2.0 / records)).log2();
    assert!((found - expected).abs() < 1e-9, "{found} for {expected}");

    let inside = scorer.inside(&trained).unwrap().weight(a, b);
    let by_level = (0.7_f64 / 0.2).log2();
    assert!((inside - by_level).abs() < 1.0, "{inside} for {by_level}");
}
