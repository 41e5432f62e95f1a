//! An example for each condition: what holds, and what just does not.

use super::naive::Table;
use crate::matching::nicknames::NameGroups;
use crate::matching::{
    Comparison, Condition, Condition::*, Expression, Frame, Level, LevelWeight, Model, Scorer,
    Weights,
};

/// Whether the condition holds for two records, each the values of columns `a` and `b`.
fn holds(condition: Condition, left: [Option<&str>; 2], right: [Option<&str>; 2]) -> bool {
    let row = |values: [Option<&str>; 2]| values.map(|value| value.map(str::to_owned)).to_vec();
    let table = Table {
        names: vec!["a", "b"],
        rows: vec![row(left), row(right)],
        sources: None,
    };
    let levels = vec![Level::when(condition), Level::when(Otherwise)];
    let name = "of".into();
    let model = Model {
        comparisons: vec![Comparison { name, levels }],
        ..Model::default()
    };
    let weights = Weights {
        prior: 0.1,
        levels: vec![vec![
            LevelWeight {
                m: 0.5,
                u: 0.5,
                h: 0.5
            };
            2
        ]],
        household: None,
    };
    let columns = table.columns();
    let frame = Frame::new(&model, &columns).unwrap();
    let scorer = Scorer::new(&frame, &weights).unwrap();
    let (there, back) = (scorer.explain(0, 1)[0].0, scorer.explain(1, 0)[0].0);
    assert_eq!(there, back, "a condition is the same both ways");
    there == 0
}

#[track_caller]
fn check(condition: Condition, left: &str, right: &str, expected: bool) {
    let [left, right] = [left, right].map(|value| [Some(value), None]);
    assert_eq!(
        holds(condition.clone(), left, right),
        expected,
        "{condition:?}"
    );
    let missing = matches!(condition, Missing(_) | NoDate(_));
    assert_eq!(
        holds(condition, left, [None, None]),
        missing,
        "a missing value is no evidence"
    );
}

fn a() -> Expression {
    Expression::column("a")
}

#[test]
fn missing_is_one_or_both() {
    check(Missing(a()), "x", "x", false);
    assert!(holds(Missing(a()), [None, None], [None, None]));
    check(NoDate(a()), "2001-01-01", "2001-02-29", true);
    check(NoDate(a()), "2001-01-01", "20010228", false);
}

#[test]
fn equal_is_exact() {
    check(Equal(a()), "Anna", "Anna", true);
    check(Equal(a()), "Anna", "anna", false);
    check(Equal(Expression::prefix("a", 2)), "émile", "éma", true);
}

#[test]
fn similar_texts() {
    // Winkler's own example: Jaro 0.944, three common first letters.
    let like = |min| JaroWinkler { of: a(), min };
    check(like(0.961), "martha", "marhta", true);
    check(like(0.962), "martha", "marhta", false);
    check(
        Jaro {
            of: a(),
            min: 0.944,
        },
        "martha",
        "marhta",
        true,
    );
    check(
        Jaro {
            of: a(),
            min: 0.945,
        },
        "martha",
        "marhta",
        false,
    );
}

#[test]
fn edits() {
    let levenshtein = |max| Levenshtein { of: a(), max };
    let damerau = |max| DamerauLevenshtein { of: a(), max };
    check(levenshtein(3), "kitten", "sitting", true);
    check(levenshtein(2), "kitten", "sitting", false);
    check(levenshtein(1), "1234", "1243", false);
    check(damerau(1), "1234", "1243", true);
    // Letters may be put between two that change places.
    check(damerau(2), "ca", "abc", true);
    check(damerau(1), "ca", "abc", false);
}

#[test]
fn dates() {
    let apart = |max| DaysApart { of: a(), max };
    check(apart(1), "2000-02-28", "2000-02-29", true);
    check(apart(1), "2000-02-28", "2000-03-01", false);
    check(DayMonthSwapped(a()), "2001-05-04", "2001-04-05", true);
    check(DayMonthSwapped(a()), "2001-05-14", "2001-04-05", false);
}

#[test]
fn initials() {
    check(Initial(a()), "j", "john", true);
    check(Initial(a()), "é", "émile", true);
    check(Initial(a()), "jo", "john", false);
    check(Initial(a()), "j", "amy", false);
}

#[test]
fn numbers_and_places() {
    check(Apart { of: a(), max: 2.5 }, "10", "12.5", true);
    check(Apart { of: a(), max: 2.5 }, "10", "12.6", false);
    check(Apart { of: a(), max: 2.5 }, "10", "ten", false);
    // Vienna and Bratislava.
    let near = |km| Near { of: a(), km };
    check(near(56.0), "48.2083,16.3731", "48.1439,17.1097", true);
    check(near(54.0), "48.2083,16.3731", "48.1439,17.1097", false);
}

