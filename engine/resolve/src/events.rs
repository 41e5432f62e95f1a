//! What became of person ids: the history through which an old id still finds its person.
//!
//! ```text
//!   old id no longer names a record ── all its records gone ──────────────▶ erased
//!                                   └─ its anchor record now in B ────────▶ merged into B
//!                                   └─ anchor gone, most records in B ────▶ merged into B
//!   new id ── all its records new ────────────────────────────────────────▶ created
//!          └─ some were A's, and A was not merged into it ────────────────▶ split from A
//! ```
//!
//! A record that moves between two ids that both stay makes no event: both ids still find their person.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::{HashMap, HashSet};

use crate::person_id::is_anchor;

/// One record and the person it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    pub source: &'a str,
    pub key: &'a str,
    pub person_id: &'a str,
}

/// What happened to a person id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// `to` is a person none of whose records was known before.
    Created,
    /// `from` names nobody any more; its person is `to`.
    Merged,
    /// `to` is new and has records that were `from`'s.
    Split,
    /// `from` names nobody any more, and none of its records is left.
    Erased,
}

impl Change {
    /// The word for it in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Merged => "merged",
            Self::Split => "split",
            Self::Erased => "erased",
        }
    }
}

/// One line of a person id's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event<'a> {
    pub change: Change,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
}

/// The events between two states of the touched persons, sorted by change, from, to.
///
/// `before` holds every record of every person that may have lost or changed one, `after` every record of every
/// person that has one of these records or a new one. A record stands in each at most once.
pub fn events<'a>(before: &[Member<'a>], after: &[Member<'a>]) -> Vec<Event<'a>> {
    let now: Persons = after
        .iter()
        .map(|m| ((m.source, m.key), m.person_id))
        .collect();
    let live: HashSet<&str> = after.iter().map(|m| m.person_id).collect();
    let old: HashSet<&str> = before.iter().map(|m| m.person_id).collect();
    let vanished = heirs(before, &now, &live);
    let mut events: Vec<Event> = vanished
        .iter()
        .map(|(from, heirs)| heirs.event(from))
        .collect();
    for (to, origins) in origins(before, after, &old) {
        if origins.is_empty() {
            events.push(Event {
                change: Change::Created,
                from: None,
                to: Some(to),
            });
        }
        let inherited = |from: &&str| vanished.get(from).and_then(Heirs::heir) == Some(to);
        events.extend(
            origins
                .into_iter()
                .filter(|from| !inherited(from))
                .map(|from| Event {
                    change: Change::Split,
                    from: Some(from),
                    to: Some(to),
                }),
        );
    }
    events.sort_unstable();
    events
}

type Persons<'a> = HashMap<(&'a str, &'a str), &'a str>;

/// Where the records of an id that is no more went.
#[derive(Default)]
struct Heirs<'a> {
    anchor: Option<&'a str>,
    records: BTreeMap<&'a str, u64>,
}

impl<'a> Heirs<'a> {
    fn heir(&self) -> Option<&'a str> {
        let most = self
            .records
            .iter()
            .rev()
            .max_by_key(|(_, records)| **records);
        self.anchor.or(most.map(|(person, _)| *person))
    }

    fn event(&self, from: &'a str) -> Event<'a> {
        let to = self.heir();
        let change = if to.is_some() {
            Change::Merged
        } else {
            Change::Erased
        };
        let from = Some(from);
        Event { change, from, to }
    }
}

fn heirs<'a>(
    before: &[Member<'a>],
    now: &Persons<'a>,
    live: &HashSet<&str>,
) -> BTreeMap<&'a str, Heirs<'a>> {
    let mut vanished: BTreeMap<&str, Heirs> = BTreeMap::new();
    for member in before
        .iter()
        .filter(|member| !live.contains(member.person_id))
    {
        let heirs = vanished.entry(member.person_id).or_default();
        if let Some(person) = now.get(&(member.source, member.key)) {
            *heirs.records.entry(person).or_default() += 1;
            if is_anchor(member.person_id, member.source, member.key) {
                heirs.anchor = Some(person);
            }
        }
    }
    vanished
}

