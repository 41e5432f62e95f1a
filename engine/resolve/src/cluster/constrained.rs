//! One component whose constraints matter: its links taken one by one.
//!
//! Knows nothing outside the component. Records are *members*, numbered in anchor order from 0.

use super::contest::contested;
use super::input::Rules;
use super::output::Refusal;

/// A component to resolve.
#[derive(Debug, Default)]
pub(super) struct Component {
    /// Places of the members, ascending.
    pub places: Vec<u32>,
    /// Steps in order: places involved (two or more) and whether it is a must-link.
    pub steps: Vec<ComponentStep>,
    /// (place, constraint, value code): what members hold of the constrained kinds and attributes.
    pub held: Vec<(u32, u16, u32)>,
    /// Cannot-links inside the component, as places.
    pub cannot: Vec<(u32, u32)>,
}

#[derive(Debug)]
pub(super) struct ComponentStep {
    pub slot: usize,
    pub must: bool,
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
    let contested = match step.must {
        true => Vec::new(),
        false => clusters.contested(members),
    };
    let mut founders = vec![members[0]];
    for (at, member) in members.iter().enumerate().skip(1) {
        let slot = step.slot + at - 1;
        let mut refused_by = None;
        let joined = founders.iter().find(|founder| {
            let joined = clusters.join(**founder, *member, step.must, &contested);
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

/// The constraints on a person: kinds first, guards after them, under one numbering.
#[derive(Debug)]
pub(super) struct Constraints {
    pub records_max: Option<u32>,
    /// The most distinct values, by constraint; None where a kind has no such limit.
    pub values_max: Vec<Option<u32>>,
    kinds: usize,
}

impl Constraints {
    pub fn of(rules: &Rules) -> Self {
        let kinds = rules.kinds.iter().map(|rule| rule.max_per_person);
        let guards = rules.guards.iter().map(|guard| Some(guard.max_per_person));
        Self {
            records_max: rules.person_records_max,
            values_max: kinds.chain(guards).collect(),
            kinds: rules.kinds.len(),
        }
    }

    fn refusal(&self, constraint: usize) -> Refusal {
        if constraint < self.kinds {
            let kind = constraint as u16;
            return Refusal::Identifier { kind };
        }
        let guard = (constraint - self.kinds) as u16;
        Refusal::Guard { guard }
    }
}

/// Disjoint sets of members; the smallest member is the root and carries what its cluster holds.
struct Clusters<'a> {
    constraints: &'a Constraints,
    parent: Vec<u32>,
    size: Vec<u32>,
    /// Distinct (constraint, value), sorted. Short: no longer than what the constraints allow.
    held: Vec<Vec<(u16, u32)>>,
    /// Members that must stay out.
    barred: Vec<Vec<u32>>,
}

impl<'a> Clusters<'a> {
    fn of(component: &Component, constraints: &'a Constraints) -> Self {
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
    fn contested(&mut self, members: &[u32]) -> Vec<u32> {
        let mut roots: Vec<u32> = members.iter().map(|member| self.find(*member)).collect();
        roots.sort_unstable();
        roots.dedup();
        if roots.len() < 3 {
            return Vec::new();
        }
        let admits = |a, b| self.admit(roots[a], roots[b], false).is_ok();
        let contested = contested(roots.len(), admits);
        let roots = roots.iter().zip(contested);
        roots.filter_map(|(root, is)| is.then_some(*root)).collect()
    }

    fn join(&mut self, a: u32, b: u32, must: bool, contested: &[u32]) -> Result<(), Refusal> {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return Ok(());
        }
        if contested.contains(&a) || contested.contains(&b) {
            return Err(Refusal::Contested);
        }
        self.admit(a, b, must)?;
        let (root, other) = (a.min(b), a.max(b));
        self.parent[other as usize] = root;
        self.size[root as usize] += self.size[other as usize];
        let barred = std::mem::take(&mut self.barred[other as usize]);
        append_smaller(&mut self.barred[root as usize], barred);
        let held = std::mem::take(&mut self.held[other as usize]);
        merge(&mut self.held[root as usize], held);
        Ok(())
    }

    fn admit(&mut self, a: u32, b: u32, must: bool) -> Result<(), Refusal> {
        if self.are_barred(a, b) {
            return Err(Refusal::CannotLink);
        }
        if must {
            return Ok(());
        }
        let size = self.size[a as usize] + self.size[b as usize];
        if self.constraints.records_max.is_some_and(|most| size > most) {
            return Err(Refusal::PersonRecordsMax);
        }
        let (a, b) = (&self.held[a as usize], &self.held[b as usize]);
        match exceeded(a, b, &self.constraints.values_max) {
            Some(constraint) => Err(self.constraints.refusal(constraint)),
            None => Ok(()),
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
