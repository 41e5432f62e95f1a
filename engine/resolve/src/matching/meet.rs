//! Why a blocking rule brings two records together, or does not.

use super::columns::{Column, Columns};
use super::error::Result;
use super::expression::Expression;
use super::model::{BlockingRule, Model};
use crate::cluster::NULL_CODE;

/// What a blocking rule makes of two records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// One a part of the rule's key.
    pub parts: Vec<KeyPart>,
    /// How many records share the key of the two, where they share one.
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
    if let (Some(part), Some(column)) = (parts.first_mut(), key.first())
        && *part == KeyPart::Equal
        && is_excepted(rule, column, a)
    {
        *part = KeyPart::Excepted;
    }
    let share = parts.iter().all(|part| *part == KeyPart::Equal);
    let shares = |record: &usize| {
        let mut codes = key.iter().map(|column| &column.codes);
        codes.all(|codes| codes[*record] == codes[a as usize])
    };
    let block = match share {
        true => (0..columns.records()).filter(shares).count() as u32,
        false => 0,
    };
    let fits = rule.records_max.is_none_or(|most| block <= most);
    Ok(Meeting {
        parts,
        block,
        meet: share && fits && !columns.one_source(a, b),
    })
}

fn part(column: &Column, a: u32, b: u32) -> KeyPart {
    let [a, b] = [a, b].map(|record| column.codes[record as usize]);
    match (a == NULL_CODE, b == NULL_CODE) {
        (false, false) if a == b => KeyPart::Equal,
        (false, false) => KeyPart::Different,
        (a, b) => KeyPart::Missing { a, b },
    }
}

fn is_excepted(rule: &BlockingRule, column: &Column, record: u32) -> bool {
    let text = column.text(column.codes[record as usize]);
    text.is_some_and(|text| rule.except.iter().any(|except| except == text))
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;

    use super::{KeyPart, Meeting, meetings};
    use crate::matching::{BlockingRule, Blocks, Columns, Model};

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
        Columns::encode(&[("name", &name), ("town", &town)]).unwrap()
    }

    fn rule(on: &[&str], records_max: Option<u32>, except: &[&str]) -> BlockingRule {
        BlockingRule {
            records_max,
            except: except.iter().map(ToString::to_string).collect(),
            ..BlockingRule::columns(on)
        }
    }

    fn model() -> Model {
        let blocking = vec![
            rule(&["name", "town"], None, &[]),
            rule(&["name"], None, &["ann"]),
            rule(&["town"], Some(2), &[]),
            rule(&["name"], None, &[]),
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
