//! A contract against itself.

use std::collections::BTreeSet;

use jiff::civil;

use crate::document::Document;
use crate::settings::parse_instant;
use crate::{Column, Contract, DataType, Literal, spelling};

pub fn check_contract(document: &mut Document, contract: &Contract) {
    super::check_stem(document, "contract");
    check_key(document, contract);
    check_booleans(document, contract);
    let mut seen = BTreeSet::new();
    for (index, column) in contract.columns.iter().enumerate() {
        let pointer = format!("/columns/{index}");
        if !seen.insert(column.name.to_lowercase()) {
            let message = format!("a second column `{}`", column.name);
            let hint = "names must differ in more than upper and lower case".to_owned();
            document.report_value(&format!("{pointer}/name"), message, Some(hint));
        }
        check_column(document, &pointer, column);
    }
}

fn check_key(document: &mut Document, contract: &Contract) {
    let mut seen = BTreeSet::new();
    for (index, name) in contract.key.iter().enumerate() {
        let pointer = format!("/key/{index}");
        if contract.column(name).is_none() {
            let columns = contract.columns.iter().map(|column| column.name.as_str());
            let message = format!("key column `{name}` is not among the columns");
            document.report_value(&pointer, message, spelling::hint(name, columns));
        } else if !seen.insert(name) {
            let message = format!("key column `{name}` is named twice");
            document.report_value(&pointer, message, None);
        }
    }
}

fn check_booleans(document: &mut Document, contract: &Contract) {
    for (index, text) in contract.booleans.falsy.iter().enumerate() {
        if contract
            .booleans
            .truthy
            .iter()
            .any(|truthy| truthy.eq_ignore_ascii_case(text))
        {
            let message = format!("`{text}` means both true and false");
            document.report_value(&format!("/booleans/false/{index}"), message, None);
        }
    }
}

fn check_column(document: &mut Document, pointer: &str, column: &Column) {
    let data_type = column.data_type;
    let options = [
        ("formats", data_type.is_temporal(), "date and timestamp"),
        ("pattern", data_type == DataType::String, "string"),
        ("min", is_ordered(data_type), "number, date and timestamp"),
        ("max", is_ordered(data_type), "number, date and timestamp"),
    ];
    for (option, fits, of) in options {
        let pointer = format!("{pointer}/{option}");
        if !fits && document.has(&pointer) {
            let message = format!("`{option}` does not apply to type `{data_type}`");
            document.report_key(&pointer, message, Some(format!("it is for {of} columns")));
        }
    }
    for (index, value) in column.accepted_values.iter().enumerate() {
        check_literal(
            document,
            &format!("{pointer}/accepted_values/{index}"),
            data_type,
            value,
        );
    }
    if is_ordered(data_type) {
        check_range(document, pointer, column);
    }
}

fn check_range(document: &mut Document, pointer: &str, column: &Column) {
    let (min, max) = (column.min.as_ref(), column.max.as_ref());
    for (option, bound) in [("min", min), ("max", max)] {
        if let Some(bound) = bound {
            check_literal(
                document,
                &format!("{pointer}/{option}"),
                column.data_type,
                bound,
            );
        }
    }
    let position = |bound: Option<&Literal>| order(column.data_type, bound?.as_str());
    if let (Some(least), Some(greatest)) = (position(min), position(max))
        && least > greatest
    {
        document.report_value(
            &format!("{pointer}/min"),
            "`min` is above `max`".to_owned(),
            None,
        );
    }
}

fn check_literal(document: &mut Document, pointer: &str, data_type: DataType, value: &Literal) {
    if !is_of_type(data_type, value.as_str()) {
        let message = format!("`{value}` is no value of type `{data_type}`");
        document.report_value(pointer, message, None);
    }
}

fn is_ordered(data_type: DataType) -> bool {
    data_type.is_numeric() || data_type.is_temporal()
}

fn is_of_type(data_type: DataType, text: &str) -> bool {
    match data_type {
        DataType::Boolean => matches!(text, "true" | "false"),
        DataType::Int => text.parse::<i32>().is_ok(),
        DataType::Long => text.parse::<i64>().is_ok(),
        DataType::String => true,
        _ => order(data_type, text).is_some(),
    }
}

/// Where the value stands among its type's, near enough for telling which of two is greater.
fn order(data_type: DataType, text: &str) -> Option<f64> {
    match data_type {
        DataType::Date => {
            let date: civil::Date = text.parse().ok()?;
            Some(f64::from(
                date.duration_since(civil::Date::ZERO).as_hours() as i32
            ))
        }
        DataType::Timestamp | DataType::Timestamptz => {
            Some(parse_instant(text)?.as_microsecond() as f64)
        }
        DataType::Boolean | DataType::String => None,
        _ => text.parse::<f64>().ok().filter(|number| number.is_finite()),
    }
}
