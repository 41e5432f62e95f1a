//! What a query engine says about a failed query, in our own words: the column with its nearest
//! spelling instead of a list of all columns, and no value of any row.

use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

/// Why the query failed, and what to do about it where that is known.
pub fn explained(error: &DataFusionError) -> (String, Option<String>) {
    match error.find_root() {
        DataFusionError::SchemaError(schema_error, _) => schema_failure(schema_error),
        DataFusionError::SQL(parser_error, _) => (parser_failure(parser_error), None),
        // only errors of execution have seen a row
        root @ (DataFusionError::Plan(_) | DataFusionError::NotImplemented(_)) => {
            (said(root), None)
        }
        root => (masked(&said(root)), None),
    }
}

fn schema_failure(error: &SchemaError) -> (String, Option<String>) {
    let SchemaError::FieldNotFound {
        field,
        valid_fields,
    } = error
    else {
        return (error.to_string(), None);
    };
    let message = format!("there is no column `{}`", field.flat_name());
    (message, nearest(field, valid_fields))
}

/// The column that was probably meant, else those there are.
fn nearest(wanted: &Column, columns: &[Column]) -> Option<String> {
    let word = wanted.name.to_lowercase();
    let slips_max = (word.chars().count() / 3).max(1);
    let near = columns
        .iter()
        .map(|column| {
            (
                strsim::osa_distance(&word, &column.name.to_lowercase()),
                column,
            )
        })
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, column)| column);
    let like = || {
        columns
            .iter()
            .find(|column| column.name.to_lowercase().contains(&word))
    };
    if let Some(column) = near.or_else(like) {
        return Some(format!("did you mean `{}`?", column.name));
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    match names.len() {
        0 => None,
        1..=12 => Some(format!("there are {}", names.join(", "))),
        count => Some(format!(
            "there are {count} columns: `c360 schema` lists them"
        )),
    }
}

fn parser_failure(error: &ParserError) -> String {
    match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.clone(),
        ParserError::RecursionLimitExceeded => "the statement is nested too deeply".to_owned(),
    }
}

fn said(error: &DataFusionError) -> String {
    let said = error.strip_backtrace();
    match said.split_once(" error: ") {
        Some((_, message)) => message.to_owned(),
        None => said,
    }
}

/// The text with everything between quotes hidden: it may come from a row.
fn masked(text: &str) -> String {
    let mut hidden = String::new();
    let mut quote = None;
    for letter in text.chars() {
        match quote {
            None => {
                hidden.push(letter);
                if letter == '\'' || letter == '"' {
                    quote = Some(letter);
                    hidden.push('…');
                }
            }
            Some(open) if open == letter => {
                hidden.push(letter);
                quote = None;
            }
            Some(_) => {}
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(column: &str, columns: &[&str]) -> (String, Option<String>) {
        let error = SchemaError::FieldNotFound {
            field: Box::new(Column::from_name(column)),
            valid_fields: columns
                .iter()
                .map(|name| Column::from_name(*name))
                .collect(),
        };
        schema_failure(&error)
    }

    #[test]
    fn a_missing_column_comes_with_its_nearest_spelling() {
        let (message, hint) = missing("agee", &["id", "age"]);
        assert_eq!(message, "there is no column `agee`");
        assert_eq!(hint.as_deref(), Some("did you mean `age`?"));
        assert_eq!(
            missing("gross", &["id", "gross_revenue"]).1.as_deref(),
            Some("did you mean `gross_revenue`?")
        );
        assert_eq!(
            missing("zzz", &["id", "age"]).1.as_deref(),
            Some("there are id, age")
        );
    }

    #[test]
    fn values_of_rows_are_hidden() {
        assert_eq!(
            masked("Cannot cast string 'a@b.example' to value of Int32 type"),
            "Cannot cast string '…' to value of Int32 type"
        );
        assert_eq!(masked("an open 'quote"), "an open '…");
    }
}
