//! Forms of a value that a distance needs, computed once a distinct value.

use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::Date32Type;

use super::columns::Column;

/// What a calendar date is stored as: days since 1970, and the days of the date with day and month swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub days: i32,
    /// None where the swap makes no date (a 13th month).
    pub swapped: Option<i32>,
}

/// A form of each distinct value; None where the value has none.
pub(super) fn each<T>(column: &Column, form: impl Fn(&str) -> Option<T>) -> Vec<Option<T>> {
    let codes = 0..column.distinct() as u32;
    codes
        .map(|code| column.text(code).and_then(&form))
        .collect()
}

/// `2001-12-31`, `2001-1-5` or `20011231`.
pub(super) fn date(text: &str) -> Option<Date> {
    let (year, month, day) = year_month_day(text)?;
    let days =
        |month: &str, day: &str| Date32Type::parse(&format!("{year:0>4}-{month:0>2}-{day:0>2}"));
    Some(Date {
        days: days(month, day)?,
        swapped: days(day, month),
    })
}

fn year_month_day(text: &str) -> Option<(&str, &str, &str)> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((&text[..4], &text[4..6], &text[6..]));
    }
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    (year.len() == 4).then_some((year, month, day))
}

/// A finite decimal number.
pub(super) fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// One text for all ways to write a number (`10`, `10.0`, `1e1`).
pub(super) fn number_text(text: &str) -> Option<String> {
    // There is a negative zero, and it is zero.
    number(text).map(|number| (number + 0.0).to_string())
}

/// Latitude and longitude in degrees as one text, if they are angles on the Earth.
pub(super) fn place_text(latitude: &str, longitude: &str) -> Option<String> {
    let angle = |text: &str, most: f64| number(text).filter(|angle| angle.abs() <= most);
    let (latitude, longitude) = (angle(latitude, 90.0)?, angle(longitude, 180.0)?);
    Some(format!("{},{}", latitude + 0.0, longitude + 0.0))
}

/// Latitude and longitude in radians, from degrees (`48.2,16.37`).
pub(super) fn place(text: &str) -> Option<(f64, f64)> {
    let (latitude, longitude) = text.split_once(',')?;
    Some((
        number(latitude)?.to_radians(),
        number(longitude)?.to_radians(),
    ))
}

/// The elements of a list, ascending, each once.
pub(super) fn elements(text: &str) -> Option<Vec<String>> {
    let mut elements: Vec<String> = text.split(SEPARATOR).map(str::to_owned).collect();
    elements.sort_unstable();
    elements.dedup();
    Some(elements)
}

/// A longer list is a heap that says nothing of a person.
pub(super) const ELEMENTS_MAX: usize = 50;

/// One text for all lists of the same elements: each once, ascending, without the blanks around them.
pub(super) fn list_text(text: &str, separator: &str) -> Option<String> {
    // What stands between elements in the end is no part of one.
    let elements = text.split(separator).flat_map(|part| part.split(SEPARATOR));
    let elements = elements.map(str::trim);
    let mut elements: Vec<&str> = elements.filter(|element| !element.is_empty()).collect();
    elements.sort_unstable();
    elements.dedup();
    let some = (1..=ELEMENTS_MAX).contains(&elements.len());
    some.then(|| elements.join(&SEPARATOR.to_string()))
}

/// The elements of a list that [`list_text`] wrote.
pub(super) fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(SEPARATOR)
}

/// Stands between the elements of a list that is handed in as one text: the unit separator of ASCII.
const SEPARATOR: char = '\u{1f}';

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_days_since_1970() {
        let days = |text| date(text).map(|date| date.days);
        assert_eq!(days("1970-01-01"), Some(0));
        assert_eq!(days("20000301"), Some(11_017));
        assert_eq!(days("1969-12-31"), Some(-1));
        for no_date in [
            "1900-02-29",
            "2001-13-01",
            "01-01-2001",
            "2001-01-01 10",
            "soon",
            "",
        ] {
            assert_eq!(days(no_date), None, "{no_date}");
        }
    }

    #[test]
    fn a_swapped_date_may_be_none() {
        let swapped = |text| date(text).and_then(|date| date.swapped);
        assert_eq!(
            swapped("2001-05-04"),
            date("2001-04-05").map(|date| date.days)
        );
        assert_eq!(swapped("2001-05-14"), None);
    }
}
