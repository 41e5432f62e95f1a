//! A person as text: profile with where each value came from, features, records, identifiers,
//! links, events, and the newest part of the timeline.

use c360_flow::{PersonView, Row};
use serde_json::Value;

use crate::grid::grid;
use crate::row_table::{shown, table};

/// The person; at most `timeline_length` entries of the timeline.
pub fn person(person: &PersonView, timeline_length: usize, wrap: bool) -> String {
    let mut sections = vec![match &person.resolved_from {
        Some(asked) => format!("person {} (now; asked for as {asked})", person.person_id),
        None => format!("person {}", person.person_id),
    }];
    let mut section = |title: &str, body: String| {
        if !body.is_empty() {
            sections.push(format!("{title}\n{body}"));
        }
    };
    if let Some(profile) = &person.profile {
        section("profile", fields(profile, &person.provenance, wrap));
    }
    for (table, row) in &person.features {
        section(table, fields(row, &Value::Null, wrap));
    }
    section("records", rows(&person.records, wrap));
    section("identifiers", rows(&person.identifiers, wrap));
    section("links", rows(&person.links, wrap));
    section("events", rows(&person.events, wrap));
    section("timeline", timeline(person, timeline_length, wrap));
    sections.join("\n\n")
}

/// One line a field that has a value.
fn fields(row: &Row, provenance: &Value, wrap: bool) -> String {
    let lines: Vec<Vec<String>> = row
        .iter()
        .filter(|(field, _)| *field != "person_id")
        .map(|(field, value)| vec![field.to_owned(), shown(value), origins(provenance, field)])
        .collect();
    let headers = [
        "field",
        "value",
        if provenance.is_null() { "" } else { "from" },
    ];
    if lines.is_empty() {
        String::new()
    } else {
        grid(&headers, &[], lines, wrap)
    }
}

/// One line a row, sorted.
fn rows(rows: &[Row], wrap: bool) -> String {
    let (headers, mut lines) = table(rows);
    if headers.is_empty() {
        return String::new();
    }
    lines.sort();
    grid(&headers, &[], lines, wrap)
}

fn timeline(person: &PersonView, length: usize, wrap: bool) -> String {
    if person.timeline.is_empty() {
        return String::new();
    }
    let lines = person
        .timeline
        .iter()
        .take(length)
        .map(|entry| vec![entry.at.clone(), entry.table.clone(), told(&entry.summary)])
        .collect();
    grid(&["at", "table", "what"], &[], lines, wrap)
}

/// The values of a row, on one line.
fn told(row: &Row) -> String {
    row.iter()
        .map(|(field, value)| format!("{field}={}", shown(value)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// `source record observed_at` of each value that the field was made from.
fn origins(provenance: &Value, field: &str) -> String {
    let origins = provenance.as_array().into_iter().flatten();
    let origin = |origin: &Value| {
        let parts = ["source", "record", "observed_at"].map(|part| &origin[part]);
        let texts = parts.map(|part| part.as_str().unwrap_or_default());
        texts.join(" ").trim_end().to_owned()
    };
    let texts: Vec<String> = origins
        .filter(|it| it["field"] == field)
        .map(origin)
        .collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).expect("JSON")
    }

    fn row(fields: &[(&str, &str)]) -> Row {
        fields
            .iter()
            .map(|(name, json)| ((*name).to_owned(), raw(json)))
            .collect()
    }

    #[test]
    fn a_column_that_only_a_later_row_has_is_shown() {
        let records = [
            row(&[("source", "\"crm\"")]),
            row(&[("source", "\"web\""), ("born", "\"1970-01-01\"")]),
        ];
        assert_eq!(
            rows(&records, false),
            "source  born\ncrm\nweb     1970-01-01"
        );
    }
}
