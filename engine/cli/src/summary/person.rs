//! A person as text: profile with where each value came from, features, records, identifiers,
//! links, events, and the newest part of the timeline.

use c360_flow::PersonView;
use serde_json::Value;

use crate::grid::grid;

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
    section("profile", fields(&person.profile, &person.provenance, wrap));
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
fn fields(row: &Value, provenance: &Value, wrap: bool) -> String {
    let Some(row) = row.as_object() else {
        return String::new();
    };
    let lines: Vec<Vec<String>> = row
        .iter()
        .filter(|(field, value)| !value.is_null() && *field != "person_id")
        .map(|(field, value)| vec![field.clone(), shown(value), origins(provenance, field)])
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

/// One line a row. Rows leave out what they do not have, so the columns are the fields of any.
fn rows(rows: &[Value], wrap: bool) -> String {
    let mut headers: Vec<&str> = Vec::new();
    for field in rows
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|row| row.keys())
    {
        if !headers.contains(&field.as_str()) {
            headers.push(field);
        }
    }
    if headers.is_empty() {
        return String::new();
    }
    let line = |row: &Value| headers.iter().map(|header| shown(&row[*header])).collect();
    let mut lines: Vec<Vec<String>> = rows.iter().map(line).collect();
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

/// The values of a row that say something, on one line.
fn told(row: &Value) -> String {
    let Some(row) = row.as_object() else {
        return shown(row);
    };
    let parts = row.iter().filter(|(_, value)| !value.is_null());
    parts
        .map(|(field, value)| format!("{field}={}", shown(value)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// `source record observed_at` of each value that the field was made from.
fn origins(provenance: &Value, field: &str) -> String {
    let origins = provenance.as_array().into_iter().flatten();
    let origin = |origin: &Value| {
        let parts = ["source", "record", "observed_at"].map(|part| shown(&origin[part]));
        parts.join(" ").trim_end().to_owned()
    };
    let texts: Vec<String> = origins
        .filter(|it| it["field"] == field)
        .map(origin)
        .collect();
    texts.join("; ")
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
