//! The whole resolution: order, groups, components, and link by link where constraints matter.

use rayon::prelude::*;

use super::forest::Forest;
use super::group::Groups;
use super::input::{Extra, Identifiers, Records, Rules, validate};
use super::limit::seen_by_place;
use super::order::AnchorOrder;
use super::output::{Evidence, Link, Resolution};
use super::split::Split;
use super::step::{Candidates, Stretch, placed};
use super::suspect::suspects;
use crate::error::Result;

/// Resolves records to persons. See the module for the rules.
///
/// # Errors
/// When the arrays do not fit together: different lengths, numbers of things that are not there, a weight that is
/// not a number. Never because of what the data says.
pub fn resolve(
    records: &Records,
    identifiers: &Identifiers,
    extra: &Extra,
    rules: &Rules,
) -> Result<Resolution> {
    validate(records, identifiers, extra, rules)?;
    let order = AnchorOrder::of(records);
    let first_seen_at = seen_by_place(records, &order);
    let groups = Groups::of_kinds(&rules.kinds, identifiers, &order.place, &first_seen_at);
    let candidates = Candidates::of(groups, extra, &order);
    let cannot = placed(extra.cannot_link, &order);
    let roots = connect(&candidates, rules, order.len());
    let suspect = suspects(records, rules, &candidates.groups, &cannot, &roots, &order);
    let stretches = candidates.stretches(rules);
    let (mut links, component) =
        rayon::join(|| accepted(&stretches, &order), || named(&roots, &order));
    let mut person = component.clone();
    if suspect.contains(&true) {
        let split = Split::of(records, rules, &order, &roots, &suspect);
        let components = split.components(&candidates, &stretches, &cannot);
        split.take_all(&components, &mut links, &mut person);
    }
    Ok(Resolution {
        person,
        component,
        links,
    })
}

/// The root of every place in the graph of all candidate links.
fn connect(candidates: &Candidates, rules: &Rules, places: usize) -> Vec<u32> {
    let forest = Forest::new(places);
    for (rule, groups) in rules.kinds.iter().zip(&candidates.groups) {
        if rule.links {
            groups.par_members().for_each(|members| {
                for member in &members[1..] {
                    forest.join(members[0], *member);
                }
            });
        }
    }
    for (a, b) in &candidates.must {
        forest.join(*a, *b);
    }
    candidates
        .scored
        .par_iter()
        .for_each(|link| forest.join(link.a, link.b));
    forest.roots()
}

/// Every candidate link as if nothing forbade it: each record of a step to its earliest.
fn accepted(stretches: &[Stretch], order: &AnchorOrder) -> Vec<Link> {
    let count = stretches.last().map_or(0, |last| last.slot + last.links);
    let mut links = vec![BLANK; count];
    let mut rest = links.as_mut_slice();
    let mut tasks = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        let (own, others) = rest.split_at_mut(stretch.links);
        tasks.push((stretch, own));
        rest = others;
    }
    tasks
        .into_par_iter()
        .with_max_len(1)
        .for_each(|(stretch, links)| {
            let mut links = links.iter_mut();
            stretch.for_each(|step| {
                let a = order.record[step.places[0] as usize];
                for (place, link) in step.places[1..].iter().zip(&mut links) {
                    *link = Link {
                        a,
                        b: order.record[*place as usize],
                        evidence: step.evidence,
                        rank: step.rank,
                        refused_by: None,
                    };
                }
            });
        });
    links
}

/// What stands in a link's slot before it is filled.
const BLANK: Link = Link {
    a: 0,
    b: 0,
    evidence: Evidence::MustLink,
    rank: 0,
    refused_by: None,
};

/// For each record the record at its place's root.
fn named(roots: &[u32], order: &AnchorOrder) -> Vec<u32> {
    let root = |place: &u32| order.record[roots[*place as usize] as usize];
    let places = order.place.par_iter().with_min_len(1 << 14);
    places.map(root).collect()
}
