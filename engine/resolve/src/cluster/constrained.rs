//! One component whose constraints matter: its links taken one by one.
//!
//! Knows nothing outside the component. Records are *members*, numbered in anchor order from 0.

use arrow::array::StringArray;

use super::alike::alike;
use super::contest::contested;
use super::input::{Records, Rules};
use super::output::{Evidence, Refusal};

/// A component to resolve.
#[derive(Debug, Default)]
pub(super) struct Component {
    /// Places of the members, ascending.
    pub places: Vec<u32>,
    /// In order.
    pub steps: Vec<ComponentStep>,
    /// (place, constraint, value code): what members hold of the constrained kinds and attributes, and of names.
    pub held: Vec<(u32, u16, u32)>,
    /// Cannot-links inside the component, as places.
    pub cannot: Vec<(u32, u32)>,
}

#[derive(Debug)]
pub(super) struct ComponentStep {
    pub slot: usize,
    pub evidence: Evidence,
    /// Two or more.
    pub places: Vec<u32>,
}

/// A link as taken: where it goes in the output, its two places, and what refused it.
pub(super) struct Taken {
    pub slot: usize,
    pub a: u32,
    pub b: u32,
    pub refused_by: Option<Refusal>,
}

/// Takes all links; returns them, and the place of each member's person's anchor.
pub(super) fn take(component: &Component, constraints: &Constraints) -> (Vec<Taken>, Vec<u32>) {
    let mut clusters = Clusters::of(component, constraints);
    let mut taken = Vec::new();
    for step in &component.steps {
        let members: Vec<u32> = step
            .places
            .iter()
            .map(|place| component.member(*place))
            .collect();
        take_step(step, &members, &mut clusters, |slot, a, b, refused_by| {
            let (a, b) = (component.places[a as usize], component.places[b as usize]);
            taken.push(Taken {
                slot,
                a,
                b,
                refused_by,
            });
        });
    }
    let members = 0..component.places.len() as u32;
    let anchors = members.map(|member| component.places[clusters.find(member) as usize]);
    (taken, anchors.collect())
}

/// Each member joins the first of the step's clusters that admits it, or founds one and is refused by the first. Whom
/// two strangers claim joins nobody.
fn take_step(
    step: &ComponentStep,
    members: &[u32],
    clusters: &mut Clusters,
    mut link: impl FnMut(usize, u32, u32, Option<Refusal>),
) {
    let contested = match step.evidence {
        Evidence::MustLink => Vec::new(),
        evidence => clusters.contested(members, evidence),
    };
    let mut founders = vec![members[0]];
    for (at, member) in members.iter().enumerate().skip(1) {
        let slot = step.slot + at - 1;
        let mut refused_by = None;
        let joined = founders.iter().find(|founder| {
            let joined = clusters.join(**founder, *member, step.evidence, &contested);
            let refusal = joined.err();
            refused_by = refused_by.or(refusal);
            refusal.is_none()
        });
        match joined {
            Some(founder) => link(slot, *founder, *member, None),
            None => {
                link(slot, members[0], *member, refused_by);
                founders.push(*member);
            }
        }
    }
}

impl Component {
    fn member(&self, place: u32) -> u32 {
        let found = self.places.binary_search(&place);
        found.expect("a component's links stay inside it") as u32
    }
}

/// The constraints on a person: kinds first, guards after them, then attributes for their names, under one numbering.
#[derive(Debug)]
pub(super) struct Constraints<'a> {
    rules: &'a Rules,
    texts: &'a [&'a StringArray],
    /// The most distinct values, by constraint; None where there is no such limit.
    values_max: Vec<Option<u32>>,
}

impl<'a> Constraints<'a> {
    pub fn of(rules: &'a Rules, records: &Records<'a>) -> Self {
        let kinds = rules.kinds.iter().map(|rule| rule.max_per_person);
        let guards = rules.guards.iter().map(|guard| Some(guard.max_per_person));
        let names = records.attributes.iter().map(|_| None);
        Self {
            rules,
            texts: records.texts,
            values_max: kinds.chain(guards).chain(names).collect(),
        }
    }

    /// The number under which the names in an attribute are held.
    pub fn names(rules: &Rules, attribute: usize) -> u16 {
        (rules.kinds.len() + rules.guards.len() + attribute) as u16
    }

    /// Whether some name that a link of this kind asks for is alike on both sides, or one side has none.
    fn agree(&self, kind: u16, a: &[(u16, u32)], b: &[(u16, u32)]) -> bool {
        let attributes = &self.rules.kinds[kind as usize].agree_on;
        let text = |(constraint, code): &(u16, u32)| {
            let mut asked = attributes.iter();
            let attribute = asked.find(|at| Self::names(self.rules, **at) == *constraint)?;
            Some(self.texts[*attribute].value(*code as usize))
        };
        let names = |held: &[(u16, u32)]| held.iter().filter_map(text).collect::<Vec<&str>>();
        let (a, b) = (names(a), names(b));
        let known = !a.is_empty() && !b.is_empty();
        !known || a.iter().any(|a| b.iter().any(|b| alike(a, b)))
    }

    fn refusal(&self, constraint: usize) -> Refusal {
        let kinds = self.rules.kinds.len();
        if constraint < kinds {
            let kind = constraint as u16;
            return Refusal::Identifier { kind };
        }
        let guard = (constraint - kinds) as u16;
        Refusal::Guard { guard }
    }
}

/// Disjoint sets of members; the smallest member is the root and carries what its cluster holds.
struct Clusters<'a> {
    constraints: &'a Constraints<'a>,
    parent: Vec<u32>,
    size: Vec<u32>,
    /// Distinct (constraint, value), sorted. Short: what the constraints allow, and a person's names.
    held: Vec<Vec<(u16, u32)>>,
    /// Members that must stay out.
    barred: Vec<Vec<u32>>,
}