/// For each new id the old ids of its records.
fn origins<'a>(
    before: &[Member<'a>],
    after: &[Member<'a>],
    old: &HashSet<&str>,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut new: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut records: HashMap<(&str, &str), &str> = HashMap::new();
    for member in after
        .iter()
        .filter(|member| !old.contains(member.person_id))
    {
        new.entry(member.person_id).or_default();
        records.insert((member.source, member.key), member.person_id);
    }
    for member in before {
        if let Some(to) = records.get(&(member.source, member.key)) {
            new.entry(to).or_default().insert(member.person_id);
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person_id;

    /// Records by number; a person is named by the number of its anchor. `after` lists (record, person).
    fn check(before: &[(u8, u8)], after: &[(u8, u8)], expected: &[&str]) {
        let names: Vec<(String, String)> = (0..10)
            .map(|record| {
                (
                    format!("k{record}"),
                    person_id("crm", &format!("k{record}")),
                )
            })
            .collect();
        let members = |pairs: &[(u8, u8)]| -> Vec<Member> {
            let member = |(record, person): &(u8, u8)| Member {
                source: "crm",
                key: &names[*record as usize].0,
                person_id: &names[*person as usize].1,
            };
            pairs.iter().map(member).collect()
        };
        let (mut old, mut new) = (members(before), members(after));
        let spelt = |id: Option<&str>| {
            let at = id.and_then(|id| names.iter().position(|name| name.1 == id));
            at.map_or("-".to_owned(), |at| at.to_string())
        };
        let mut found: Vec<String> = events(&old, &new)
            .iter()
            .map(|e| format!("{} {} {}", e.change.as_str(), spelt(e.from), spelt(e.to)))
            .collect();
        found.sort();
        assert_eq!(found, expected);
        let forward = events(&old, &new);
        old.reverse();
        new.reverse();
        assert_eq!(events(&old, &new), forward, "order of rows");
    }

    #[test]
    fn nothing_changed_is_no_event() {
        check(&[(0, 0), (1, 0)], &[(0, 0), (1, 0)], &[]);
        check(&[(0, 0)], &[(0, 0), (1, 0)], &[]);
        check(&[], &[], &[]);
    }

    #[test]
    fn new_records_make_new_persons() {
        check(
            &[],
            &[(0, 0), (1, 0), (2, 2)],
            &["created - 0", "created - 2"],
        );
    }

    #[test]
    fn the_older_id_survives_a_merge() {
        check(&[(0, 0), (1, 1)], &[(0, 0), (1, 0)], &["merged 1 0"]);
    }

    #[test]
    fn an_earlier_record_renames_a_person() {
        check(
            &[(1, 1), (2, 1)],
            &[(0, 0), (1, 0), (2, 0)],
            &["merged 1 0"],
        );
    }

    #[test]
    fn a_split_leaves_the_id_with_the_anchor() {
        check(
            &[(0, 0), (1, 0), (2, 0)],
            &[(0, 0), (1, 1), (2, 1)],
            &["split 0 1"],
        );
    }

    #[test]
    fn an_id_whose_anchor_moved_follows_the_anchor() {
        check(
            &[(0, 0), (1, 1), (2, 1), (3, 1)],
            &[(0, 0), (1, 0), (2, 2), (3, 2)],
            &["merged 1 0", "split 1 2"],
        );
    }

    #[test]
    fn an_id_whose_anchor_is_gone_follows_most_records() {
        check(
            &[(0, 0), (1, 0), (2, 0), (3, 0)],
            &[(1, 1), (2, 2), (3, 2)],
            &["merged 0 2", "split 0 1"],
        );
    }

    #[test]
    fn an_id_without_records_is_erased() {
        check(&[(0, 0), (1, 0), (2, 2)], &[(2, 2)], &["erased 0 -"]);
    }
}
