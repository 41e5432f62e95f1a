//! Dates and timestamps from text. ISO 8601 and the commonest formats have parsers of our own;
//! the others go through jiff's strptime, which also has the last word on what a fast parser does
//! not take.

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

const MICROS_A_DAY: i64 = 86_400_000_000;

/// A way to write dates or timestamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// ISO 8601: date, optionally time, fraction and offset
    Iso,
    /// `%Y-%m-%d`
    Date,
    /// `%Y%m%d`
    CompactDate,
    /// `%Y-%m-%d %H:%M:%S`
    DateTime,
    /// Any other strftime pattern
    Pattern(String),
}

impl Format {
    /// The formats of a column; ISO 8601 where none is given.
    pub fn list(patterns: &[String]) -> Vec<Self> {
        if patterns.is_empty() {
            return vec![Self::Iso];
        }
        patterns.iter().map(|pattern| Self::of(pattern)).collect()
    }

    fn of(pattern: &str) -> Self {
        match pattern {
            "%Y-%m-%d" | "%F" => Self::Date,
            "%Y%m%d" => Self::CompactDate,
            "%Y-%m-%d %H:%M:%S" | "%F %T" | "%Y-%m-%d %T" => Self::DateTime,
            _ => Self::Pattern(pattern.to_owned()),
        }
    }

    fn pattern(&self) -> Option<&str> {
        match self {
            Self::Iso => None,
            Self::Date => Some("%Y-%m-%d"),
            Self::CompactDate => Some("%Y%m%d"),
            Self::DateTime => Some("%Y-%m-%d %H:%M:%S"),
            Self::Pattern(pattern) => Some(pattern),
        }
    }
}

/// Days since 1970-01-01, by the first format that takes the text.
pub fn date(text: &str, formats: &[Format]) -> Option<i32> {
    formats.iter().find_map(|format| {
        let fast = match format {
            Format::Date | Format::Iso => dashed_date(text.as_bytes()),
            Format::CompactDate => compact_date(text.as_bytes()),
            Format::DateTime | Format::Pattern(_) => None,
        };
        let micros = || instant(text, format).map(|micros| micros.div_euclid(MICROS_A_DAY) as i32);
        fast.or_else(|| match format {
            // A date column takes no time of day in silence.
            Format::Iso => micros().filter(|_| text.len() == 10),
            Format::Pattern(pattern) => civil_date(text, pattern),
            _ => micros(),
        })
    })
}

/// Microseconds since 1970-01-01 00:00, by the first format that takes the text. What has no
/// offset is taken as it stands; what has one is brought to UTC.
pub fn timestamp(text: &str, formats: &[Format]) -> Option<i64> {
    formats.iter().find_map(|format| {
        let fast = match format {
            Format::DateTime | Format::Iso => date_time(text.as_bytes()),
            Format::Date => dashed_date(text.as_bytes()).map(|days| i64::from(days) * MICROS_A_DAY),
            Format::CompactDate | Format::Pattern(_) => None,
        };
        fast.or_else(|| instant(text, format))
    })
}

/// The slow way, which takes everything.
fn instant(text: &str, format: &Format) -> Option<i64> {
    let Some(pattern) = format.pattern() else {
        return iso(text);
    };
    let parsed = strtime::parse(pattern, text).ok()?;
    if let Ok(timestamp) = parsed.to_timestamp() {
        return Some(timestamp.as_microsecond());
    }
    let civil = parsed
        .to_datetime()
        .or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0)));
    micros_utc(civil.ok()?)
}

fn iso(text: &str) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_microsecond());
    }
    micros_utc(text.parse::<DateTime>().ok()?)
}

/// The date as it is written, whatever offset follows it.
fn civil_date(text: &str, pattern: &str) -> Option<i32> {
    let date = strtime::parse(pattern, text).ok()?.to_date().ok()?;
    let micros = micros_utc(date.at(0, 0, 0, 0))?;
    Some(micros.div_euclid(MICROS_A_DAY) as i32)
}

fn micros_utc(civil: DateTime) -> Option<i64> {
    Some(
        civil
            .to_zoned(TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_microsecond(),
    )
}

/// `2011-12-09`
fn dashed_date(text: &[u8]) -> Option<i32> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else {
        return None;
    };
    days(four(*y0, *y1, *y2, *y3)?, two(*m0, *m1)?, two(*d0, *d1)?)
}

/// `20111209`
fn compact_date(text: &[u8]) -> Option<i32> {
    let [y0, y1, y2, y3, m0, m1, d0, d1] = text else {
        return None;
    };
    days(four(*y0, *y1, *y2, *y3)?, two(*m0, *m1)?, two(*d0, *d1)?)
}

