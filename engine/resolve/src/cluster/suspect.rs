//! Which components could violate a constraint at all.
//!
//! Constraints only tighten as clusters grow, so a component that satisfies them as a whole satisfies them at every
//! step: all its links are accepted. Only the others need to be taken link by link. Names are the exception: what two
//! clusters lack in common, their records may have together, so there it takes a name that all share.

use rayon::prelude::*;

use super::group::Groups;
use super::input::{NULL_CODE, Records, Rules};
use super::order::AnchorOrder;

/// For each place that is a component's root, whether the component as a whole violates a constraint.
pub(super) fn suspects(
    records: &Records,
    rules: &Rules,
    groups: &[Groups],
    cannot: &[(u32, u32)],
    roots: &[u32],
    order: &AnchorOrder,
) -> Vec<bool> {
    let sizes = sizes(roots);
    let mut suspect = vec![false; roots.len()];
    if let Some(most) = rules.person_records_max {
        let sizes = suspect.par_iter_mut().zip(&sizes).with_min_len(1 << 14);
        sizes.for_each(|(suspect, size)| *suspect = *size > most);
    }
    for (a, b) in cannot {
        if roots[*a as usize] == roots[*b as usize] {
            suspect[roots[*a as usize] as usize] = true;
        }
    }
    let kinds = rules.kinds.par_iter().zip(groups).with_max_len(1);
    let by_kind = kinds.filter_map(|(rule, groups)| {
        let most = rule.max_per_person?;
        Some(if rule.links {
            flag_own(groups, roots, &sizes, most)
        } else {
            flag_shared(groups, roots, &sizes, most)
        })
    });
    let by_guard = rules.guards.par_iter().with_max_len(1).map(|guard| {
        let codes = records.attributes[guard.attribute];
        let code = |place: usize| codes[order.record[place] as usize];
        flag_codes(code, roots, &sizes, guard.max_per_person)
    });
    let flagged: Vec<Vec<u32>> = by_kind.chain(by_guard).collect();
    for root in flagged.into_iter().flatten() {
        suspect[root as usize] = true;
    }
    for rule in rules.kinds.iter().filter(|rule| rule.links) {
        flag_names(records, &rule.agree_on, roots, order, &mut suspect);
    }
    suspect
}

fn sizes(roots: &[u32]) -> Vec<u32> {
    let mut sizes = vec![0; roots.len()];
    for root in roots {
        sizes[*root as usize] += 1;
    }
    sizes
}

/// A linking kind: all holders of a value are in one component, so each value is counted there once.
fn flag_own(groups: &Groups, roots: &[u32], sizes: &[u32], most: u32) -> Vec<u32> {
    let mut flagged = Vec::new();
    let mut counts = vec![0u32; roots.len()];
    for (_, members) in groups.iter() {
        let root = roots[members[0] as usize];
        let count = &mut counts[root as usize];
        *count += 1;
        if *count > most && sizes[root as usize] > 1 {
            flagged.push(root);
        }
    }
    flagged
}

/// A kind that links nobody: holders of a value are all over the place.
fn flag_shared(groups: &Groups, roots: &[u32], sizes: &[u32], most: u32) -> Vec<u32> {
    let mut held = Vec::new();
    for (group, members) in groups.iter() {
        let components = members.iter().map(|place| roots[*place as usize]);
        let large = components.filter(|root| sizes[*root as usize] > 1);
        held.extend(large.map(|root| pair(root, group.value)));
    }
    flag_pairs(held, most)
}

fn flag_codes(code: impl Fn(usize) -> u32, roots: &[u32], sizes: &[u32], most: u32) -> Vec<u32> {
    let rows = roots.iter().enumerate();
    let large = rows.filter(|(_, root)| sizes[**root as usize] > 1);
    let valued = large.filter_map(|(place, root)| {
        let value = code(place);
        (value != NULL_CODE).then_some((*root, value))
    });
    if most != 1 {
        return flag_pairs(
            valued.map(|(root, value)| pair(root, value)).collect(),
            most,
        );
    }
    let mut flagged = Vec::new();
    let mut firsts = vec![NULL_CODE; roots.len()];
    for (root, value) in valued {
        let first = &mut firsts[root as usize];
        if *first == NULL_CODE {
            *first = value;
        } else if *first != value {
            flagged.push(root);
        }
    }
    flagged
}

/// Flags components with several names, unless all records that have one share the name in one of the attributes: then
/// each two of their clusters share it too.
fn flag_names(
    records: &Records,
    attributes: &[usize],
    roots: &[u32],
    order: &AnchorOrder,
    suspect: &mut [bool],
) {
    let count = attributes.len();
    if count == 0 {
        return;
    }
    // Of each component, the names of its first record that has some, as far as all others share them.
    let mut shared = vec![NULL_CODE; roots.len() * count];
    let mut met = vec![false; roots.len()];
    for (root, record) in roots.iter().zip(&order.record) {
        let code = |attribute: &usize| records.attributes[*attribute][*record as usize];
        if attributes.iter().all(|at| code(at) == NULL_CODE) {
            continue;
        }
        let root = *root as usize;
        let of_root = &mut shared[root * count..(root + 1) * count];
        let first = !std::mem::replace(&mut met[root], true);
        for (shared, attribute) in of_root.iter_mut().zip(attributes) {
            let code = code(attribute);
            if first {
                *shared = code;
            } else if *shared != code {
                *shared = NULL_CODE;
            }
        }
        suspect[root] |= of_root.iter().all(|shared| *shared == NULL_CODE);
    }
}

fn pair(root: u32, value: u32) -> u64 {
    u64::from(root) << 32 | u64::from(value)
}

/// The components with more than `most` distinct (component, value) pairs.
fn flag_pairs(mut held: Vec<u64>, most: u32) -> Vec<u32> {
    held.par_sort_unstable();
    held.dedup();
    let runs = held.chunk_by(|a, b| a >> 32 == b >> 32);
    let over = runs.filter(|run| run.len() > most as usize);
    over.map(|run| (run[0] >> 32) as u32).collect()
}