impl<'a> Clusters<'a> {
    fn of(component: &Component, constraints: &'a Constraints<'a>) -> Self {
        let len = component.places.len();
        let mut held = vec![Vec::new(); len];
        for (place, constraint, value) in &component.held {
            held[component.member(*place) as usize].push((*constraint, *value));
        }
        for values in &mut held {
            values.sort_unstable();
            values.dedup();
        }
        let mut barred = vec![Vec::new(); len];
        for (a, b) in &component.cannot {
            let (a, b) = (component.member(*a), component.member(*b));
            barred[a as usize].push(b);
            barred[b as usize].push(a);
        }
        Self {
            constraints,
            parent: (0..len as u32).collect(),
            size: vec![1; len],
            held,
            barred,
        }
    }

    fn find(&mut self, mut member: u32) -> u32 {
        while self.parent[member as usize] != member {
            let above = self.parent[self.parent[member as usize] as usize];
            self.parent[member as usize] = above;
            member = above;
        }
        member
    }

    /// The roots of those of the members' clusters that two strangers among them claim.
    fn contested(&mut self, members: &[u32], evidence: Evidence) -> Vec<u32> {
        let mut roots: Vec<u32> = members.iter().map(|member| self.find(*member)).collect();
        roots.sort_unstable();
        roots.dedup();
        if roots.len() < 3 {
            return Vec::new();
        }
        let admits = |a, b| self.admit(roots[a], roots[b], evidence).is_ok();
        let contested = contested(roots.len(), admits);
        let roots = roots.iter().zip(contested);
        roots.filter_map(|(root, is)| is.then_some(*root)).collect()
    }

    fn join(
        &mut self,
        a: u32,
        b: u32,
        evidence: Evidence,
        contested: &[u32],
    ) -> Result<(), Refusal> {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return Ok(());
        }
        if contested.contains(&a) || contested.contains(&b) {
            return Err(Refusal::Contested);
        }
        self.admit(a, b, evidence)?;
        let (root, other) = (a.min(b), a.max(b));
        self.parent[other as usize] = root;
        self.size[root as usize] += self.size[other as usize];
        let barred = std::mem::take(&mut self.barred[other as usize]);
        append_smaller(&mut self.barred[root as usize], barred);
        let held = std::mem::take(&mut self.held[other as usize]);
        merge(&mut self.held[root as usize], held);
        Ok(())
    }

    fn admit(&mut self, a: u32, b: u32, evidence: Evidence) -> Result<(), Refusal> {
        if self.are_barred(a, b) {
            return Err(Refusal::CannotLink);
        }
        if evidence == Evidence::MustLink {
            return Ok(());
        }
        let size = self.size[a as usize] + self.size[b as usize];
        let constraints = self.constraints;
        let records_max = constraints.rules.person_records_max;
        if records_max.is_some_and(|most| size > most) {
            return Err(Refusal::PersonRecordsMax);
        }
        let (a, b) = (&self.held[a as usize], &self.held[b as usize]);
        if let Some(constraint) = exceeded(a, b, &constraints.values_max) {
            return Err(constraints.refusal(constraint));
        }
        match evidence {
            Evidence::Identifier { kind, .. } if !constraints.agree(kind, a, b) => {
                Err(Refusal::AgreeOn)
            }
            _ => Ok(()),
        }
    }

    fn are_barred(&mut self, a: u32, b: u32) -> bool {
        let fewer = self.barred[a as usize].len() <= self.barred[b as usize].len();
        let (from, to) = if fewer { (a, b) } else { (b, a) };
        let barred = std::mem::take(&mut self.barred[from as usize]);
        let hit = barred.iter().any(|member| self.find(*member) == to);
        self.barred[from as usize] = barred;
        hit
    }
}

/// The first constraint of which the two together hold more than allowed, and more than either alone.
fn exceeded(a: &[(u16, u32)], b: &[(u16, u32)], values_max: &[Option<u32>]) -> Option<usize> {
    let (mut at_a, mut at_b) = (0, 0);
    while at_a < a.len() && at_b < b.len() {
        let constraint = a[at_a].0.min(b[at_b].0);
        let of = |values: &[(u16, u32)]| values.iter().take_while(|v| v.0 == constraint).count();
        let (held_a, held_b) = (of(&a[at_a..]), of(&b[at_b..]));
        let (values_a, values_b) = (&a[at_a..at_a + held_a], &b[at_b..at_b + held_b]);
        (at_a, at_b) = (at_a + held_a, at_b + held_b);
        let most = values_max[constraint as usize].map_or(usize::MAX, |most| most as usize);
        if held_a + held_b <= most {
            continue;
        }
        let together = held_a + held_b - common(values_a, values_b);
        if together > most && together > held_a.max(held_b) {
            return Some(constraint as usize);
        }
    }
    None
}

/// How many values two sorted lists have in common.
fn common(a: &[(u16, u32)], b: &[(u16, u32)]) -> usize {
    let (fewer, more) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    fewer
        .iter()
        .filter(|value| more.binary_search(value).is_ok())
        .count()
}

fn append_smaller(into: &mut Vec<u32>, mut from: Vec<u32>) {
    if from.len() > into.len() {
        std::mem::swap(into, &mut from);
    }
    into.append(&mut from);
}

fn merge(into: &mut Vec<(u16, u32)>, mut from: Vec<(u16, u32)>) {
    if from.len() > into.len() {
        std::mem::swap(into, &mut from);
    }
    for value in from {
        if let Err(at) = into.binary_search(&value) {
            into.insert(at, value);
        }
    }
}
