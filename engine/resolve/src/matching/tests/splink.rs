//! An imported Splink model says what Splink says: the same candidate pairs, the same weights. The fixture's script,
//! `fixtures/splink_parity.py`, says how it was made.

use std::collections::BTreeMap;

use super::naive::Table;
use crate::matching::splink::{Settings, import};
use crate::matching::{Blocks, Frame, Scorer};

const RECORDS: &str = include_str!("fixtures/records.csv");
const PAIRS: &str = include_str!("fixtures/pairs.csv");
const MODEL: &str = include_str!("fixtures/model.json");

/// No value of the fixture holds a comma. Lists are handed in with the separator that columns want.
fn records() -> Table {
    let mut lines = RECORDS
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let mut names = lines.next().unwrap();
    names.push("full_name");
    let row = |values: Vec<&str>| {
        let full_name = format!("{} {}", values[1], values[2]);
        let whole = !values[1].is_empty() && !values[2].is_empty();
        let given = values.iter().map(|value| value.replace('|', "\u{1f}"));
        let mut row: Vec<Option<String>> = given
            .map(|value| (!value.is_empty()).then_some(value))
            .collect();
        row.push(whole.then_some(full_name));
        row
    };
    Table {
        rows: lines.map(row).collect(),
        names,
        sources: None,
    }
}

fn splink_says() -> BTreeMap<(u32, u32), f64> {
    let pair = |line: &str| {
        let values: Vec<&str> = line.split(',').collect();
        let pair = (values[0].parse().unwrap(), values[1].parse().unwrap());
        (pair, values[2].parse().unwrap())
    };
    PAIRS.lines().skip(1).map(pair).collect()
}

#[test]
fn pairs_and_weights_are_splinks() {
    let settings: Settings = serde_json::from_str(MODEL).unwrap();
    let (model, weights) = import(&settings).unwrap();
    let columns = records().columns();
    let frame = Frame::new(&model, &columns).unwrap();
    let blocks = Blocks::new(&model.blocking, &columns).unwrap();
    let scorer = Scorer::new(&frame, &weights).unwrap();
    let pairs = scorer.pairs(&blocks, f64::NEG_INFINITY);
    let found: BTreeMap<(u32, u32), f64> = pairs
        .iter()
        .map(|pair| ((pair.a, pair.b), pair.weight))
        .collect();
    let expected = splink_says();
    assert!(found.keys().eq(expected.keys()), "the same candidate pairs");
    for (pair, weight) in expected {
        assert!(
            (found[&pair] - weight).abs() < 1e-6,
            "{pair:?}: {} for {weight}",
            found[&pair]
        );
    }
}
