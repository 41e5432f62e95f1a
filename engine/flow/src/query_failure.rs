//! What a query engine says about a failed query, in our own words: the column with its nearest
//! spelling instead of a list of all columns, and no value of any row.

use c360_spec::spelling;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

use crate::error::{is_regex_of_row, store_error};

const MORE_MEMORY: &str = "raise --memory-limit, or give the run fewer --threads";

/// What DataFusion puts before what it says of a plan.
const PLANNING: &str = "Error during planning: ";

/// Why the query failed, and what to do about it where that is known.
pub fn explained(error: &DataFusionError) -> (String, Option<String>) {
    // what a store says of a file is no row's value
    if let Some(error) = store_error(error) {
        return (error.to_string(), None);
    }
    if is_regex_of_row(error) {
        return ("a regular expression does not parse".to_owned(), None);
    }
    if let Some(filter) = failed_filter(error) {
        return (filter, None);
    }
    match error.find_root() {
        DataFusionError::SchemaError(schema_error, _) => schema_failure(schema_error),
        DataFusionError::SQL(parser_error, _) => (parser_failure(parser_error), None),
        // only errors of execution have seen a row
        root @ DataFusionError::ResourcesExhausted(_) => (said(root), Some(MORE_MEMORY.to_owned())),
        root @ DataFusionError::Plan(_) => planning_failure(&root.strip_backtrace()),
        root @ (DataFusionError::NotImplemented(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::IoError(_)) => (said(root), None),
        DataFusionError::ArrowError(error, _) => (kernel_failure(error), None),
        root => (masked(&said(root)), None),
    }
}

/// A filter that failed while rows were read: of the error in it only the text is left, values and all.
fn failed_filter(error: &DataFusionError) -> Option<String> {
    let said = error.to_string();
    let (_, cause) = said.split_once("Error evaluating filter predicate: ")?;
    let message = cause
        .split_once("\")")
        .map_or(cause, |(message, _)| message);
    Some(match target(message) {
        Some(data_type) => format!("a value cannot be cast to {data_type}"),
        None => "a filter cannot be computed of a row".to_owned(),
    })
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
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let word = wanted.name.to_lowercase();
    let like = || {
        let mut names = names.iter().copied();
        names.find(|name| name.to_lowercase().contains(&word))
    };
    if let Some(name) = spelling::nearest(&word, names.iter().copied()).or_else(like) {
        return Some(match is_plain(name) {
            true => format!("did you mean `{name}`?"),
            false => format!("did you mean `\"{name}\"`? such a name takes double quotes"),
        });
    }
    match names.len() {
        0 => None,
        1..=12 => Some(format!("there are {}", names.join(", "))),
        count => Some(format!(
            "there are {count} columns: `c360 schema` lists them"
        )),
    }
}

/// Whether SQL finds the column by its name alone: without quotes, capitals are read as small letters.
fn is_plain(name: &str) -> bool {
    let is_of_words = |letter: char| letter == '_' || letter.is_lowercase() || letter.is_numeric();
    name.chars().all(is_of_words) && !name.starts_with(char::is_numeric)
}

/// Of a call that fits no function, DataFusion lists every signature that it knows. Told are the call and, where the
/// function says it, why.
fn planning_failure(said: &str) -> (String, Option<String>) {
    let said = said.strip_prefix(PLANNING).unwrap_or(said);
    let Some((why, rest)) =
        said.split_once("No function matches the given name and argument types '")
    else {
        return (said.to_owned(), None);
    };
    let call = rest.split_once("'. ").map_or(rest, |(call, _)| call);
    let function = call.split_once('(').map_or(call, |(name, _)| name);
    let why = objection(why).map_or_else(String::new, |why| format!(": {why}"));
    let hint = format!(
        "`c360 functions {function}` tells what it takes; CAST(… AS DOUBLE) makes a number of a text"
    );
    (format!("no function matches `{call}`{why}"), Some(hint))
}

/// What the function itself says of its arguments.
fn objection(said: &str) -> Option<String> {
    let (before, quoted) = said.split_once("user-defined coercion failed with \"")?;
    if before.contains("failed to match any signature") {
        return None;
    }
    let (why, _) = quoted.rsplit_once('"')?;
    let why = why.replace("\\\"", "\"");
    let mut kinds = [PLANNING, "Execution error: "].into_iter();
    let plain = kinds.find_map(|kind| why.strip_prefix(kind).map(str::to_owned));
    Some(plain.unwrap_or(why))
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

/// What went wrong with values, without their values. These errors quote them in many ways, and not all with quotes:
/// so only what sort of error it is is told, and the type where there is one.
pub fn kernel_failure(error: &ArrowError) -> String {
    match error {
        ArrowError::CastError(message) | ArrowError::ParseError(message) => match target(message) {
            Some(data_type) => format!("a value cannot be cast to {data_type}"),
            None => "a value cannot be cast".to_owned(),
        },
        ArrowError::ArithmeticOverflow(_) => "a number grows beyond its type".to_owned(),
        ArrowError::DivideByZero => "a number is divided by zero".to_owned(),
        ArrowError::ComputeError(_) => "a value cannot be computed".to_owned(),
        other => masked(&other.to_string()),
    }
}

/// The type that a value could not be cast to.
fn target(message: &str) -> Option<DataType> {
    ["to type ", "to value of ", "cast to "]
        .iter()
        .filter_map(|before| message.rsplit_once(before))
        .find_map(|(_, rest)| {
            let rest = rest.split_once(". ").map_or(rest, |(name, _)| name);
            let name = rest.strip_suffix(" type").unwrap_or(rest);
            name.parse().ok()
        })
}

/// The text without what may come from a row: all from a sort of quote's first to its last, and words with digits that
/// are no types. A value may hold quotes itself, so nothing in between is trusted.
fn masked(text: &str) -> String {
    let text = unquoted(&unquoted(text, '\''), '"');
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut hidden = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let end = rest
            .find(|letter| is_word(letter) != is_word(first))
            .unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        let is_telling = part.chars().any(char::is_numeric) && part.parse::<DataType>().is_err();
        hidden += if is_telling { "…" } else { part };
        rest = behind;
    }
    hidden
}

/// The text with a quote's first to last place hidden; one without a fellow hides the rest.
fn unquoted(text: &str, quote: char) -> String {
    let Some(first) = text.find(quote) else {
        return text.to_owned();
    };
    let behind = match text.rfind(quote) {
        Some(last) if last > first => &text[last..],
        _ => "",
    };
    format!("{}{quote}…{behind}", &text[..first])
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
    fn a_column_that_needs_quotes_is_suggested_in_quotes() {
        for (wanted, column) in [("name", "Name"), ("full_name", "full name")] {
            let hint = format!("did you mean `\"{column}\"`? such a name takes double quotes");
            assert_eq!(missing(wanted, &["id", column]).1, Some(hint));
        }
    }

    #[test]
    fn a_call_that_fits_no_function_is_told_without_those_that_would() {
        let candidates =
            "'. You might need to add explicit type casts.\n\tCandidate functions:\n\tf(Any)";
        let check = |why: &str, told: &str| {
            let said = format!(
                "{PLANNING}{why} No function matches the given name and argument types 'f(Utf8, Int64){candidates}"
            );
            let (message, hint) = planning_failure(&said);
            assert_eq!(message, told);
            assert!(
                hint.is_some_and(|hint| hint.contains("c360 functions f") && hint.contains("CAST"))
            );
        };
        check(
            "Internal error: Function 'f' failed to match any signature, errors: many.",
            "no function matches `f(Utf8, Int64)`",
        );
        check(
            "Execution error: Function 'f' user-defined coercion failed with \"Error during planning: f: x must be \\\"a\\\"\"",
            "no function matches `f(Utf8, Int64)`: f: x must be \"a\"",
        );
        assert_eq!(
            planning_failure("Error during planning: table 'x' not found").0,
            "table 'x' not found"
        );
    }

    fn kernel(error: ArrowError) -> String {
        explained(&DataFusionError::ArrowError(Box::new(error), None)).0
    }

    #[test]
    fn failed_casts_tell_their_type_and_no_value() {
        for (message, told) in [
            (
                "Cannot cast string 'O'Brien' to value of Int32 type",
                "a value cannot be cast to Int32",
            ),
            (
                "Can't cast value 4111111111111111 to type Int32",
                "a value cannot be cast to Int32",
            ),
            (
                "Cannot cast to Decimal128(10, 2). Overflowing on 4111111111111111",
                "a value cannot be cast to Decimal128(10, 2)",
            ),
            (
                "Cannot cast string 'pay to type Smith' to Smith",
                "a value cannot be cast",
            ),
        ] {
            assert_eq!(kernel(ArrowError::CastError(message.to_owned())), told);
        }
    }

    #[test]
    fn failed_filters_tell_no_value() {
        let check = |cause: &str, told: &str| {
            let said = format!("Compute error: Error evaluating filter predicate: {cause}");
            let error = DataFusionError::External(said.into());
            assert_eq!(explained(&error).0, told);
        };
        check(
            "ArrowError(CastError(\"Cannot cast string 'Anna' to value of Int32 type\"), Some(\"\"))",
            "a value cannot be cast to Int32",
        );
        check(
            "External(regex parse error:\n    (Anna\n    ^\nerror: unclosed group)",
            "a filter cannot be computed of a row",
        );
    }

    #[test]
    fn failed_sums_tell_no_numbers() {
        let message = "Overflow happened on: 4111111111111111 * 3".to_owned();
        assert_eq!(
            kernel(ArrowError::ArithmeticOverflow(message)),
            "a number grows beyond its type"
        );
    }

    #[test]
    fn values_of_rows_are_hidden() {
        assert_eq!(
            masked("Cannot read 'O'Brien' as Int32 in row 4111 of A437028896"),
            "Cannot read '…' as Int32 in row … of …"
        );
        assert_eq!(masked("found \"a\" and 'b'"), "found \"…\" and '…'");
        assert_eq!(masked("an open 'quote"), "an open '…");
    }
}
