//! Why a blocking rule brings two records together, or does not.

use std::sync::Arc;

use super::columns::{Column, Columns};
use super::error::Result;
use super::expression::Expression;
use super::form;
use super::model::{BlockingRule, Model};
use crate::cluster::NULL_CODE;

/// What a blocking rule makes of two records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// One a part of the rule's key.
    pub parts: Vec<KeyPart>,
    /// How many records share the key of the two, where they share one; the rarest where they share several.
    pub block: u32,
    /// Whether the rule brings them together.
    pub meet: bool,
}

/// A part of a key, between two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPart {
    Equal,
    Different,
    /// Equal, but a value that the rule leaves out.
    Excepted,
    /// Which of the two have no value.
    Missing {
        a: bool,
        b: bool,
    },
}

/// What each of the model's blocking rules makes of two records. Costs a pass over the columns a rule.
///
/// # Errors
/// When a rule names an unknown column.
pub fn meetings(model: &Model, columns: &Columns, a: u32, b: u32) -> Result<Vec<Meeting>> {
    let rules = model.blocking.iter();
    rules.map(|rule| meeting(rule, columns, a, b)).collect()
}

fn meeting(rule: &BlockingRule, columns: &Columns, a: u32, b: u32) -> Result<Meeting> {
    let evaluate = |of: &Expression| of.evaluate(columns);
    let key: Vec<_> = rule.on.iter().map(evaluate).collect::<Result<_>>()?;
    let mut parts: Vec<KeyPart> = key.iter().map(|column| part(column, a, b)).collect();
    let list = rule.list()?;
    let shared = list.map_or(Vec::new(), |at| shared(&key[at], a, b));
    if let Some(at) = list.filter(|at| parts[*at] == KeyPart::Different && !shared.is_empty()) {
        parts[at] = KeyPart::Equal;
    }
    let excepted = |element: &&str| list == Some(0) && rule.except.iter().any(|of| of == element);
    let shared: Vec<&str> = shared.into_iter().filter(|of| !excepted(of)).collect();
    if parts.first() == Some(&KeyPart::Equal) && is_excepted(rule, list, &key[0], &shared, a) {
        parts[0] = KeyPart::Excepted;
    }
    let block = match parts.iter().all(|part| *part == KeyPart::Equal) {
        true => smallest_block(&key, list, &shared, columns.records(), a),
        false => 0,
    };
    let fits = rule.records_max.is_none_or(|most| block <= most);
    Ok(Meeting {
        parts,
        block,
        meet: block > 0 && fits && !columns.one_source(a, b),
    })
}

/// The elements that two records' lists share.
fn shared(list: &Column, a: u32, b: u32) -> Vec<&str> {
    let (Some(a), Some(b)) = (list.held_by(a), list.held_by(b)) else {
        return Vec::new();
    };
    form::listed(a)
        .filter(|element| form::listed(b).any(|other| other == *element))
        .collect()
}

/// How many records have the key of two records who share one; of a list, the smallest of their blocks.
fn smallest_block(
    key: &[Arc<Column>],
    list: Option<usize>,
    shared: &[&str],
    records: usize,
    a: u32,
) -> u32 {
    let same = |record: &u32| {
        let mut parts = (0..key.len()).filter(|at| list != Some(*at));
        parts.all(|at| key[at].codes[*record as usize] == key[at].codes[a as usize])
    };
    let records: Vec<u32> = (0..records as u32).filter(same).collect();
    let Some(list) = list else {
        return records.len() as u32;
    };
    let holds = |record: u32, element: &str| {
        let held = key[list].held_by(record).unwrap_or_default();
        form::listed(held).any(|other| other == element)
    };
    let size = |element: &&str| records.iter().filter(|of| holds(**of, element)).count() as u32;
    shared.iter().map(size).min().unwrap_or(0)
}

fn part(column: &Column, a: u32, b: u32) -> KeyPart {
    let [a, b] = [a, b].map(|record| column.codes[record as usize]);
    match (a == NULL_CODE, b == NULL_CODE) {
        (false, false) if a == b => KeyPart::Equal,
        (false, false) => KeyPart::Different,
        (a, b) => KeyPart::Missing { a, b },
    }
}

