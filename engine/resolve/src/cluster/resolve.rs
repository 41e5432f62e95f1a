//! The whole resolution: order, groups, components, and link by link where constraints matter.

use rayon::prelude::*;

use super::constrained::{Component, ComponentStep, Constraints, take};
use super::forest::Forest;
use super::group::Groups;
use super::input::{Extra, Identifiers, NULL_CODE, Records, Rules, validate};
use super::limit::seen_by_place;
use super::order::AnchorOrder;
use super::output::{Evidence, Link, Resolution};
use super::step::{Candidates, Step, placed};
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
    let groups = all_groups(records, identifiers, rules, &order);
    let cannot = placed(extra.cannot_link, &order);
    let candidates = Candidates::of(groups, extra, rules, &order);
    let roots = connect(&candidates, rules, order.len());
    let suspect = suspects(records, rules, &candidates.groups, &cannot, &roots, &order);
    let mut links = accepted(&candidates, &order);
    let mut persons = roots.clone();
    if suspect.contains(&true) {
        let split = Split {
            records,
            rules,
            order: &order,
            roots: &roots,
            suspect: &suspect,
        };
        let components = split.components(&candidates, &cannot);
        split.take_all(&components, &mut links, &mut persons);
    }
    let (person, component) =
        rayon::join(|| by_record(&persons, &order), || by_record(&roots, &order));
    Ok(Resolution {
        person,
        component,
        links,
    })
}

fn all_groups(
    records: &Records,
    identifiers: &Identifiers,
    rules: &Rules,
    order: &AnchorOrder,
) -> Vec<Groups> {
    let first_seen_at = seen_by_place(records, order);
    let kinds = rules.kinds.par_iter().enumerate().with_max_len(1);
    kinds
        .map(|(kind, rule)| {
            Groups::of(kind as u16, rule, identifiers, &order.place, &first_seen_at)
        })
        .collect()
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
fn accepted(candidates: &Candidates, order: &AnchorOrder) -> Vec<Link> {
    let mut links = Vec::new();
    let record = |place: u32| order.record[place as usize];
    candidates.for_each(|step, _, places| {
        let (evidence, rank) = evidence(step, candidates);
        let a = record(places[0]);
        links.extend(places[1..].iter().map(|place| Link {
            a,
            b: record(*place),
            evidence,
            rank,
            refused_by: None,
        }));
    });
    links
}

fn evidence(step: Step, candidates: &Candidates) -> (Evidence, u16) {
    match step {
        Step::MustLink(_) => (Evidence::MustLink, 0),
        Step::Group { kind, rank, index } => {
            let (group, _) = candidates.groups[kind as usize].get(index);
            let value = group.value;
            (Evidence::Identifier { kind, value }, rank)
        }
        Step::Scored(at) => {
            let link = &candidates.scored[at as usize];
            let weight = link.weight;
            (Evidence::Score { weight }, link.rank)
        }
    }
}

fn by_record(roots: &[u32], order: &AnchorOrder) -> Vec<u32> {
    let root = |place: &u32| order.record[roots[*place as usize] as usize];
    order
        .place
        .par_iter()
        .with_min_len(1 << 14)
        .map(root)
        .collect()
}

/// The suspect components and what it takes to resolve them.
struct Split<'a> {
    records: &'a Records<'a>,
    rules: &'a Rules,
    order: &'a AnchorOrder,
    roots: &'a [u32],
    suspect: &'a [bool],
}

impl Split<'_> {
    fn components(&self, candidates: &Candidates, cannot: &[(u32, u32)]) -> Vec<Component> {
        let mut components = Vec::new();
        let mut numbers = vec![NULL_CODE; self.roots.len()];
        for (place, root) in self.roots.iter().enumerate() {
            if self.suspect[*root as usize] {
                if place == *root as usize {
                    numbers[place] = components.len() as u32;
                    components.push(Component::default());
                }
                let component = &mut components[numbers[*root as usize] as usize];
                component.places.push(place as u32);
                self.hold_attributes(place as u32, component);
            }
        }
        let number = |place: u32| {
            let number = numbers[self.roots[place as usize] as usize];
            (number != NULL_CODE).then_some(number as usize)
        };
        candidates.for_each(|step, slot, places| {
            if let Some(number) = number(places[0]) {
                components[number].steps.push(ComponentStep {
                    slot,
                    must: matches!(step, Step::MustLink(_)),
                    places: places.to_vec(),
                });
            }
        });
        for (kind, groups) in candidates.groups.iter().enumerate() {
            if self.rules.kinds[kind].max_per_person.is_none() {
                continue;
            }
            for (group, members) in groups.iter() {
                for place in members {
                    if let Some(number) = number(*place) {
                        components[number]
                            .held
                            .push((*place, kind as u16, group.value));
                    }
                }
            }
        }
        for (a, b) in cannot {
            if let Some(number) = number(*a).filter(|n| number(*b) == Some(*n)) {
                components[number].cannot.push((*a, *b));
            }
        }
        components
    }

    fn hold_attributes(&self, place: u32, component: &mut Component) {
        let kinds = self.rules.kinds.len();
        let record = self.order.record[place as usize] as usize;
        for (at, guard) in self.rules.guards.iter().enumerate() {
            let code = self.records.attributes[guard.attribute][record];
            if code != NULL_CODE {
                component.held.push((place, (kinds + at) as u16, code));
            }
        }
    }

    fn take_all(&self, components: &[Component], links: &mut [Link], persons: &mut [u32]) {
        let constraints = Constraints::of(self.rules);
        let all: Vec<_> = components
            .par_iter()
            .map(|component| take(component, &constraints))
            .collect();
        for (component, (taken, anchors)) in components.iter().zip(all) {
            for (place, anchor) in component.places.iter().zip(anchors) {
                persons[*place as usize] = anchor;
            }
            for link in taken {
                links[link.slot].a = self.order.record[link.a as usize];
                links[link.slot].b = self.order.record[link.b as usize];
                links[link.slot].refused_by = link.refused_by;
            }
        }
    }
}
