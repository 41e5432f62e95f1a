//! Which components could violate a constraint at all.
//!
//! Constraints only tighten as clusters grow, so a component that satisfies them as a whole satisfies them at every
//! step: all its links are accepted. Only the others need to be taken link by link.

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
    let mut suspect = vec![false; roots.len()];
    let sizes = sizes(roots);
    if let Some(most) = rules.person_records_max {
        for (root, size) in sizes.iter().enumerate() {
            suspect[root] |= *size > most;
        }
    }
    for (a, b) in cannot {
        if roots[*a as usize] == roots[*b as usize] {
            suspect[roots[*a as usize] as usize] = true;
        }
    }
    for (rule, groups) in rules.kinds.iter().zip(groups) {
        let Some(most) = rule.max_per_person else {
            continue;
        };
        if rule.links {
            flag_own(groups, roots, &sizes, most, &mut suspect);
        } else {
            flag_shared(groups, roots, &sizes, most, &mut suspect);
        }
    }
    for guard in &rules.guards {
        let codes = records.attributes[guard.attribute];
        let code = |place: usize| codes[order.record[place] as usize];
        flag_codes(code, roots, &sizes, guard.max_per_person, &mut suspect);
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
fn flag_own(groups: &Groups, roots: &[u32], sizes: &[u32], most: u32, suspect: &mut [bool]) {
    let mut counts = vec![0u32; roots.len()];
    for (_, members) in groups.iter() {
        let root = roots[members[0] as usize] as usize;
        counts[root] += 1;
        suspect[root] |= counts[root] > most && sizes[root] > 1;
    }
}

/// A kind that links nobody: holders of a value are all over the place.
fn flag_shared(groups: &Groups, roots: &[u32], sizes: &[u32], most: u32, suspect: &mut [bool]) {
    let mut held = Vec::new();
    for (group, members) in groups.iter() {
        let components = members.iter().map(|place| roots[*place as usize]);
        let large = components.filter(|root| sizes[*root as usize] > 1);
        held.extend(large.map(|root| pair(root, group.value)));
    }
    flag_pairs(held, most, suspect);
}

fn flag_codes(
    code: impl Fn(usize) -> u32,
    roots: &[u32],
    sizes: &[u32],
    most: u32,
    suspect: &mut [bool],
) {
    let rows = roots.iter().enumerate();
    let large = rows.filter(|(_, root)| sizes[**root as usize] > 1);
    let valued = large.filter_map(|(place, root)| {
        let value = code(place);
        (value != NULL_CODE).then_some((*root, value))
    });
    if most != 1 {
        flag_pairs(
            valued.map(|(root, value)| pair(root, value)).collect(),
            most,
            suspect,
        );
        return;
    }
    let mut first = vec![NULL_CODE; roots.len()];
    for (root, value) in valued {
        let root = root as usize;
        if first[root] == NULL_CODE {
            first[root] = value;
        }
        suspect[root] |= first[root] != value;
    }
}

fn pair(root: u32, value: u32) -> u64 {
    u64::from(root) << 32 | u64::from(value)
}

/// Flags components with more than `most` distinct (component, value) pairs.
fn flag_pairs(mut held: Vec<u64>, most: u32, suspect: &mut [bool]) {
    held.par_sort_unstable();
    held.dedup();
    for run in held.chunk_by(|a, b| a >> 32 == b >> 32) {
        if run.len() > most as usize {
            suspect[(run[0] >> 32) as usize] = true;
        }
    }
}
