//! The kernel against the oracle, on random small inputs: the same candidate pairs, the same levels, the same weights.

use proptest::prelude::*;

use super::naive::{NICKNAMES, Table};
use crate::matching::nicknames::NameGroups;
use crate::matching::{
    BlockingRule, Blocks, Comparison, Condition, Condition::*, Expression, Frame, Level,
    LevelWeight, Model, Scorer, TermFrequency, Weights,
};

const NAMES: [&str; 8] = [
    "first", "last", "born", "mail", "spent", "tags", "north", "east",
];

fn row() -> impl Strategy<Value = Vec<Option<String>>> {
    let name = || prop_oneof![3 => "[abc]{0,5}", 1 => "[aé]{1,3}", 1 => "[a-d]{6,9}"];
    let born = prop_oneof![
        6 => (1999..2001, 1..13, 1..32).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}")),
        1 => Just("soon".to_string()),
    ];
    let mail = "[ab]{0,2}(@[xy]{0,1})?";
    let spent = prop_oneof![
        4 => (-4..40i32).prop_map(|n| (f64::from(n) / 4.0).to_string()),
        2 => (1..40i32).prop_map(|n| format!("{:.2}", f64::from(n) / 4.0)),
        1 => Just("much".into())
    ];
    let tags = proptest::collection::vec("[pqrs]| p", 1..4).prop_map(|tags| tags.join("\u{1f}"));
    // A degree is 111 km; beyond 90 there is no latitude.
    let angle =
        || prop_oneof![6 => (87..92i32).prop_map(|n| n.to_string()), 1 => Just("here".into())];
    let maybe = |value: BoxedStrategy<String>| proptest::option::weighted(0.85, value);
    (
        maybe(name().boxed()),
        maybe(name().boxed()),
        maybe(born.boxed()),
        maybe(mail.boxed()),
        maybe(spent.boxed()),
        maybe(tags.boxed()),
        maybe(angle().boxed()),
        maybe(angle().boxed()),
    )
        .prop_map(|(first, last, born, mail, spent, tags, north, east)| {
            vec![first, last, born, mail, spent, tags, north, east]
        })
}

pub(super) fn table() -> impl Strategy<Value = Table> {
    let sources =
        |count| proptest::option::weighted(0.3, proptest::collection::vec(0..2u16, count));
    let rows = proptest::collection::vec(row(), 2..16);
    let with_sources = move |rows: Vec<Vec<Option<String>>>| (sources(rows.len()), Just(rows));
    let table = |(sources, rows)| Table {
        names: NAMES.to_vec(),
        rows,
        sources,
    };
    rows.prop_flat_map(with_sources).prop_map(table)
}

fn expression() -> impl Strategy<Value = Expression> {
    let names = || vec!["first".to_string(), "last".to_string()];
    prop_oneof![
        4 => proptest::sample::select(NAMES.to_vec()).prop_map(Expression::column),
        1 => (1..3usize, 1..3usize).prop_map(|(from, length)| Expression::Substring { of: "last".into(), from, length }),
        1 => Just(Expression::Username("mail".into())),
        1 => Just(Expression::Domain("mail".into())),
        1 => Just(Expression::Together(names())),
        1 => Just(Expression::AnyOrder(names())),
        1 => Just(Expression::Soundex("last".into())),
        1 => Just(nicknames()),
        1 => Just(Expression::Number("spent".into())),
        1 => Just(place()),
        1 => Just(tags()),
    ]
}

fn nicknames() -> Expression {
    let groups = NameGroups::new(NICKNAMES.iter().map(|group| group.iter().copied()));
    let of = "first".into();
    Expression::Nicknames { of, groups }
}

fn place() -> Expression {
    let (latitude, longitude) = ("north".into(), "east".into());
    Expression::Place {
        latitude,
        longitude,
    }
}

fn tags() -> Expression {
    let (of, separator) = ("tags".into(), "\u{1f}".into());
    Expression::List { of, separator }
}

pub(super) fn rule() -> impl Strategy<Value = BlockingRule> {
    let lists = |on: &[Expression]| on.iter().filter(|part| part.is_list()).count();
    let on = proptest::collection::vec(expression(), 1..3);
    let on = on.prop_filter("a rule has one list at most", move |on| lists(on) < 2);
    let on = prop_oneof![4 => on, 1 => Just(vec![tags()])];
    let except = proptest::collection::vec("[abcpq]", 0..2);
    let most = proptest::option::weighted(0.3, 2..6u32);
    (on, except, most).prop_map(|(on, except, records_max)| {
        // Values are left out of single columns and lists only; a combination has no text to compare them with.
        let plain = matches!(on[0], Expression::Column(_) | Expression::List { .. });
        let except = if plain { except } else { Vec::new() };
        BlockingRule {
            on,
            except,
            records_max,
        }
    })
}

