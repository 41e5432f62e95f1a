//! Limits: values that so many records share that they name nobody (a till's e-mail, a call centre's phone).

use std::collections::HashSet;

use arrow::array::BooleanArray;

use super::group::Groups;
use super::input::{Extra, Identifiers, KindRule, Limit, Records, Rules, validate};
use super::order::AnchorOrder;
use crate::error::Result;

const DAY_MICROSECONDS: i64 = 86_400_000_000;

/// For each identifier row, whether its value is over its kind's limit among all rows given. Rows without a value
/// are not. Flags that the input already carries are not looked at.
///
/// # Errors
/// When the arrays do not fit together.
pub fn over_limit(
    records: &Records,
    identifiers: &Identifiers,
    rules: &Rules,
) -> Result<BooleanArray> {
    let identifiers = &Identifiers {
        over_limit: None,
        ..*identifiers
    };
    validate(records, identifiers, &Extra::default(), rules)?;
    let order = AnchorOrder::of(records);
    let first_seen_at = seen_by_place(records, &order);
    // All groups, single holders too: what to do about a limit is decided here.
    let unlimited = |rule: &KindRule| KindRule {
        limit: None,
        max_per_person: rule.limit.map(|_| 1),
        links: false,
        ..rule.clone()
    };
    let kinds: Vec<KindRule> = rules.kinds.iter().map(unlimited).collect();
    let groups = Groups::of_kinds(&kinds, identifiers, &order.place, &first_seen_at);
    let mut over = HashSet::new();
    for (kind, (rule, groups)) in rules.kinds.iter().zip(&groups).enumerate() {
        let Some(limit) = rule.limit else { continue };
        for (group, members) in groups.iter() {
            if is_over(&limit, members, &first_seen_at) {
                over.insert((kind as u16, group.value));
            }
        }
    }
    let rows = identifiers.kind.iter().zip(identifiers.value);
    Ok(rows
        .map(|(kind, value)| Some(!over.is_empty() && over.contains(&(*kind, *value))))
        .collect())
}

/// First-seen times in anchor order: they only rise.
pub(super) fn seen_by_place(records: &Records, order: &AnchorOrder) -> Vec<i64> {
    let seen = |record: &u32| records.first_seen_at[*record as usize];
    order.record.iter().map(seen).collect()
}

/// Whether the records at these places (ascending) are more than the limit within one window.
pub(super) fn is_over(limit: &Limit, members: &[u32], first_seen_at: &[i64]) -> bool {
    let Some(window_days) = limit.window_days else {
        return members.len() > limit.records as usize;
    };
    let window = i64::from(window_days).saturating_mul(DAY_MICROSECONDS);
    let at = |place: u32| first_seen_at[place as usize];
    let last = limit.records as usize;
    let pairs = members.iter().zip(members.iter().skip(last));
    pairs
        .into_iter()
        .any(|(first, last)| at(*last).saturating_sub(at(*first)) < window)
}
