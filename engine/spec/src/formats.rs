//! What a text of a given `format` in our schemas must look like.

use jiff::fmt::strtime;
use jiff::{Timestamp, tz::TimeZone};
use regex::Regex;

use crate::data_type::{InvalidDataType, SIMPLE_TYPES};
use crate::settings::parse_instant;
use crate::table_name::is_plain_name;
use crate::{DataType, Length, MemoryLimit, TableName, spelling};

/// Why a text is not of its format.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    pub hint: Option<String>,
}

fn fault(message: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault {
        message: message.into(),
        hint: Some(hint.into()),
    }
}

/// Checks the text against the format of that name; unknown names accept every text.
pub fn check(format: &str, text: &str) -> Result<(), Fault> {
    match format {
        "plain-name" => plain_name(text),
        "table-name" => table_name(text),
        "data-type" => data_type(text),
        "regex" => regex(text),
        "strftime" => strftime(text),
        "instant" => instant(text),
        "memory-limit" => memory_limit(text),
        "sql-path" => sql_path(text),
        "data-path" => data_path(text),
        "ascii-character" => ascii_character(text),
        "region" => region(text),
        "window-length" => window_length(text),
        _ => Ok(()),
    }
}

/// A text that is of the format, to go on with where the one written is not.
pub fn stand_in(format: &str) -> Option<&'static str> {
    let text = match format {
        "table-name" => "unknown.unknown",
        "data-type" => "string",
        "regex" => "",
        "strftime" => "%F",
        "instant" => "1970-01-01",
        "memory-limit" => "70%",
        "sql-path" => "unknown.sql",
        "data-path" => "unknown",
        "connection" => "sqlite:unknown",
        "ascii-character" => ",",
        "region" => "AU",
        "window-length" => "all",
        _ => return None,
    };
    Some(text)
}

fn plain_name(text: &str) -> Result<(), Fault> {
    if is_plain_name(text) {
        return Ok(());
    }
    let hint = "a name starts with a lower-case letter and goes on with those, digits and `_`";
    Err(fault(format!("`{text}` is no plain name"), hint))
}

fn table_name(text: &str) -> Result<(), Fault> {
    if text.parse::<TableName>().is_ok() {
        return Ok(());
    }
    let message = format!("`{text}` is no table name");
    if is_plain_name(text) {
        return Err(fault(
            message,
            format!("name its namespace too, as in `customer.{text}`"),
        ));
    }
    Err(fault(
        message,
        "write `namespace.table` in lower-case letters, digits and `_`",
    ))
}

fn data_type(text: &str) -> Result<(), Fault> {
    match text.parse::<DataType>() {
        Ok(_) => Ok(()),
        Err(error @ InvalidDataType::Decimal(_)) => Err(Fault {
            message: error.to_string(),
            hint: is_cut_off(text).then(|| {
                "between braces YAML ends a value at a comma: write it in quotes, as in \"decimal(14,3)\"".to_owned()
            }),
        }),
        Err(error @ InvalidDataType::Unknown(_)) => {
            let names: Vec<&str> = SIMPLE_TYPES.iter().map(|(name, _)| *name).collect();
            let all = format!("one of {} or `decimal(p,s)`", spelling::listed(&names));
            let hint = match spelling::nearest(text, names.iter().copied()).or(synonym(text)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => all,
            };
            Err(fault(error.to_string(), hint))
        }
    }
}

/// Whether a bracket is open at the end.
fn is_cut_off(text: &str) -> bool {
    text.contains('(') && !text.contains(')')
}

/// What other systems call our types.
fn synonym(text: &str) -> Option<&'static str> {
    let name = match text.to_lowercase().as_str() {
        "text" | "varchar" | "str" | "utf8" => "string",
        "bigint" | "int64" => "long",
        "integer" | "int32" | "smallint" => "int",
        "numeric" | "number" => "decimal(14,2)",
        "float64" | "real" => "double",
        "datetime" => "timestamp",
        _ => return None,
    };
    Some(name)
}

fn regex(text: &str) -> Result<(), Fault> {
    let Err(error) = Regex::new(text) else {
        return Ok(());
    };
    // The last line of the error says what is wrong, those before it draw the pattern.
    let error = error.to_string();
    let reason = error.lines().last().unwrap_or_default().trim();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    Err(fault(
        format!("this regular expression does not compile: {reason}"),
        "single quotes keep YAML from reading backslashes",
    ))
}

fn strftime(text: &str) -> Result<(), Fault> {
    parses_what_it_prints(text).map_err(|reason| {
        fault(
            format!("`{text}` is no date format: {reason}"),
            "write it as in `%Y-%m-%d %H:%M:%S`",
        )
    })
}

