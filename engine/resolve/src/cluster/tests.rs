//! Clustering against its oracle, and its promises: order, threads and company do not matter.

use arrow::array::{BooleanArray, StringArray};
use proptest::prelude::*;

use super::oracle::{self, Case, PlainLink, PlainRecord, PlainResolution};
use super::*;

const SOURCES: [&str; 3] = ["web", "crm", "loyalty"];
const DAY_MICROSECONDS: i64 = 86_400_000_000;

/// A case as the columns that `resolve` reads. `names` lists the sources in any order.
struct Columns {
    source: Vec<u16>,
    names: Vec<&'static str>,
    key: StringArray,
    first_seen_at: Vec<i64>,
    attributes: Vec<Vec<u32>>,
    record: Vec<u32>,
    kind: Vec<u16>,
    value: Vec<u32>,
    must: Vec<(u32, u32)>,
    cannot: Vec<(u32, u32)>,
    scored: Vec<ScoredLink>,
}

impl Columns {
    /// `spread` sets value codes apart, so that both ways of grouping are met.
    fn of(case: &Case, names: Vec<&'static str>, spread: u32) -> Self {
        let source = |r: &PlainRecord| {
            let at = names.iter().position(|name| *name == r.source);
            at.expect("named") as u16
        };
        let pairs =
            |pairs: &[(usize, usize)]| pairs.iter().map(|(a, b)| (*a as u32, *b as u32)).collect();
        let attributes = case.records.first().map_or(0, |r| r.attributes.len());
        let codes = |at: usize| {
            let values = case.records.iter().map(move |r| r.attributes[at]);
            values
                .map(|value| value.map_or(NULL_CODE, u32::from))
                .collect()
        };
        let identifiers = case.identifiers.iter();
        Self {
            source: case.records.iter().map(source).collect(),
            key: case.records.iter().map(|r| Some(r.key.as_str())).collect(),
            first_seen_at: case
                .records
                .iter()
                .map(|r| r.first_seen_day * DAY_MICROSECONDS)
                .collect(),
            attributes: (0..attributes).map(codes).collect(),
            record: identifiers.clone().map(|i| i.0 as u32).collect(),
            kind: identifiers.clone().map(|i| i.1 as u16).collect(),
            value: identifiers.map(|i| u32::from(i.2) * spread).collect(),
            must: pairs(&case.must),
            cannot: pairs(&case.cannot),
            scored: case
                .scored
                .iter()
                .map(|(a, b, rank, weight)| ScoredLink {
                    a: *a as u32,
                    b: *b as u32,
                    rank: *rank,
                    weight: f32::from(*weight),
                })
                .collect(),
            names,
        }
    }

    fn with<T>(
        &self,
        over: Option<&BooleanArray>,
        f: impl FnOnce(&Records, &Identifiers, &Extra) -> T,
    ) -> T {
        let attributes: Vec<&[u32]> = self.attributes.iter().map(Vec::as_slice).collect();
        f(
            &Records {
                source: &self.source,
                source_names: &self.names,
                key: &self.key,
                first_seen_at: &self.first_seen_at,
                attributes: &attributes,
            },
            &Identifiers {
                record: &self.record,
                kind: &self.kind,
                value: &self.value,
                over_limit: over,
            },
            &Extra {
                must_link: &self.must,
                cannot_link: &self.cannot,
                scored: &self.scored,
            },
        )
    }

    fn resolve(&self, rules: &Rules, over: Option<&BooleanArray>) -> Resolution {
        self.with(over, |r, i, e| resolve(r, i, e, rules))
            .expect("fitting columns")
    }

    fn over_limit(&self, rules: &Rules) -> BooleanArray {
        self.with(None, |r, i, _| over_limit(r, i, rules))
            .expect("fitting columns")
    }
}

/// Plain form, records renamed by `name`.
fn plain(resolution: &Resolution, name: &dyn Fn(u32) -> usize) -> PlainResolution {
    let mut person = vec![0; resolution.person.len()];
    let mut component = person.clone();
    for row in 0..person.len() {
        let at = name(row as u32);
        if at >= person.len() {
            continue;
        }
        person[at] = name(resolution.person[row]);
        component[at] = name(resolution.component[row]);
    }
    let links = resolution
        .links
        .iter()
        .map(|link| plain_link(link, name))
        .collect();
    PlainResolution {
        person,
        component,
        links,
    }
}

