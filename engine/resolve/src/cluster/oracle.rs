//! The same resolution, slow and obvious: strings, plain loops, everything recomputed at every step.

use super::alike::alike;

use std::collections::{BTreeMap, BTreeSet};

use super::input::{Limit, Rules};

/// A record with its values spelt out.
#[derive(Debug, Clone)]
pub(super) struct PlainRecord {
    pub source: &'static str,
    pub key: String,
    pub first_seen_day: i64,
    pub attributes: Vec<Option<u8>>,
}

/// The attributes' values by code, for the codes that cases use: the first two are alike.
pub(super) const NAMES: [&str; 3] = ["maria", "mario", "dora"];

/// One resolution's input, spelt out. Everything names records by row.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub records: Vec<PlainRecord>,
    /// (record, kind, value)
    pub identifiers: Vec<(usize, usize, u8)>,
    pub must: Vec<(usize, usize)>,
    pub cannot: Vec<(usize, usize)>,
    /// (a, b, rank, weight)
    pub scored: Vec<(usize, usize, u16, u8)>,
    pub rules: Rules,
}

/// (a, b, what, rank, refused by); what is `must`, `kind 1`, `score 3`.
pub(super) type PlainLink = (usize, usize, String, u16, Option<String>);

#[derive(Debug, PartialEq)]
pub(super) struct PlainResolution {
    pub person: Vec<usize>,
    pub component: Vec<usize>,
    pub links: Vec<PlainLink>,
}

/// What sorts before what: must-links, rank, identifiers before scores, heavier first, kind, members.
type Turn = (bool, u16, bool, std::cmp::Reverse<u8>, usize, Vec<usize>);

pub(super) fn resolve(case: &Case) -> PlainResolution {
    let turns = turns(case);
    let all = case.records.len();
    let mut component: Vec<BTreeSet<usize>> = (0..all).map(|r| BTreeSet::from([r])).collect();
    let mut clusters = component.clone();
    let mut links = Vec::new();
    for (not_must, rank, scored, weight, kind, members) in &turns {
        let what = match (not_must, scored) {
            (false, _) => "must".to_owned(),
            (_, true) => format!("score {}", weight.0),
            (_, false) => format!("kind {kind}"),
        };
        let link_kind = (*not_must && !scored).then_some(*kind);
        let contested: Vec<BTreeSet<usize>> = match not_must {
            true => contested(case, &clusters, members, link_kind),
            false => Vec::new(),
        };
        let mut founders = vec![members[0]];
        for member in &members[1..] {
            unite(&mut component, members[0], *member);
            let mut refused = None;
            let mut joined = None;
            for founder in &founders {
                let apart = !clusters[*founder].contains(member);
                let either = [&clusters[*founder], &clusters[*member]];
                let refusal = match apart && either.iter().any(|set| contested.contains(set)) {
                    true => Some("Contested".to_owned()),
                    false => refusal(case, &clusters, *founder, *member, !not_must, link_kind),
                };
                match refusal {
                    None => {
                        joined = Some(*founder);
                        break;
                    }
                    Some(reason) => refused = refused.or(Some(reason)),
                }
            }
            if let Some(founder) = joined {
                unite(&mut clusters, founder, *member);
                links.push((founder, *member, what.clone(), *rank, None));
            } else {
                founders.push(*member);
                links.push((members[0], *member, what.clone(), *rank, refused));
            }
        }
    }
    PlainResolution {
        person: (0..all).map(|r| anchor(case, &clusters, r)).collect(),
        component: (0..all).map(|r| anchor(case, &component, r)).collect(),
        links,
    }
}

/// The clusters that two others of the members' claim, though those refuse each other.
fn contested(
    case: &Case,
    clusters: &[BTreeSet<usize>],
    members: &[usize],
    kind: Option<usize>,
) -> Vec<BTreeSet<usize>> {
    let admits = |a: usize, b: usize| refusal(case, clusters, a, b, false, kind).is_none();
    let apart = |a: usize, b: usize| !clusters[a].contains(&b);
    let mut found = Vec::new();
    for x in members {
        for a in members {
            for b in members {
                let claimed = apart(*x, *a) && apart(*x, *b) && admits(*x, *a) && admits(*x, *b);
                if claimed && !admits(*a, *b) {
                    found.push(clusters[*x].clone());
                }
            }
        }
    }
    found
}

fn turns(case: &Case) -> Vec<Turn> {
    let place = places(case);
    let pair = |a: usize, b: usize| {
        if place[a] < place[b] {
            vec![a, b]
        } else {
            vec![b, a]
        }
    };
    let weightless = std::cmp::Reverse(0);
    let must: BTreeSet<Vec<usize>> = case.must.iter().map(|(a, b)| pair(*a, *b)).collect();
    let mut turns: Vec<Turn> = Vec::new();
    turns.extend(
        must.into_iter()
            .map(|m| (false, 0, false, weightless, 0, m)),
    );
    for ((kind, _), members) in groups(case) {
        let rule = &case.rules.kinds[kind];
        if rule.links {
            turns.push((true, rule.rank, false, weightless, kind, members));
        }
    }
    for (a, b, rank, weight) in &case.scored {
        turns.push((
            true,
            *rank,
            true,
            std::cmp::Reverse(*weight),
            0,
            pair(*a, *b),
        ));
    }
    turns.retain(|turn| turn.5.len() > 1 && turn.5[0] != turn.5[1]);
    turns.sort_by_key(|turn| {
        let places: Vec<usize> = turn.5.iter().map(|record| place[*record]).collect();
        (turn.0, turn.1, turn.2, turn.3, turn.4, places)
    });
    turns
}

