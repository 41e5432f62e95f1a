//! One JSON object a line: a chunk of whole lines becomes [`Cells`]. Numbers keep the digits that
//! the file has, so that decimals stay exact; nested values become their JSON text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::cells::{Broken, Cells, MISSING, Record, Span};

/// Which members of the objects are wanted, and where.
#[derive(Clone, Debug)]
pub struct Members {
    /// Member's name to column of [`Cells`]
    pub columns: HashMap<String, usize>,
    /// Whether an object with other members is broken
    pub refuse_others: bool,
}

/// Parses a chunk of whole lines. Empty lines are no records.
pub fn parse(text: String, members: &Members) -> Cells {
    let mut parser = Parser {
        members,
        base: text.len(),
        unescaped: String::new(),
    };
    let mut cells = Cells::new(String::new(), members.columns.len());
    let mut start = 0;
    let mut number = 0;
    for line in text.split_inclusive('\n') {
        let from = start;
        start += line.len();
        let record = line.trim();
        if record.is_empty() {
            continue;
        }
        let offset = from + (line.len() - line.trim_start().len());
        let record_at = Record {
            number,
            span: Span::new(offset, offset + record.len()),
        };
        number += 1;
        parser.record(record, offset, record_at, &mut cells);
    }
    cells.lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
    cells.text = text;
    cells.text.push_str(&parser.unescaped);
    cells
}

struct Parser<'a> {
    members: &'a Members,
    /// Strings that had escapes in them
    unescaped: String,
    /// Where `unescaped` will stand in the cells' text
    base: usize,
}

impl Parser<'_> {
    fn record(&mut self, line: &str, offset: usize, record: Record, cells: &mut Cells) {
        let mut values: Vec<Option<&RawValue>> = vec![None; self.members.columns.len()];
        let mut deserializer = serde_json::Deserializer::from_str(line);
        let seed = Object {
            members: self.members,
            values: &mut values,
        };
        let read = seed
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end());
        if let Err(error) = read {
            cells.broken.push(Broken {
                record,
                reason: reason(&error),
            });
            return;
        }
        for (column, value) in values.into_iter().enumerate() {
            let span = value.map_or(MISSING, |value| self.cell(value.get(), line, offset));
            cells.columns[column].push(span);
        }
        cells.records.push(record);
    }

    /// The cell of a value: a string without its quotes, anything else as it is written.
    fn cell(&mut self, value: &str, line: &str, offset: usize) -> Span {
        if value == "null" {
            return MISSING;
        }
        let at = offset + (value.as_ptr() as usize - line.as_ptr() as usize);
        let Some(inside) = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        else {
            return Span::new(at, at + value.len());
        };
        if !inside.contains('\\') {
            return Span::new(at + 1, at + 1 + inside.len());
        }
        let start = self.base + self.unescaped.len();
        let text: Result<String, _> = serde_json::from_str(value);
        self.unescaped.push_str(&text.unwrap_or_default());
        Span::new(start, self.base + self.unescaped.len())
    }
}

/// What is wrong with a line, without its content.
fn reason(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => match error.to_string().contains(OTHERS) {
            true => format!("holds {OTHERS}"),
            false => "is not a JSON object".to_owned(),
        },
        _ => format!("is not valid JSON at character {}", error.column()),
    }
}

const OTHERS: &str = "a member that the contract does not name";

/// Takes the wanted members of one object, as raw text.
struct Object<'s, 'de> {
    members: &'s Members,
    values: &'s mut [Option<&'de RawValue>],
}

impl<'de> DeserializeSeed<'de> for Object<'_, 'de> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            match self.members.columns.get(name.as_ref()) {
                Some(&column) => self.values[column] = Some(map.next_value()?),
                None if self.members.refuse_others => return Err(serde::de::Error::custom(OTHERS)),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn members(names: &[&str]) -> Members {
        let columns = names
            .iter()
            .enumerate()
            .map(|(at, name)| ((*name).to_owned(), at))
            .collect();
        Members {
            columns,
            refuse_others: false,
        }
    }

    fn check(text: &str, expected: &[[Option<&str>; 2]]) {
        let cells = parse(text.to_owned(), &members(&["a", "b"]));
        let rows: Vec<Vec<Option<&str>>> = (0..cells.records.len())
            .map(|row| {
                cells
                    .columns
                    .iter()
                    .map(|column| cells.get(column[row]))
                    .collect()
            })
            .collect();
        assert_eq!(rows, expected, "of {text:?}");
    }

    #[test]
    fn members_become_cells_whatever_their_order() {
        check("{\"b\":\"x\",\"a\":\"y\"}\n", &[[Some("y"), Some("x")]]);
        check(
            "{\"a\":null}\n\n {\"c\":{},\"b\":true}",
            &[[None, None], [None, Some("true")]],
        );
    }

    #[test]
    fn numbers_keep_their_digits() {
        let digits = "12345678901234567890.123456789012345678";
        check(
            &format!("{{\"a\":{digits},\"b\":1e3}}"),
            &[[Some(digits), Some("1e3")]],
        );
    }

    #[test]
    fn escapes_are_resolved_and_nested_values_stay_json() {
        check(
            "{\"a\":\"x\\n\\u00e9\",\"b\":[1, 2]}",
            &[[Some("x\né"), Some("[1, 2]")]],
        );
    }

    #[test]
    fn a_bad_line_is_broken_and_the_next_one_is_not() {
        let cells = parse(
            "{\"a\":1}\n{\"a\":\n[1]\n{\"a\":2}\n".into(),
            &members(&["a"]),
        );
        assert_eq!(cells.records.len(), 2);
        let reasons: Vec<_> = cells.broken.iter().map(|b| b.reason.as_str()).collect();
        assert_eq!(
            reasons,
            ["is not valid JSON at character 5", "is not a JSON object"]
        );
        assert_eq!(cells.broken[1].record.number, 2);
    }

    #[test]
    fn other_members_can_be_refused() {
        let strict = Members {
            refuse_others: true,
            ..members(&["a"])
        };
        let cells = parse("{\"a\":1,\"z\":2}".into(), &strict);
        assert_eq!(
            cells.broken[0].reason,
            "holds a member that the contract does not name"
        );
    }
}
