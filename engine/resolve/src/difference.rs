//! How persons differ between two states: which are merged, which are split, and which records change hands.

use std::collections::BTreeMap;

use crate::events::Member;

/// What becomes of persons.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference<'a> {
    /// Persons with the same records as before.
    pub unchanged: u64,
    /// Persons that hold records of several persons before. The largest first.
    pub merged: Vec<Regrouped<'a>>,
    /// Persons whose records are in several persons afterwards. The largest first.
    pub split: Vec<Regrouped<'a>>,
    /// Records whose person has another id.
    pub moved: u64,
    /// Records that were not known before.
    pub appeared: u64,
    /// Records that are known no more.
    pub gone: u64,
}

/// A person on one side of the change, and the first record of each of its parts on the other, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regrouped<'a> {
    pub person_id: &'a str,
    /// How many records it has.
    pub records: u64,
    /// Source and key of each part's first record.
    pub parts: Vec<(&'a str, &'a str)>,
}

type Name<'a> = (&'a str, &'a str);

impl<'a> Difference<'a> {
    /// Compares two states, each with all records, in any order.
    pub fn between(before: &[Member<'a>], after: &[Member<'a>]) -> Self {
        let (was, is) = (by_name(before), by_name(after));
        let (old, new) = (persons(&was), persons(&is));
        let differs = |name: &&Name| is.get(*name).is_some_and(|id| *id != was[*name]);
        let same = |names: &&Vec<Name<'a>>| {
            let origin = was.get(&names[0]);
            origin.is_some_and(|id| old[id] == **names)
        };
        Self {
            unchanged: new.values().filter(same).count() as u64,
            merged: regrouped(&new, &was),
            split: regrouped(&old, &is),
            moved: was.keys().filter(differs).count() as u64,
            appeared: is.keys().filter(|name| !was.contains_key(*name)).count() as u64,
            gone: was.keys().filter(|name| !is.contains_key(*name)).count() as u64,
        }
    }
}

fn by_name<'a>(members: &[Member<'a>]) -> BTreeMap<Name<'a>, &'a str> {
    let named = members.iter().map(|of| ((of.source, of.key), of.person_id));
    named.collect()
}

/// The records of each person, by name.
fn persons<'a>(members: &BTreeMap<Name<'a>, &'a str>) -> BTreeMap<&'a str, Vec<Name<'a>>> {
    let mut persons: BTreeMap<&str, Vec<Name>> = BTreeMap::new();
    for (name, person) in members {
        persons.entry(person).or_default().push(*name);
    }
    persons
}

/// The persons whose records are in several on the other side.
fn regrouped<'a>(
    persons: &BTreeMap<&'a str, Vec<Name<'a>>>,
    other: &BTreeMap<Name<'a>, &'a str>,
) -> Vec<Regrouped<'a>> {
    let regroup = |(person_id, names): (&&'a str, &Vec<Name<'a>>)| {
        let mut parts: BTreeMap<&str, Name> = BTreeMap::new();
        for name in names {
            if let Some(id) = other.get(name) {
                parts.entry(id).or_insert(*name);
            }
        }
        let mut parts: Vec<Name> = parts.into_values().collect();
        parts.sort_unstable();
        (parts.len() > 1).then_some(Regrouped {
            person_id,
            records: names.len() as u64,
            parts,
        })
    };
    let mut found: Vec<Regrouped> = persons.iter().filter_map(regroup).collect();
    found.sort_by_key(|of| std::cmp::Reverse(of.records));
    found
}

#[cfg(test)]
mod tests {
    use super::Difference;
    use crate::events::Member;

    /// `"A: 1 2, B: 3"` as members of one source.
    fn members(text: &'static str) -> Vec<Member<'static>> {
        let person = |text: &'static str| {
            let (person_id, keys) = text.split_once(": ").unwrap();
            keys.split(' ').map(move |key| Member {
                source: "s",
                key,
                person_id,
            })
        };
        text.split(", ").flat_map(person).collect()
    }

    #[test]
    fn persons_are_merged_split_or_as_they_were() {
        let (before, after) = (
            members("A: 1 2, B: 3, C: 4 5, D: 6"),
            members("A: 1 2 3, C: 4, E: 5, D: 6"),
        );
        let found = Difference::between(&before, &after);
        assert_eq!(found.unchanged, 1);
        assert_eq!(found.moved, 2);
        assert_eq!(found.merged.len(), 1);
        assert_eq!(found.merged[0].person_id, "A");
        assert_eq!(found.merged[0].parts, [("s", "1"), ("s", "3")]);
        assert_eq!(found.split.len(), 1);
        assert_eq!(found.split[0].parts, [("s", "4"), ("s", "5")]);
    }

    #[test]
    fn records_come_and_go() {
        let (before, after) = (members("A: 1 2, B: 3"), members("A: 1, B: 3 4"));
        let found = Difference::between(&before, &after);
        assert_eq!((found.unchanged, found.moved), (0, 0));
        assert_eq!((found.appeared, found.gone), (1, 1));
        assert!(found.merged.is_empty() && found.split.is_empty());
    }

    #[test]
    fn the_same_is_no_difference() {
        let (one, mut other) = (members("A: 1 2, B: 3"), members("A: 1 2, B: 3"));
        other.reverse();
        let found = Difference::between(&one, &other);
        assert_eq!(found.unchanged, 2);
        assert_eq!(
            found,
            Difference {
                unchanged: 2,
                ..Difference::default()
            }
        );
    }
}