/// Thresholds are such that no similarity of short texts falls on one: sums in another order differ in the last bit.
fn measured() -> impl Strategy<Value = Condition> {
    let text =
        || proptest::sample::select(vec!["first", "last", "mail"]).prop_map(Expression::column);
    let column = Expression::column;
    prop_oneof![
        text().prop_map(Missing),
        text().prop_map(Equal),
        (text(), 0.6..0.95).prop_map(|(of, min)| JaroWinkler { of, min }),
        (text(), 0.6..0.95).prop_map(|(of, min)| Jaro { of, min }),
        (text(), 0..3u32).prop_map(|(of, max)| Levenshtein { of, max }),
        (text(), 0..3u32).prop_map(|(of, max)| DamerauLevenshtein { of, max }),
        text().prop_map(Initial),
        Just(NoDate(column("born"))),
        (0..400u32).prop_map(move |max| DaysApart {
            of: column("born"),
            max
        }),
        Just(DayMonthSwapped(column("born"))),
        (0..4u32).prop_map(move |max| Apart {
            of: column("spent"),
            max: f64::from(max) / 4.0
        }),
        (1..3u32).prop_map(move |min| Overlap {
            of: column("tags"),
            min
        }),
        (1..3u32).prop_map(|min| Overlap { of: tags(), min }),
        Just(Overlap {
            of: nicknames(),
            min: 1
        }),
        (0.01..0.5).prop_map(|max| ApartShare {
            of: Expression::Number("spent".into()),
            max
        }),
        (1.0..200.0).prop_map(|km| Near { of: place(), km }),
        Just(Missing(Expression::Number("spent".into()))),
        Just(Crossed("first".into(), "last".into())),
        expression().prop_map(Equal),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let some = || proptest::collection::vec(measured(), 1..3);
    prop_oneof![4 => measured(), 1 => some().prop_map(All), 1 => some().prop_map(Any)]
}

/// A comparison that begins with an expression's missing and equal values, the latter and one more level with term
/// frequencies.
fn comparison() -> impl Strategy<Value = Comparison> {
    let more = proptest::collection::vec((condition(), any::<bool>()), 0..4);
    let frequency = (0.0..1.0, 0.0..0.3);
    (expression(), any::<bool>(), frequency, more).prop_map(
        |(of, missing, (weight, minimum), more)| {
            let rare = || {
                Some(TermFrequency {
                    of: of.clone(),
                    weight,
                    minimum,
                })
            };
            let mut levels = vec![Level {
                term_frequency: rare(),
                ..Level::when(Equal(of.clone()))
            }];
            if missing {
                levels.insert(0, Level::missing(Missing(of.clone())));
            }
            levels.extend(more.into_iter().map(|(when, is_rare)| Level {
                term_frequency: if is_rare { rare() } else { None },
                ..Level::when(when)
            }));
            levels.push(Level::when(Otherwise));
            Comparison {
                name: of.to_string(),
                levels,
            }
        },
    )
}

fn model() -> impl Strategy<Value = Model> {
    let blocking = proptest::collection::vec(rule(), 1..4);
    let comparisons = proptest::collection::vec(comparison(), 1..5);
    (blocking, comparisons).prop_map(|(blocking, comparisons)| Model {
        blocking,
        comparisons,
    })
}

fn weights(model: &Model) -> impl Strategy<Value = Weights> + use<> {
    let probability = || 0.001..1.0;
    let level = || {
        (probability(), probability(), probability()).prop_map(|(m, u, h)| LevelWeight { m, u, h })
    };
    let of = |comparison: &Comparison| proptest::collection::vec(level(), comparison.levels.len());
    let levels: Vec<_> = model.comparisons.iter().map(of).collect();
    let household = proptest::option::of(0.001..0.3);
    (0.001..0.5, levels, household).prop_map(|(prior, levels, household)| Weights {
        prior,
        levels,
        household,
    })
}

fn case() -> impl Strategy<Value = (Table, Model, Weights)> {
    model().prop_flat_map(|model| {
        let weights = weights(&model);
        (table(), Just(model), weights)
    })
}

proptest! {
    #[test]
    fn the_kernel_agrees_with_the_oracle((table, model, weights) in case(), threshold in -8.0..4.0) {
        let columns = table.columns();
        let frame = Frame::new(&model, &columns).unwrap();
        let blocks = Blocks::new(&model.blocking, &columns).unwrap();
        let scorer = Scorer::new(&frame, &weights).unwrap();
        let mut expected = Vec::new();
        for (a, b) in table.pairs() {
            let levels = scorer.explain(a as u32, b as u32);
            let levels: Vec<usize> = levels.iter().map(|(level, _)| usize::from(*level)).collect();
            prop_assert_eq!(levels, table.levels(&model, a, b), "levels of {} and {}", a, b);
            let weight = table.weight(&model, &weights, a, b);
            let found = scorer.weight(a as u32, b as u32);
            prop_assert!((found - weight).abs() < 1e-9, "{} and {}: {} for {}", a, b, found, weight);
            if table.is_candidate(&model, a, b) {
                expected.push((a as u32, b as u32, weight));
            }
        }
        let mut all = scorer.pairs(&blocks, f64::NEG_INFINITY).pairs;
        all.sort_by_key(|pair| (pair.a, pair.b));
        let found: Vec<_> = all.iter().map(|pair| (pair.a, pair.b)).collect();
        let candidates: Vec<_> = expected.iter().map(|(a, b, _)| (*a, *b)).collect();
        prop_assert_eq!(found, candidates);
        let mut strong = scorer.pairs(&blocks, threshold).pairs;
        strong.sort_by_key(|pair| (pair.a, pair.b));
        all.retain(|pair| pair.weight >= threshold);
        prop_assert_eq!(strong, all, "a bound must not change what is found");
    }
}

proptest! {
    #[test]
    fn similarity_is_the_same_both_ways(a in "[abc]{0,9}", b in "[abc]{0,9}") {
        let class = |a: &str, b: &str| super::super::distance::jaro_class(a.as_bytes(), b.as_bytes(), &THRESHOLDS);
        prop_assert_eq!(class(&a, &b), class(&b, &a));
    }
}

const THRESHOLDS: [f64; 8] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
