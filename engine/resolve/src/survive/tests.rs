//! Survivorship against a slow oracle, and by example.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use proptest::prelude::*;

use super::*;

/// One candidate row. `values` are the members of one field.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    person: u32,
    observed_at: Option<i64>,
    source: u16,
    key: String,
    values: [Option<u8>; 2],
}

const PERSONS: usize = 4;

fn row() -> impl Strategy<Value = Row> {
    let value = || proptest::option::weighted(0.7, 0..3u8);
    let time = proptest::option::weighted(0.8, 0..4i64);
    (0..PERSONS as u32, time, 0..3u16, 0..3u8, value(), value()).prop_map(
        |(person, observed_at, source, key, x, y)| Row {
            person,
            observed_at,
            source,
            key: format!("k{key}"),
            values: [x, y],
        },
    )
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        Just(Rule::Newest),
        Just(Rule::Oldest),
        Just(Rule::MostFrequent),
        Just(Rule::MostComplete),
        Just(Rule::SourceOrder(vec![2, 0])),
    ]
}

fn columns(rows: &[Row], members: usize) -> Vec<ArrayRef> {
    let text = |value: Option<u8>| value.map(|value| format!("v{value}"));
    let column = |member: usize| -> ArrayRef {
        let values = rows.iter().map(|row| text(row.values[member]));
        Arc::new(values.collect::<StringArray>())
    };
    (0..members).map(column).collect()
}

fn order(rows: &[Row]) -> Order {
    let person: Vec<u32> = rows.iter().map(|row| row.person).collect();
    let source: Vec<u16> = rows.iter().map(|row| row.source).collect();
    let key: StringArray = rows.iter().map(|row| Some(row.key.as_str())).collect();
    let observed_at: Int64Array = rows.iter().map(|row| row.observed_at).collect();
    let candidates = Candidates {
        person: &person,
        persons: PERSONS,
        observed_at: &observed_at,
        source: &source,
        key: &key,
    };
    Order::of(&candidates).expect("fitting columns")
}

/// The surviving rows themselves.
fn chosen(rows: &[Row], members: usize, rule: &Rule) -> Vec<Option<Row>> {
    let found = choose(&order(rows), &columns(rows, members), rule).expect("fitting columns");
    found
        .iter()
        .map(|row| row.map(|row| rows[row as usize].clone()))
        .collect()
}

fn topped(rows: &[Row], members: usize, n: usize) -> Vec<Vec<Row>> {
    let lists = top(&order(rows), &columns(rows, members), n).expect("fitting columns");
    let ranges = lists
        .offsets
        .windows(2)
        .map(|pair| pair[0] as usize..pair[1] as usize);
    let row = |at: usize| rows[lists.rows.value(at) as usize].clone();
    ranges.map(|range| range.map(row).collect()).collect()
}

/// The oracle: what must not stand before what, spelt out as one tuple.
type NewestKey = (
    bool,
    Reverse<Option<i64>>,
    u16,
    String,
    Vec<(bool, Option<u8>)>,
);

fn newest_key(row: &Row) -> NewestKey {
    let values = row
        .values
        .iter()
        .map(|value| (value.is_some(), *value))
        .collect();
    (
        row.observed_at.is_none(),
        Reverse(row.observed_at),
        row.source,
        row.key.clone(),
        values,
    )
}

fn candidates_of(rows: &[Row], members: usize, person: u32) -> Vec<Row> {
    let mut mine: Vec<Row> = rows
        .iter()
        .filter(|row| row.person == person)
        .cloned()
        .collect();
    for row in &mut mine {
        row.values[members..].fill(None);
    }
    mine.retain(|row| row.values.iter().any(Option::is_some));
    mine.sort_by_key(newest_key);
    mine
}

