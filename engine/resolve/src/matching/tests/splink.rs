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
    let pairs = scorer.pairs(&blocks, f64::NEG_INFINITY).pairs;
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

/// What import says of a model with one rule and one comparison of two levels.
fn says(rule: &str, level: &str) -> String {
    let settings = serde_json::json!({
        "probability_two_random_records_match": 0.01,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule}],
        "comparisons": [{
            "output_column_name": "city",
            "comparison_levels": [
                {"sql_condition": level, "tf_adjustment_column": "city", "tf_adjustment_weight": 1.0},
                {"sql_condition": "ELSE"},
            ],
        }],
    });
    let settings: Settings = serde_json::from_value(settings).unwrap();
    match import(&settings) {
        Ok(_) => "imported".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_fault_is_named_with_its_place() {
    let equal = "city_l = city_r";
    assert_eq!(says("l.city = r.city", equal), "imported");
    assert_eq!(
        says("l.city > 'm'", equal),
        "blocking rule 1: `l.city > 'm'`: only equalities of the two records are known"
    );
    assert_eq!(
        says("l.city = r.city", "soundex(city_l) = soundex(city_r)"),
        "comparison city, level 1: `soundex(city_l) = soundex(city_r)`: this form is not known"
    );
}

#[test]
fn brackets_in_brackets_end_somewhere() {
    let deep = format!("{}l.city = r.city", "(".repeat(100_000));
    assert!(says(&deep, "city_l = city_r").ends_with("nested too deeply"));
}

#[test]
fn a_substring_may_be_longer_than_any_text() {
    let long = "substr(l.city, 2, 99999999999999999999) = substr(r.city, 2, 99999999999999999999)";
    let part = crate::matching::Expression::Substring {
        of: "city".into(),
        from: 2,
        length: usize::MAX,
    };
    assert_eq!(says(long, "city_l = city_r"), "imported");
    let columns = records().columns();
    let rule = crate::matching::BlockingRule {
        on: vec![part],
        ..Default::default()
    };
    assert!(Blocks::new(&[rule], &columns).unwrap().pairs() > 0);
}