/// `2011-12-09 12:50:00`
fn date_time(text: &[u8]) -> Option<i64> {
    let (date, time) = text.split_at_checked(10)?;
    let [b' ', h0, h1, b':', m0, m1, b':', s0, s1] = time else {
        return None;
    };
    let (hour, minute, second) = (two(*h0, *h1)?, two(*m0, *m1)?, two(*s0, *s1)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    Some(i64::from(dashed_date(date)?) * MICROS_A_DAY + seconds * 1_000_000)
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

fn four(a: u8, b: u8, c: u8, d: u8) -> Option<u32> {
    Some(two(a, b)? * 100 + two(c, d)?)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar; none where there is no such day.
/// After H. Hinnant, "chrono-compatible low-level date algorithms": years start in March, so that
/// the leap day comes last.
fn days(year: u32, month: u32, day: u32) -> Option<i32> {
    if !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) || year == 0 {
        return None;
    }
    let year = year - u32::from(month <= 2);
    let era = year / 400;
    let year_of_era = year % 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some((era * 146_097 + day_of_era) as i32 - 719_468)
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(patterns: &[&str]) -> Vec<Format> {
        Format::list(&patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>())
    }

    fn check_date(text: &str, patterns: &[&str], expected: Option<&str>) {
        let expected: Option<jiff::civil::Date> =
            expected.map(|text| text.parse().expect("a date"));
        let epoch = jiff::civil::date(1970, 1, 1);
        let days = expected.map(|date| (date - epoch).get_days());
        assert_eq!(
            date(text, &formats(patterns)),
            days,
            "of {text:?} by {patterns:?}"
        );
    }

    fn check_timestamp(text: &str, patterns: &[&str], expected: Option<&str>) {
        let expected: Option<jiff::Timestamp> =
            expected.map(|text| text.parse().expect("an instant"));
        let micros = expected.map(|timestamp| timestamp.as_microsecond());
        assert_eq!(
            timestamp(text, &formats(patterns)),
            micros,
            "of {text:?} by {patterns:?}"
        );
    }

    #[test]
    fn dates_are_read_by_the_first_format_that_fits() {
        check_date("2011-12-09", &[], Some("2011-12-09"));
        check_date("20120229", &["%Y%m%d"], Some("2012-02-29"));
        check_date("09/12/2011", &["%Y-%m-%d", "%d/%m/%Y"], Some("2011-12-09"));
        check_date("1900-03-01", &["%F"], Some("1900-03-01"));
        check_date("9 Dec 2011", &["%d %b %Y"], Some("2011-12-09"));
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in [
            "2011-02-29",
            "1900-02-29",
            "2011-13-01",
            "2011-00-10",
            "2011-06-31",
            "2011-6",
            "x",
        ] {
            check_date(text, &[], None);
        }
        check_date("20110229", &["%Y%m%d"], None);
        check_date("2011-12-09 10:00:00", &[], None);
    }

    #[test]
    fn timestamps_are_read_with_and_without_offset() {
        check_timestamp(
            "2011-12-09 12:50:00",
            &["%Y-%m-%d %H:%M:%S"],
            Some("2011-12-09T12:50:00Z"),
        );
        check_timestamp("2011-12-09T12:50:00", &[], Some("2011-12-09T12:50:00Z"));
        check_timestamp(
            "2011-12-09T12:50:00.25Z",
            &[],
            Some("2011-12-09T12:50:00.25Z"),
        );
        check_timestamp(
            "2011-12-09T12:50:00+10:00",
            &[],
            Some("2011-12-09T02:50:00Z"),
        );
        check_timestamp("2011-12-09", &[], Some("2011-12-09T00:00:00Z"));
        check_timestamp(
            "09/12/2011 12:50",
            &["%d/%m/%Y %H:%M"],
            Some("2011-12-09T12:50:00Z"),
        );
        check_timestamp(
            "2011-12-09 12:50 +0200",
            &["%Y-%m-%d %H:%M %z"],
            Some("2011-12-09T10:50:00Z"),
        );
        check_timestamp("20111209", &["%Y%m%d"], Some("2011-12-09T00:00:00Z"));
    }

    #[test]
    fn times_that_do_not_exist_are_refused() {
        for text in [
            "2011-12-09 24:00:00",
            "2011-12-09 12:60:00",
            "2011-12-09 12:50:0x",
            "later",
        ] {
            check_timestamp(text, &["%Y-%m-%d %H:%M:%S"], None);
        }
    }

    #[test]
    fn the_fast_calendar_agrees_with_jiff() {
        let first = jiff::civil::date(1583, 1, 1);
        for step in 0..6000 {
            let day = first + jiff::Span::new().days(step * 29);
            check_date(&day.to_string(), &["%Y-%m-%d"], Some(&day.to_string()));
        }
    }
}
