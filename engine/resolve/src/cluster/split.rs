//! The components whose constraints matter: gathered, resolved one by one, written back.

use rayon::prelude::*;

use super::constrained::{Component, ComponentStep, Constraints, take};
use super::input::{NULL_CODE, Records, Rules, names};
use super::order::AnchorOrder;
use super::output::Link;
use super::step::{Candidates, Stretch};

/// The suspect components and what it takes to resolve them.
pub(super) struct Split<'a> {
    records: &'a Records<'a>,
    rules: &'a Rules,
    order: &'a AnchorOrder,
    /// For each place the number of its component; [`NULL_CODE`] for most, which are not suspect.
    number: Vec<u32>,
    count: usize,
}

impl<'a> Split<'a> {
    pub fn of(
        records: &'a Records,
        rules: &'a Rules,
        order: &'a AnchorOrder,
        roots: &[u32],
        suspect: &[bool],
    ) -> Self {
        let mut number = vec![NULL_CODE; roots.len()];
        let mut count = 0;
        for (place, root) in roots.iter().enumerate() {
            let root = *root as usize;
            if root == place && suspect[root] {
                number[root] = count;
                count += 1;
            }
            number[place] = number[root];
        }
        Self {
            records,
            rules,
            order,
            number,
            count: count as usize,
        }
    }

    /// The components, by number.
    pub fn components(
        &self,
        candidates: &Candidates,
        stretches: &[Stretch],
        cannot: &[(u32, u32)],
    ) -> Vec<Component> {
        let mut components: Vec<Component> = Vec::new();
        components.resize_with(self.count, Component::default);
        self.add_records(&mut components);
        self.add_steps(stretches, &mut components);
        self.add_identifiers(candidates, &mut components);
        for (a, b) in cannot {
            if let Some(number) = self.number(*a).filter(|n| self.number(*b) == Some(*n)) {
                components[number].cannot.push((*a, *b));
            }
        }
        components
    }

    fn number(&self, place: u32) -> Option<usize> {
        let number = self.number[place as usize];
        (number != NULL_CODE).then_some(number as usize)
    }

    fn add_records(&self, components: &mut [Component]) {
        let kinds = self.rules.kinds.len();
        let named = names(self.rules);
        for (place, number) in self.number.iter().enumerate() {
            if *number == NULL_CODE {
                continue;
            }
            let component = &mut components[*number as usize];
            let record = self.order.record[place] as usize;
            let place = place as u32;
            component.places.push(place);
            for (at, guard) in self.rules.guards.iter().enumerate() {
                let code = self.records.attributes[guard.attribute][record];
                if code != NULL_CODE {
                    component.held.push((place, (kinds + at) as u16, code));
                }
            }
            for attribute in &named {
                let code = self.records.attributes[*attribute][record];
                if code != NULL_CODE {
                    let constraint = Constraints::names(self.rules, *attribute);
                    component.held.push((place, constraint, code));
                }
            }
        }
    }

    fn add_steps(&self, stretches: &[Stretch], components: &mut [Component]) {
        let found: Vec<Vec<(usize, ComponentStep)>> = stretches
            .par_iter()
            .map(|stretch| {
                let mut found = Vec::new();
                stretch.for_each(|step| {
                    if let Some(number) = self.number(step.places[0]) {
                        let step = ComponentStep {
                            slot: step.slot,
                            evidence: step.evidence,
                            places: step.places.to_vec(),
                        };
                        found.push((number, step));
                    }
                });
                found
            })
            .collect();
        for (number, step) in found.into_iter().flatten() {
            components[number].steps.push(step);
        }
    }

    fn add_identifiers(&self, candidates: &Candidates, components: &mut [Component]) {
        for (kind, rule) in self.rules.kinds.iter().enumerate() {
            if rule.max_per_person.is_none() {
                continue;
            }
            for (group, members) in candidates.groups[kind].iter() {
                // A linking kind's holders are all in one component.
                if rule.links && self.number(members[0]).is_none() {
                    continue;
                }
                for place in members {
                    if let Some(number) = self.number(*place) {
                        let held = (*place, kind as u16, group.value);
                        components[number].held.push(held);
                    }
                }
            }
        }
    }

    /// Resolves the components and overwrites what was said of their records and links.
    pub fn take_all(&self, components: &[Component], links: &mut [Link], person: &mut [u32]) {
        let constraints = Constraints::of(self.rules, self.records);
        let each = components.par_iter().with_min_len(64);
        let all: Vec<_> = each
            .map(|component| take(component, &constraints))
            .collect();
        let record = |place: u32| self.order.record[place as usize];
        for (component, (taken, anchors)) in components.iter().zip(all) {
            for (place, anchor) in component.places.iter().zip(anchors) {
                person[record(*place) as usize] = record(anchor);
            }
            for link in taken {
                let slot = &mut links[link.slot];
                slot.a = record(link.a);
                slot.b = record(link.b);
                slot.refused_by = link.refused_by;
            }
        }
    }
}
