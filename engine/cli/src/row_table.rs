//! Rows of an answer as headers and lines of text.

use c360_flow::Row;
use serde_json::value::RawValue;

use crate::grid::grid;

/// Headers and lines. Rows leave out what they do not have, so the columns are the fields of any.
pub fn table(rows: &[Row]) -> (Vec<&str>, Vec<Vec<String>>) {
    let mut headers: Vec<&str> = Vec::new();
    for (field, _) in rows.iter().flat_map(Row::iter) {
        if !headers.contains(&field) {
            headers.push(field);
        }
    }
    let cell = |row: &Row, header: &str| row.get(header).map_or_else(String::new, shown);
    let line = |row: &Row| headers.iter().map(|header| cell(row, header)).collect();
    let lines = rows.iter().map(line).collect();
    (headers, lines)
}

/// The rows in their order, numbers to the right; nothing where there are none.
pub fn row_grid(rows: &[Row], wrap: bool) -> String {
    let (headers, lines) = table(rows);
    if headers.is_empty() {
        return String::new();
    }
    let numbers: Vec<&str> = (0..headers.len())
        .filter(|at| lines.iter().all(|line| line[*at].parse::<f64>().is_ok()))
        .map(|at| headers[at])
        .collect();
    grid(&headers, &numbers, lines, wrap)
}

/// Texts without their quotes, lists without brackets; numbers digit for digit.
pub fn shown(value: &RawValue) -> String {
    let json = value.get();
    if let Ok(text) = serde_json::from_str::<Option<String>>(json) {
        return text.unwrap_or_default();
    }
    match serde_json::from_str::<Vec<&RawValue>>(json) {
        Ok(values) => values.into_iter().map(shown).collect::<Vec<_>>().join(", "),
        Err(_) => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).expect("JSON")
    }

    #[test]
    fn values_are_shown_as_they_are() {
        assert_eq!(
            shown(&raw("12345678901234567.890")),
            "12345678901234567.890"
        );
        assert_eq!(shown(&raw("[\"a\", 1.50]")), "a, 1.50");
        assert_eq!(shown(&raw("{\"a\":1}")), "{\"a\":1}");
    }

    #[test]
    fn numbers_stand_to_the_right() {
        let row = |kind: &str, records: &str| -> Row {
            let fields = [
                ("kind", format!("\"{kind}\"")),
                ("records", records.to_owned()),
            ];
            fields
                .into_iter()
                .map(|(name, json)| (name.to_owned(), raw(&json)))
                .collect()
        };
        let rows = [row("email", "7"), row("phone", "12")];
        assert_eq!(
            row_grid(&rows, false),
            "kind   records\nemail        7\nphone       12"
        );
    }
}