fn oracle(rows: &[Row], members: usize, rule: &Rule) -> Vec<Option<Row>> {
    let survivor = |person: u32| {
        let mut mine = candidates_of(rows, members, person);
        let all = mine.clone();
        match rule {
            Rule::Newest => {}
            Rule::Oldest => mine.sort_by_key(|row| row.observed_at.unwrap_or(i64::MAX)),
            Rule::MostFrequent => mine.sort_by_key(|row| {
                Reverse(
                    all.iter()
                        .filter(|other| other.values == row.values)
                        .count(),
                )
            }),
            Rule::MostComplete => {
                mine.sort_by_key(|row| Reverse(row.values.iter().flatten().count()))
            }
            Rule::SourceOrder(_) => mine.sort_by_key(|row| match row.source {
                2 => 0,
                0 => 1,
                _ => 2,
            }),
        }
        mine.into_iter().next()
    };
    (0..PERSONS as u32).map(survivor).collect()
}

fn oracle_top(rows: &[Row], members: usize, n: usize) -> Vec<Vec<Row>> {
    let list = |person: u32| {
        let all = candidates_of(rows, members, person);
        let mut distinct: Vec<Row> = Vec::new();
        for row in &all {
            if !distinct.iter().any(|kept| kept.values == row.values) {
                distinct.push(row.clone());
            }
        }
        distinct.sort_by_key(|row| {
            Reverse(
                all.iter()
                    .filter(|other| other.values == row.values)
                    .count(),
            )
        });
        distinct.truncate(n);
        distinct
    };
    (0..PERSONS as u32).map(list).collect()
}

/// Rows as the field sees them: members that are not the field's blanked.
fn seen(mut row: Row, members: usize) -> Row {
    row.values[members..].fill(None);
    row
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn choosing_agrees_with_the_oracle(
        rows in proptest::collection::vec(row(), 0..30),
        members in 1..3usize,
        rule in rule(),
    ) {
        let found: Vec<_> = chosen(&rows, members, &rule).into_iter().map(|r| r.map(|r| seen(r, members))).collect();
        prop_assert_eq!(found, oracle(&rows, members, &rule));
    }

    #[test]
    fn top_agrees_with_the_oracle(
        rows in proptest::collection::vec(row(), 0..30),
        members in 1..3usize,
        n in 0..4usize,
    ) {
        let lists = topped(&rows, members, n).into_iter();
        let found: Vec<Vec<Row>> = lists.map(|l| l.into_iter().map(|r| seen(r, members)).collect()).collect();
        prop_assert_eq!(found, oracle_top(&rows, members, n));
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        (rows, other) in proptest::collection::vec(row(), 0..30)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        rule in rule(),
    ) {
        prop_assert_eq!(chosen(&rows, 2, &rule), chosen(&other, 2, &rule));
        prop_assert_eq!(topped(&rows, 2, 3), topped(&other, 2, 3));
    }
}

#[test]
fn any_type_survives() {
    let rows: Vec<Row> = [Some(1), Some(3), None]
        .into_iter()
        .map(|observed_at| Row {
            person: 1,
            observed_at,
            source: 0,
            key: "k".to_owned(),
            values: [None, None],
        })
        .collect();
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None, Some(9)]));
    let order = order(&rows);
    let found = choose(&order, std::slice::from_ref(&numbers), &Rule::Newest).expect("fits");
    assert_eq!(
        found.iter().collect::<Vec<_>>(),
        [None, Some(0), None, None]
    );
    let lists = top(&order, std::slice::from_ref(&numbers), 5).expect("fits");
    let lists = lists.take(&numbers).expect("fits");
    let mine = lists.value(1);
    let mine = mine.as_primitive::<arrow::datatypes::Int64Type>();
    assert_eq!(mine.values(), &[7, 9]);
    assert!(lists.value(0).is_empty());
}

#[test]
fn columns_that_do_not_fit_are_errors() {
    let short: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    assert!(choose(&order(&[]), &[short], &Rule::Newest).is_err());
}
