//! Promises kept for any case: the oracle agrees; order, codes, threads and company do not matter.

use arrow::array::BooleanArray;
use proptest::prelude::*;

use super::columns::{Columns, SOURCES, plain, plain_link, resolved, same};
use crate::cluster::oracle::{self, Case, PlainRecord};
use crate::cluster::*;

fn record() -> impl Strategy<Value = PlainRecord> {
    let attribute = || proptest::option::weighted(0.7, 0..3u8);
    (0..3usize, 0..8i64, attribute(), attribute()).prop_map(|(source, day, x, y)| PlainRecord {
        source: SOURCES[source],
        key: String::new(),
        first_seen_day: day * 30,
        attributes: vec![x, y],
    })
}

fn kind_rule() -> impl Strategy<Value = KindRule> {
    let limit =
        (2..5u32, proptest::option::of(20..100u32)).prop_map(|(records, window_days)| Limit {
            records,
            window_days,
        });
    let most = proptest::option::weighted(0.4, 1..3u32);
    (
        any::<u8>(),
        1..3u16,
        proptest::option::weighted(0.4, limit),
        most,
        proptest::sample::select(vec![vec![], vec![0], vec![0, 1]]),
    )
        .prop_map(|(links, rank, limit, max_per_person, agree_on)| KindRule {
            links: links % 5 != 0,
            rank,
            limit,
            max_per_person,
            agree_on,
        })
}

fn rules() -> impl Strategy<Value = Rules> {
    let guard = (0..2usize, 1..3u32).prop_map(|(attribute, max_per_person)| Guard {
        attribute,
        max_per_person,
    });
    let kinds = proptest::collection::vec(kind_rule(), 3);
    let guards = proptest::collection::vec(guard, 0..3);
    (kinds, guards, proptest::option::weighted(0.3, 2..8u32)).prop_map(|(kinds, guards, most)| {
        Rules {
            kinds,
            guards,
            person_records_max: most,
        }
    })
}

prop_compose! {
    fn case()(records in proptest::collection::vec(record(), 1..24))(
        identifiers in proptest::collection::vec((0..records.len(), 0..3usize, 0..9u8), 0..40),
        must in proptest::collection::vec((0..records.len(), 0..records.len()), 0..3),
        cannot in proptest::collection::vec((0..records.len(), 0..records.len()), 0..4),
        scored in proptest::collection::vec((0..records.len(), 0..records.len(), 1..4u16, 1..5u8), 0..6),
        rules in rules(),
        records in Just(records),
    ) -> Case {
        let mut records = records;
        for (at, record) in records.iter_mut().enumerate() {
            // Some keys differ only after the eighth byte.
            record.key = if at % 2 == 0 { format!("{}", at * 7 % 10 + 100 * at) } else { format!("abcdefgh{at}") };
        }
        Case { records, identifiers, must, cannot, scored, rules }
    }
}

/// The case with rows renamed and shuffled: record r becomes `to[r]`.
fn shuffled(case: &Case, to: &[usize], turn: usize) -> Case {
    let mut records = case.records.clone();
    for (from, to) in to.iter().enumerate() {
        records[*to] = case.records[from].clone();
    }
    let pair = |(a, b): &(usize, usize)| (to[*b], to[*a]);
    let mut identifiers: Vec<_> = case
        .identifiers
        .iter()
        .map(|(r, k, v)| (to[*r], *k, 9 - *v))
        .collect();
    let mut scored: Vec<_> = case
        .scored
        .iter()
        .map(|(a, b, r, w)| (to[*b], to[*a], *r, *w))
        .collect();
    if !identifiers.is_empty() {
        let middle = turn % identifiers.len();
        identifiers.rotate_left(middle);
    }
    scored.reverse();
    Case {
        records,
        identifiers,
        must: case.must.iter().rev().map(pair).collect(),
        cannot: case.cannot.iter().rev().map(pair).collect(),
        scored,
        rules: case.rules.clone(),
    }
}

