//! Why two records are not one person, or by what evidence they are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use c360_spec::IdentityJob;
use serde::Serialize;

use super::matching::why_not::{ModelView, look};
use super::record_name::check_two;
use super::two_persons::{LinkRow, TwoPersons};
use super::{RecordName, decisions, identifiers, links, matches, persons, records};
use crate::error::Result;
use crate::room::Room;

/// What there is to say about two records and their persons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyNot {
    /// The persons of the two.
    pub person_ids: [String; 2],
    /// How many records each person has.
    pub person_records: [usize; 2],
    pub same_person: bool,
    /// Whether candidate links connect the two, directly or through others.
    pub same_component: bool,
    /// Links that were followed from the one to the other, where they are one person.
    pub path: Vec<Step>,
    /// Values that both persons have.
    pub shared: Vec<Shared>,
    /// Links between the two persons that were refused, and by what.
    pub refused: Vec<Refused>,
    /// What stewards say of records of the two persons.
    pub decisions: Vec<Decided>,
    /// What the two would have too much of as one person.
    pub limits: Vec<Exceeded>,
    /// What the model holds of them, if the job declares one.
    pub model: Option<ModelView>,
    /// What would join them.
    pub remedies: Vec<String>,
}

/// A link that was followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub from: RecordName,
    pub to: RecordName,
    pub rule: String,
    /// A match's mean weight; none for identifiers and stewards.
    pub weight: Option<String>,
}

/// A value that both persons have. Which, is not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shared {
    pub kind: String,
    /// How many records have it.
    pub records: u64,
    /// Whether so many share it that it is nobody's.
    pub over_limit: bool,
    /// Whether the kind links at all.
    pub links: bool,
}

/// Links that were refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub rule: String,
    pub refused_by: String,
    pub links: u64,
}

/// A steward's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    pub a: RecordName,
    pub b: RecordName,
    pub same: bool,
}

/// Too many distinct values, or records, for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exceeded {
    /// `person_records_max`, a guard's attribute, or a kind of identifier.
    pub limit: String,
    pub most: u64,
    /// How many the two persons have together.
    pub together: u64,
}

/// Says why two records are one person, or are not.
pub async fn why_not(
    room: &Room<'_>,
    job: &IdentityJob,
    names: [&RecordName; 2],
) -> Result<WhyNot> {
    check_two(names)?;
    let mut inputs = vec![records(), identifiers(), links(), persons()];
    inputs.extend(job.matching.as_ref().map(|_| matches()));
    let mut inputs = room.input_tables(&inputs).await?;
    inputs.extend(room.input_table_if_any(&decisions()).await?);
    let session = room.runtime.session().with_tables(&inputs).await?;
    let both = TwoPersons::load(&session, job, names).await?;
    let model = match &job.matching {
        Some(matching) => Some(look(room, &session, job, matching, names).await?),
        None => None,
    };
    let mut told = WhyNot {
        person_records: [0, 1].map(|side| both.members[side].len()),
        same_person: both.person_ids[0] == both.person_ids[1],
        same_component: both.component_ids[0] == both.component_ids[1],
        path: Vec::new(),
        shared: Vec::new(),
        refused: refused(&both),
        decisions: both.decided.clone(),
        limits: both.exceeded(job),
        model,
        remedies: Vec::new(),
        person_ids: both.person_ids.clone(),
    };
    if told.same_person {
        told.path = path(&both.links, names);
        told.limits.clear();
    } else {
        told.shared = both.shared(job);
        told.remedies = remedies(&told);
    }
    Ok(told)
}

/// Links between the two persons that were refused, counted by rule and reason.
fn refused(both: &TwoPersons) -> Vec<Refused> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for link in &both.links {
        if let Some(reason) = &link.refused_by
            && both.between(link)
        {
            *counts.entry((&link.rule, reason)).or_default() += 1;
        }
    }
    let refused = counts
        .into_iter()
        .map(|((rule, refused_by), links)| Refused {
            rule: rule.to_owned(),
            refused_by: refused_by.to_owned(),
            links,
        });
    refused.collect()
}

/// The fewest followed links that lead from one record to the other.
fn path(links: &[LinkRow], [from, to]: [&RecordName; 2]) -> Vec<Step> {
    let mut next: BTreeMap<&RecordName, Vec<(&RecordName, &LinkRow)>> = BTreeMap::new();
    for link in links.iter().filter(|link| link.refused_by.is_none()) {
        next.entry(&link.a).or_default().push((&link.b, link));
        next.entry(&link.b).or_default().push((&link.a, link));
    }
    let mut came: BTreeMap<&RecordName, (&RecordName, &LinkRow)> = BTreeMap::new();
    let mut seen = BTreeSet::from([from]);
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        for (neighbour, link) in next.get(at).into_iter().flatten() {
            if seen.insert(neighbour) {
                came.insert(neighbour, (at, link));
                open.push_back(neighbour);
            }
        }
    }
    let mut steps = Vec::new();
    let mut at = to;
    while let Some((before, link)) = came.get(at) {
        steps.push(Step {
            from: (*before).clone(),
            to: at.clone(),
            rule: link.rule.clone(),
            weight: (link.rule == "model").then(|| link.evidence.clone()),
        });
        at = before;
    }
    steps.reverse();
    steps
}

/// What would join two persons, in the order in which a steward would try it.
fn remedies(told: &WhyNot) -> Vec<String> {
    let mut remedies = Vec::new();
    if told.decisions.iter().any(|decided| !decided.same) {
        remedies.push(
            "a steward said that they are two: c360 link of the same records takes that back"
                .to_owned(),
        );
    }
    for shared in told.shared.iter().filter(|shared| shared.over_limit) {
        remedies.push(format!(
            "identifiers.{}.limit.records of {} or more would let the value link",
            shared.kind, shared.records
        ));
    }
    for exceeded in &told.limits {
        let Exceeded {
            limit, together, ..
        } = exceeded;
        remedies.push(match limit.as_str() {
            "person_records_max" => format!("person_records_max of {together} or more"),
            _ => {
                format!("max_per_person of {together} for {limit}, or one value where it is wrong")
            }
        });
    }
    remedies.extend(told.model.as_ref().and_then(blocking_remedy));
    remedies.push("c360 link A B joins them, whatever limits, guards and weights say".to_owned());
    remedies
}

/// Where no rule brings two together that the model would join: the rule that lacks least.
fn blocking_remedy(model: &ModelView) -> Option<String> {
    let met = model.blocking.iter().any(|rule| rule.meet);
    if met || model.explanation.weight < model.threshold {
        return None;
    }
    let nearest = model.blocking.iter().min_by_key(|rule| rule.apart.len())?;
    Some(format!(
        "they are alike but never compared: a blocking rule that they share, nearest is {} ({})",
        nearest.rule,
        nearest.apart.join(", ")
    ))
}
