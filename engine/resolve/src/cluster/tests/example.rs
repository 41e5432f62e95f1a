//! The rules, one example each.

use super::columns::{Columns, SOURCES, resolved};
use crate::cluster::oracle::{Case, PlainRecord};
use crate::cluster::*;

pub(super) fn people(attributes: &[Option<u8>]) -> Vec<PlainRecord> {
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

pub(super) fn empty(records: Vec<PlainRecord>, rules: Rules) -> Case {
    Case {
        records,
        identifiers: Vec::new(),
        must: Vec::new(),
        cannot: Vec::new(),
        scored: Vec::new(),
        rules,
    }
}

pub(super) fn guarded() -> Rules {
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
    let mut case = empty(people(&[Some(80), Some(80), Some(5), Some(5)]), guarded());
    shared(&mut case, 0, 0, &[0, 1, 2, 3]);
    let found = resolved(&case);
    assert_eq!(found.person, [0, 0, 2, 2]);
    assert_eq!(found.component, [0; 4]);
    let refused: Vec<_> = found.links.iter().filter(|link| !link.accepted()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].refused_by, Some(Refusal::Guard { guard: 0 }));
}

#[test]
fn who_may_belong_to_either_of_two_strangers_stays_alone() {
    let mut case = empty(people(&[None, Some(80), Some(5), Some(80)]), guarded());
    shared(&mut case, 0, 0, &[0, 1, 2, 3]);
    let found = resolved(&case);
    assert_eq!(found.person, [0, 1, 2, 1]);
    let reasons: Vec<_> = found.links.iter().map(|link| link.refused_by).collect();
    let contested = Some(Refusal::Contested);
    assert_eq!(reasons, [contested, contested, None]);

    shared(&mut case, 1, 0, &[0, 2]);
    case.rules.kinds.push(KindRule {
        rank: 0,
        ..KindRule::default()
    });
    let found = resolved(&case).person;
    assert_eq!(
        found,
        [0, 1, 0, 1],
        "stronger evidence has said whose it is"
    );
}

#[test]
fn a_kind_may_ask_for_names_that_are_alike() {
    let (maria, mario, dora) = (Some(0), Some(1), Some(2));
    let mut rules = Rules {
        kinds: vec![KindRule::default()],
        ..Rules::default()
    };
    rules.kinds[0].agree_on = vec![0];
    let mut case = empty(people(&[maria, mario, dora]), rules);
    shared(&mut case, 0, 0, &[0, 1, 2]);
    let found = resolved(&case);
    assert_eq!(found.person, [0, 0, 2]);
    assert_eq!(found.links[1].refused_by, Some(Refusal::AgreeOn));

    case.records.extend(people(&[None]));
    case.records[3].first_seen_day = 3;
    case.records[3].key = "k3".into();
    shared(&mut case, 0, 1, &[2, 3]);
    assert_eq!(
        resolved(&case).person,
        [0, 0, 2, 2],
        "who has no name joins"
    );
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