fn plain_link(link: &Link, name: &dyn Fn(u32) -> usize) -> PlainLink {
    let what = match link.evidence {
        Evidence::MustLink => "must".to_owned(),
        Evidence::Identifier { kind, .. } => format!("kind {kind}"),
        Evidence::Score { weight } => format!("score {weight}"),
    };
    let refused_by = link.refused_by.map(|refusal| format!("{refusal:?}"));
    (name(link.a), name(link.b), what, link.rank, refused_by)
}

fn resolved(case: &Case) -> Resolution {
    Columns::of(case, SOURCES.to_vec(), 1).resolve(&case.rules, None)
}

fn same(record: u32) -> usize {
    record as usize
}

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
        0.8f64..1.0,
        any::<u8>(),
        1..3u16,
        proptest::option::weighted(0.4, limit),
        most,
    )
        .prop_map(|(_, links, rank, limit, max_per_person)| KindRule {
            links: links % 5 != 0,
            rank,
            limit,
            max_per_person,
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

fn people(attributes: &[Option<u8>]) -> Vec<PlainRecord> {
    let record = |(at, attribute): (usize, &Option<u8>)| PlainRecord {
        source: "crm",
        key: format!("k{at}"),
        first_seen_day: at as i64,
        attributes: vec![*attribute],
    };
    attributes.iter().enumerate().map(record).collect()
}

fn shared(case: &mut Case, kind: usize, value: u8, records: &[usize]) {
    case.identifiers
        .extend(records.iter().map(|record| (*record, kind, value)));
}

fn empty(records: Vec<PlainRecord>, rules: Rules) -> Case {
    Case {
        records,
        identifiers: Vec::new(),
        must: Vec::new(),
        cannot: Vec::new(),
        scored: Vec::new(),
        rules,
    }
}

fn guarded() -> Rules {
    Rules {
        kinds: vec![KindRule::default()],
        guards: vec![Guard {
            attribute: 0,
            max_per_person: 1,
        }],
        person_records_max: None,
    }
}

#[test]
fn a_refusal_does_not_cut_off_the_rest_of_a_family() {
    let mut case = empty(
        people(&[Some(80), Some(80), Some(5), Some(5), None]),
        guarded(),
    );
    shared(&mut case, 0, 0, &[0, 1, 2, 3, 4]);
    let found = resolved(&case);
    assert_eq!(found.person, [0, 0, 2, 2, 0]);
    assert_eq!(found.component, [0; 5]);
    let refused: Vec<_> = found.links.iter().filter(|link| !link.accepted()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].refused_by, Some(Refusal::Guard { guard: 0 }));
}

#[test]
fn values_over_their_limit_link_nobody() {
    let mut rules = guarded();
    rules.kinds[0].limit = Some(Limit {
        records: 2,
        window_days: Some(2),
    });
    let mut case = empty(people(&[None; 5]), rules);
    shared(&mut case, 0, 0, &[0, 1, 2]);
    assert_eq!(
        resolved(&case).person,
        [0, 0, 0, 3, 4],
        "two days hold two records at a time"
    );
    case.rules.kinds[0].limit = Some(Limit {
        records: 2,
        window_days: Some(3),
    });
    assert_eq!(resolved(&case).person, [0, 1, 2, 3, 4]);
}

#[test]
fn a_must_link_overrides_a_guard_but_not_a_cannot_link() {
    let mut case = empty(people(&[Some(1), Some(2), Some(1), Some(3)]), guarded());
    case.must = vec![(1, 0)];
    shared(&mut case, 0, 0, &[0, 2, 3]);
    let found = resolved(&case);
    assert_eq!(
        found.person,
        [0, 0, 0, 3],
        "what brings no further value still joins"
    );
    case.cannot = vec![(0, 1)];
    let found = resolved(&case);
    assert_eq!(found.person, [0, 1, 0, 3]);
    assert_eq!(found.links[0].refused_by, Some(Refusal::CannotLink));
}

#[test]
fn nothing_resolves_to_nothing() {
    let case = empty(Vec::new(), guarded());
    let mut columns = Columns::of(&case, SOURCES.to_vec(), 1);
    columns.attributes = vec![Vec::new()];
    assert_eq!(columns.resolve(&case.rules, None), Resolution::default());
}

#[test]
fn arrays_that_do_not_fit_are_errors() {
    let case = empty(people(&[None; 2]), guarded());
    let mut columns = Columns::of(&case, SOURCES.to_vec(), 1);
    columns.record = vec![2];
    columns.kind = vec![0];
    columns.value = vec![0];
    let found = columns.with(None, |r, i, e| resolve(r, i, e, &case.rules));
    let expected = crate::Error::OutOfRange {
        column: "identifier record",
        found: 2,
        count: 2,
    };
    assert_eq!(found, Err(expected));
}

/// Enough rows for several chunks and buckets: 30,000 records, each row repeated.
fn large(shift: u32) -> Columns {
    let case = empty(people(&[Some(1); 100]), guarded());
    let mut columns = Columns::of(&case, SOURCES.to_vec(), 1);
    let records = 30_000u32;
    columns.source = (0..records).map(|r| (r % 3) as u16).collect();
    columns.key = (0..records)
        .map(|r| Some(format!("key of the record {}", r * 7919 % records)))
        .collect();
    columns.first_seen_at = (0..records)
        .map(|r| i64::from(r * 31 % 1000) * DAY_MICROSECONDS)
        .collect();
    columns.attributes = vec![
        (0..records)
            .map(|r| if r % 11 == 0 { r % 2 } else { NULL_CODE })
            .collect(),
    ];
    let rows = (0..records * 20).map(|row| {
        let record = (row.wrapping_mul(7) + shift) % records;
        let kind = (record / 5 % 2) as u16;
        (
            record,
            kind,
            if record % 97 == 0 {
                12_345_678
            } else {
                record / 4 * 500 + record % 2
            },
        )
    });
    (columns.record, columns.kind, columns.value) =
        rows.fold((vec![], vec![], vec![]), |mut all, row| {
            all.0.push(row.0);
            all.1.push(row.1);
            all.2.push(row.2);
            all
        });
    columns
}

#[test]
fn large_inputs_agree_with_plain_spreading() {
    let columns = large(0);
    let mut rules = guarded();
    rules.kinds.push(KindRule::default());
    let found = columns.resolve(&rules, None);
    let names = |r: usize| {
        (
            columns.first_seen_at[r],
            SOURCES[r % 3],
            columns.key.value(r),
        )
    };
    let mut label: Vec<usize> = (0..columns.source.len()).collect();
    loop {
        let mut least = std::collections::HashMap::new();
        let rows = columns
            .record
            .iter()
            .zip(columns.kind.iter().zip(&columns.value));
        for (record, value) in rows.clone() {
            let mine = label[*record as usize];
            let best = least.entry(value).or_insert(mine);
            *best = std::cmp::min_by_key(*best, mine, |r| names(*r));
        }
        let mut changed = false;
        for (record, value) in rows {
            let mine = &mut label[*record as usize];
            let best = std::cmp::min_by_key(*mine, least[&value], |r| names(*r));
            changed |= best != *mine;
            *mine = best;
        }
        if !changed {
            break;
        }
    }
    let component: Vec<usize> = found.component.iter().map(|r| *r as usize).collect();
    assert_eq!(component, label);
    assert_ne!(found.person, found.component, "guards bind");
}

#[test]
fn large_inputs_do_not_depend_on_rows_or_threads() {
    let mut rules = guarded();
    rules.kinds.push(KindRule {
        max_per_person: Some(2),
        ..KindRule::default()
    });
    let expected = large(0).resolve(&rules, None);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        let found = pool.install(|| large(12_345).resolve(&rules, None));
        assert_eq!(found, expected, "{threads} threads");
    }
}