/// Whether the rule leaves out what two records have in common in the first part of its key.
fn is_excepted(
    rule: &BlockingRule,
    list: Option<usize>,
    column: &Column,
    shared: &[&str],
    record: u32,
) -> bool {
    if list == Some(0) {
        return shared.is_empty();
    }
    let text = column.text(column.codes[record as usize]);
    text.is_some_and(|text| rule.except.iter().any(|except| except == text))
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;

    use super::{KeyPart, Meeting, meetings};
    use crate::matching::{BlockingRule, Blocks, Columns, Expression, Model};

    fn people() -> Columns {
        let name = StringArray::from(vec![
            Some("ann"),
            Some("ann"),
            Some("bo"),
            None,
            Some("ann"),
        ]);
        let town = StringArray::from(vec![
            Some("ulm"),
            Some("ulm"),
            Some("ulm"),
            None,
            Some("bern"),
        ]);
        let tags = StringArray::from(vec![
            Some("x;y"),
            Some("y; x"),
            Some("y;z"),
            Some("z"),
            Some(";"),
        ]);
        Columns::encode(&[("name", &name), ("town", &town), ("tags", &tags)]).unwrap()
    }

    fn rule(on: &[&str], records_max: Option<u32>, except: &[&str]) -> BlockingRule {
        BlockingRule {
            records_max,
            except: except.iter().map(ToString::to_string).collect(),
            ..BlockingRule::columns(on)
        }
    }

    fn tags(records_max: Option<u32>, except: &[&str]) -> BlockingRule {
        let list = Expression::List {
            of: "tags".into(),
            separator: ";".into(),
        };
        BlockingRule {
            on: vec![list],
            ..rule(&[], records_max, except)
        }
    }

    fn model() -> Model {
        let blocking = vec![
            rule(&["name", "town"], None, &[]),
            rule(&["name"], None, &["ann"]),
            rule(&["town"], Some(2), &[]),
            rule(&["name"], None, &[]),
            tags(Some(2), &[]),
            tags(None, &["x", "y"]),
        ];
        Model {
            blocking,
            comparisons: Vec::new(),
        }
    }

    #[test]
    fn a_rule_says_which_part_of_its_key_keeps_two_apart() {
        let says = |a, b| meetings(&model(), &people(), a, b).unwrap();
        let met = |parts: &[KeyPart], block, meet| Meeting {
            parts: parts.to_vec(),
            block,
            meet,
        };
        use KeyPart::{Different, Equal, Excepted, Missing};
        let first = says(0, 1);
        assert_eq!(first[0], met(&[Equal, Equal], 2, true));
        assert_eq!(first[1], met(&[Excepted], 0, false));
        assert_eq!(
            first[2],
            met(&[Equal], 3, false),
            "a block over records_max"
        );
        assert_eq!(says(0, 4)[0], met(&[Equal, Different], 0, false));
        assert_eq!(first[4], met(&[Equal], 2, true), "x is rarer than y");
        assert_eq!(first[5], met(&[Excepted], 0, false));
        assert_eq!(says(1, 2)[4], met(&[Equal], 3, false), "y alone is shared");
        assert_eq!(says(0, 3)[5], met(&[Different], 0, false));
        assert_eq!(says(2, 3)[5], met(&[Equal], 2, true));
        let nameless = Missing { a: false, b: true };
        assert_eq!(says(2, 3)[0], met(&[nameless, nameless], 0, false));
    }

    #[test]
    fn the_rules_together_say_what_blocks_say() {
        let (model, people) = (model(), people());
        let blocks = Blocks::new(&model.blocking, &people).unwrap();
        for (a, b) in (0..5)
            .flat_map(|a| (0..5).map(move |b| (a, b)))
            .filter(|(a, b)| a != b)
        {
            let meetings = meetings(&model, &people, a, b).unwrap();
            assert_eq!(
                meetings.iter().any(|of| of.meet),
                blocks.meet(a, b),
                "{a} {b}"
            );
        }
    }
}