/// Who holds each value that is under its limit, in anchor order.
fn groups(case: &Case) -> BTreeMap<(usize, u8), Vec<usize>> {
    let place = places(case);
    let mut groups: BTreeMap<(usize, u8), Vec<usize>> = BTreeMap::new();
    for (record, kind, value) in &case.identifiers {
        let members = groups.entry((*kind, *value)).or_default();
        if !members.contains(record) {
            members.push(*record);
        }
    }
    groups.retain(|(kind, _), members| {
        members.sort_by_key(|record| place[*record]);
        !case.rules.kinds[*kind]
            .limit
            .is_some_and(|limit| is_over(case, limit, members))
    });
    groups
}

fn is_over(case: &Case, limit: Limit, members: &[usize]) -> bool {
    let day = |record: usize| case.records[record].first_seen_day;
    let days = limit.window_days.map_or(i64::MAX / 4, i64::from);
    members.iter().any(|first| {
        let window = day(*first)..day(*first) + days;
        members
            .iter()
            .filter(|m| window.contains(&day(**m)))
            .count()
            > limit.records as usize
    })
}

fn places(case: &Case) -> Vec<usize> {
    let name = |record: usize| {
        let record = &case.records[record];
        (record.first_seen_day, record.source, record.key.clone())
    };
    let all = 0..case.records.len();
    all.clone()
        .map(|record| {
            all.clone()
                .filter(|other| name(*other) < name(record))
                .count()
        })
        .collect()
}

fn anchor(case: &Case, sets: &[BTreeSet<usize>], record: usize) -> usize {
    let place = places(case);
    let earliest = sets[record].iter().min_by_key(|member| place[**member]);
    *earliest.expect("a set holds its record")
}

fn unite(sets: &mut [BTreeSet<usize>], a: usize, b: usize) {
    let both: BTreeSet<usize> = sets[a].union(&sets[b]).copied().collect();
    for member in &both {
        sets[*member] = both.clone();
    }
}

fn refusal(
    case: &Case,
    sets: &[BTreeSet<usize>],
    a: usize,
    b: usize,
    must: bool,
    kind: Option<usize>,
) -> Option<String> {
    if sets[a].contains(&b) {
        return None;
    }
    let both: BTreeSet<usize> = sets[a].union(&sets[b]).copied().collect();
    let barred = |(x, y): &(usize, usize)| x != y && both.contains(x) && both.contains(y);
    if case.cannot.iter().any(barred) {
        return Some("CannotLink".to_owned());
    }
    if must {
        return None;
    }
    if case
        .rules
        .person_records_max
        .is_some_and(|most| both.len() > most as usize)
    {
        return Some("PersonRecordsMax".to_owned());
    }
    let exceeds = |most: u32, values: &dyn Fn(&BTreeSet<usize>) -> usize| {
        let together = values(&both);
        together > most as usize && together > values(&sets[a]).max(values(&sets[b]))
    };
    let groups = groups(case);
    for (kind, rule) in case.rules.kinds.iter().enumerate() {
        let held = |set: &BTreeSet<usize>| {
            let of_kind = groups.iter().filter(|((k, _), _)| *k == kind);
            of_kind
                .filter(|(_, members)| members.iter().any(|m| set.contains(m)))
                .count()
        };
        if rule.max_per_person.is_some_and(|most| exceeds(most, &held)) {
            return Some(format!("Identifier {{ kind: {kind} }}"));
        }
    }
    for (at, guard) in case.rules.guards.iter().enumerate() {
        let held = |set: &BTreeSet<usize>| {
            let values = set
                .iter()
                .filter_map(|r| case.records[*r].attributes[guard.attribute]);
            values.collect::<BTreeSet<u8>>().len()
        };
        if exceeds(guard.max_per_person, &held) {
            return Some(format!("Guard {{ guard: {at} }}"));
        }
    }
    let agree_on = kind.map_or(&[][..], |kind| &case.rules.kinds[kind].agree_on);
    let names = |set: &BTreeSet<usize>| -> Vec<&str> {
        let records = set.iter().map(|record| &case.records[*record].attributes);
        let codes = records.flat_map(|codes| agree_on.iter().filter_map(|name| codes[*name]));
        codes.map(|code| NAMES[code as usize]).collect()
    };
    let (of_a, of_b) = (names(&sets[a]), names(&sets[b]));
    let agree = of_a.iter().any(|x| of_b.iter().any(|y| alike(x, y)));
    if !of_a.is_empty() && !of_b.is_empty() && !agree {
        return Some("AgreeOn".to_owned());
    }
    None
}