/// The case with the given records only, in their order; identifier rows by number.
fn part(case: &Case, keep: &[usize]) -> (Case, Vec<usize>) {
    let at = |record: usize| keep.iter().position(|kept| *kept == record);
    let pairs = |pairs: &[(usize, usize)]| {
        let kept = pairs.iter().filter_map(|(a, b)| Some((at(*a)?, at(*b)?)));
        kept.collect()
    };
    let rows: Vec<usize> = (0..case.identifiers.len())
        .filter(|row| at(case.identifiers[*row].0).is_some())
        .collect();
    let identifiers = rows.iter().map(|row| {
        let (record, kind, value) = case.identifiers[*row];
        (at(record).expect("kept"), kind, value)
    });
    let scored = case
        .scored
        .iter()
        .filter_map(|(a, b, r, w)| Some((at(*a)?, at(*b)?, *r, *w)));
    let part = Case {
        records: keep
            .iter()
            .map(|record| case.records[*record].clone())
            .collect(),
        identifiers: identifiers.collect(),
        must: pairs(&case.must),
        cannot: pairs(&case.cannot),
        scored: scored.collect(),
        rules: case.rules.clone(),
    };
    (part, rows)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn agrees_with_the_oracle(case in case()) {
        prop_assert_eq!(plain(&resolved(&case), &same), oracle::resolve(&case));
    }

    #[test]
    fn order_codes_and_threads_do_not_matter(
        (case, to) in case().prop_flat_map(|case| {
            let to: Vec<usize> = (0..case.records.len()).collect();
            (Just(case), Just(to).prop_shuffle())
        }),
        turn in 0..40usize,
    ) {
        let expected = plain(&resolved(&case), &same);
        let other = Columns::of(&shuffled(&case, &to, turn), vec!["loyalty", "crm", "web"], 1_000_003);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1 + turn % 3).build().expect("threads");
        let found = pool.install(|| other.resolve(&case.rules, None));
        let back = |record: u32| to.iter().position(|to| *to == record as usize).expect("a record");
        prop_assert_eq!(plain(&found, &back), expected);
    }

    #[test]
    fn components_resolve_alone_as_together(case in case()) {
        let whole = resolved(&case);
        let over = Columns::of(&case, SOURCES.to_vec(), 1).over_limit(&case.rules);
        let mut links_alone = 0;
        for root in 0..case.records.len() as u32 {
            let keep: Vec<usize> = (0..case.records.len()).filter(|r| whole.component[*r] == root).collect();
            if keep.is_empty() {
                continue;
            }
            let (part, rows) = part(&case, &keep);
            let over: BooleanArray = rows.iter().map(|row| Some(over.value(*row))).collect();
            let alone = Columns::of(&part, SOURCES.to_vec(), 1).resolve(&case.rules, Some(&over));
            for (at, record) in keep.iter().enumerate() {
                prop_assert_eq!(keep[alone.person[at] as usize], whole.person[*record] as usize);
                prop_assert_eq!(keep[alone.component[at] as usize], whole.component[*record] as usize);
            }
            let name = |record: u32| keep[record as usize];
            let ours = alone.links.iter().map(|link| plain_link(link, &name));
            let theirs = whole.links.iter().filter(|link| whole.component[link.a as usize] == root);
            let theirs: Vec<_> = theirs.map(|link| plain_link(link, &same)).collect();
            prop_assert_eq!(ours.collect::<Vec<_>>(), theirs);
            links_alone += alone.links.len();
        }
        prop_assert_eq!(links_alone, whole.links.len());
    }

    #[test]
    fn every_value_of_a_link_is_held_by_both(case in case()) {
        for link in resolved(&case).links {
            if let Evidence::Identifier { kind, value } = link.evidence {
                for record in [link.a, link.b] {
                    let row = (record as usize, kind as usize, value as u8);
                    prop_assert!(case.identifiers.contains(&row));
                }
            }
        }
    }
}