/// A format is good for reading when what it prints can be read back and holds a date.
fn parses_what_it_prints(format: &str) -> Result<(), String> {
    let example = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let printed = strtime::format(format, &example).map_err(|error| error.to_string())?;
    let read = strtime::parse(format, &printed).map_err(|error| error.to_string())?;
    if read.to_date().is_ok() || read.to_timestamp().is_ok() {
        Ok(())
    } else {
        Err("it holds no whole date".to_owned())
    }
}

fn instant(text: &str) -> Result<(), Fault> {
    match parse_instant(text) {
        Some(_) => Ok(()),
        None => Err(fault(
            format!("`{text}` is no date or timestamp"),
            "write it as in `2011-12-10` or `2011-12-10T06:00:00Z`",
        )),
    }
}

fn memory_limit(text: &str) -> Result<(), Fault> {
    match text.parse::<MemoryLimit>() {
        Ok(_) => Ok(()),
        Err(_) => Err(fault(
            format!("`{text}` is no memory limit"),
            "write a share such as `70%` or a size such as `8GiB`",
        )),
    }
}

fn sql_path(text: &str) -> Result<(), Fault> {
    let outside = text.starts_with('/') || leaves_its_folder(text);
    if outside {
        return Err(fault(
            format!("`{text}` lies outside the project"),
            "write the path from the project's folder, as in `sql/orders.sql`",
        ));
    }
    if !text.ends_with(".sql") {
        return Err(fault(
            format!("`{text}` is no `.sql` file"),
            "name a file of the folder `sql`",
        ));
    }
    Ok(())
}

fn data_path(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(fault(
            "the path is empty",
            "name a file or a glob, as in `orders*.csv`",
        ));
    }
    if leaves_its_folder(text) {
        return Err(fault(
            format!("`{text}` leaves the data folder"),
            "set `data` in c360.yaml to a folder that holds all sources",
        ));
    }
    Ok(())
}

fn leaves_its_folder(path: &str) -> bool {
    path.contains('\\') || path.split('/').any(|part| part == "..")
}

fn ascii_character(text: &str) -> Result<(), Fault> {
    if text.len() == 1 && text.is_ascii() {
        return Ok(());
    }
    let hint = "a tab is written \"\\t\" in double quotes";
    Err(fault(format!("`{text}` is not one ASCII character"), hint))
}

fn window_length(text: &str) -> Result<(), Fault> {
    match text.parse::<Length>() {
        Ok(_) => Ok(()),
        Err(error) => Err(fault(
            error.to_string(),
            "write days, a century at most, as in `30d`, or `all`",
        )),
    }
}

fn region(text: &str) -> Result<(), Fault> {
    if text.len() == 2 && text.chars().all(|c| c.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(fault(
        format!("`{text}` is no country"),
        "two capital letters, as in `AU`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(format: &str, texts: &[&str]) {
        for text in texts {
            assert_eq!(check(format, text), Ok(()), "{text}");
        }
    }

    fn refuses(format: &str, texts: &[&str]) {
        for text in texts {
            assert!(check(format, text).is_err(), "{text}");
        }
    }

    #[test]
    fn date_formats_must_read_a_whole_date() {
        accepts(
            "strftime",
            &["%Y%m%d", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y", "%s", "%d %b %Y"],
        );
        accepts(
            "strftime",
            &["%Y-%m-%dT%H:%M:%S%.f%:z", "%F %T", "%m/%d/%y %H:%M"],
        );
        refuses("strftime", &["%H:%M", "%Y-%m", "%Q!", "yyyy-MM-dd", "%"]);
    }

    #[test]
    fn stand_ins_are_of_their_format() {
        let formats = [
            "table-name",
            "data-type",
            "regex",
            "strftime",
            "instant",
            "memory-limit",
        ];
        let others = [
            "sql-path",
            "data-path",
            "connection",
            "ascii-character",
            "region",
            "window-length",
        ];
        for format in formats.into_iter().chain(others) {
            accepts(format, &[stand_in(format).expect("a stand-in")]);
        }
    }

    #[test]
    fn paths_stay_inside_the_project() {
        accepts("sql-path", &["sql/orders.sql", "sql/checks/none..odd.sql"]);
        refuses(
            "sql-path",
            &[
                "/etc/orders.sql",
                "../orders.sql",
                "sql/../../x.sql",
                "sql/x.txt",
            ],
        );
        accepts(
            "data-path",
            &["orders*.csv", "s3://bucket/orders.csv", "2011/*.csv"],
        );
        refuses("data-path", &["../orders.csv", ""]);
    }

    #[test]
    fn types_of_other_systems_are_recognised() {
        let fault = check("data-type", "varchar").expect_err("no type of ours");
        assert_eq!(fault.hint.as_deref(), Some("did you mean `string`?"));
        refuses("data-type", &["decimal(3,9)", "decimal(39,2)", "decimal"]);
        accepts("data-type", &["decimal(14, 3)", "timestamptz"]);
    }
}