#[test]
fn numbers_however_they_are_written() {
    let number = || Expression::Number("a".into());
    check(Equal(number()), "10", "10.0", true);
    check(Equal(number()), "0", "-0", true);
    check(Equal(number()), "ten", "ten", false);
    check(Missing(number()), "10", "ten", true);
    check(Missing(number()), "10", "inf", true);
    let share = |max| ApartShare { of: number(), max };
    check(share(0.1), "90", "100", true);
    check(share(0.09), "90", "100", false);
    check(share(0.1), "0", "0.0", true);
    check(share(1.0), "-1", "1", false);
    check(share(0.5), "ten", "ten", false);
}

#[test]
fn places_from_two_columns() {
    let place = || Expression::Place {
        latitude: "a".into(),
        longitude: "b".into(),
    };
    let near = |km, left, right| {
        let at: fn((&'static str, &'static str)) -> _ = |(north, east)| [Some(north), Some(east)];
        holds(Near { of: place(), km }, at(left), at(right))
    };
    let vienna = ("48.2083", "16.3731");
    assert!(near(56.0, vienna, ("48.1439", "17.1097")));
    assert!(!near(54.0, vienna, ("48.1439", "17.1097")));
    assert!(near(0.1, ("10", "180"), ("10.0", "-180")), "the date line");
    assert!(!near(1e5, vienna, ("91", "16")), "no such latitude");
    let missing = |right| holds(Missing(place()), [Some("48"), Some("16")], right);
    assert!(missing([Some("48"), None]) && missing([Some("here"), Some("16")]));
    assert!(!missing([Some("48"), Some("-16")]));
}

#[test]
fn separated_lists() {
    let list = || Expression::List {
        of: "a".into(),
        separator: ";".into(),
    };
    let common = |min| Overlap { of: list(), min };
    check(common(2), "a; b;c", "c;;b", true);
    check(common(2), "a; b", "a;a", false);
    check(Equal(list()), "a; b", "b;a;", true);
    check(Missing(list()), "a", " ; ", true);
    let heap = |most: u32| {
        (0..most)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join(";")
    };
    check(Missing(list()), "a", &heap(50), false);
    check(Missing(list()), "a", &heap(51), true);
}

#[test]
fn short_forms() {
    let groups = NameGroups::new([["alexander", "alex"], ["alexandra", "alex"]]);
    let of = || Expression::Nicknames {
        of: "a".into(),
        groups: groups.clone(),
    };
    let known = || Overlap { of: of(), min: 1 };
    check(known(), "alex", "alexander", true);
    check(known(), "alex", "alexandra", true);
    check(known(), "alexander", "alexandra", false);
    check(known(), "anna", "anna", false);
    assert_eq!(known().to_string(), "a a known short form");
}

#[test]
fn lists() {
    let common = |min| Overlap { of: a(), min };
    check(common(2), "a\u{1f}b\u{1f}c", "c\u{1f}d\u{1f}b", true);
    check(common(3), "a\u{1f}b\u{1f}c", "c\u{1f}d\u{1f}b", false);
    check(common(2), "a\u{1f}a", "a\u{1f}a", false);
}

#[test]
fn parts_of_an_address() {
    let username = || Equal(Expression::Username("a".into()));
    let domain = || Equal(Expression::Domain("a".into()));
    check(username(), "ann@x.example", "ann@y.example", true);
    check(domain(), "ann@x.example", "ann@y.example", false);
    check(domain(), "ann@x.example", "bob@x.example", true);
    check(domain(), "ann", "ann", false);
    check(username(), "@x.example", "@x.example", false);
}

#[test]
fn columns_crossed_and_together() {
    let crossed = || Crossed("a".into(), "b".into());
    assert!(holds(
        crossed(),
        [Some("ann"), Some("lee")],
        [Some("lee"), Some("ann")]
    ));
    assert!(!holds(
        crossed(),
        [Some("ann"), Some("lee")],
        [Some("ann"), Some("lee")]
    ));
    assert!(!holds(crossed(), [Some("ann"), None], [None, Some("ann")]));
    let together = || Equal(Expression::Together(vec!["a".into(), "b".into()]));
    assert!(holds(
        together(),
        [Some("ann"), Some("lee")],
        [Some("ann"), Some("lee")]
    ));
    assert!(!holds(together(), [Some("ann"), None], [Some("ann"), None]));
    let any_order = || Equal(Expression::AnyOrder(vec!["a".into(), "b".into()]));
    assert!(holds(
        any_order(),
        [Some("ann"), Some("lee")],
        [Some("lee"), Some("ann")]
    ));
}

#[test]
fn all_and_any() {
    let both = || vec![Equal(a()), Equal(Expression::column("b"))];
    let (left, right) = ([Some("x"), Some("y")], [Some("x"), Some("z")]);
    assert!(!holds(All(both()), left, right));
    assert!(holds(Any(both()), left, right));
}
