//! A synthetic retailer of any size, with a seed: the same people, records, orders and events on
//! every machine, with the traps of real data (typos, initials, swapped names, tagged and
//! upper-case e-mails, family mailboxes, shared devices, placeholders, blanks, second accounts,
//! repeated and late events, returns, unreadable rows).
//!
//! Two days of files: the first holds a year of history, the second what one more day brings.
//! Persons are made one after the other and written as they come, so memory does not grow with
//! their number. Which file a fact goes into is decided in [`first_day`] and [`second_day`].

mod consent;
mod contact;
mod csv_file;
mod dirt;
mod event;
mod first_day;
mod offer;
mod order;
mod parquet_file;
mod person;
mod random;
mod score;
mod second_day;
mod set;
mod stock;
mod words;

pub use first_day::write_first_day;
pub use person::People;
pub use second_day::write_second_day;

/// 2025-01-01T00:00:00Z: the first orders. Seconds since 1970, as all times here.
const OPENING: i64 = 1_735_689_600;
/// 2026-01-01T00:00:00Z: where the first day's files end and the second day's begin.
const SECOND_DAY: i64 = OPENING + 365 * DAY_SECONDS;
const DAY_SECONDS: i64 = 86_400;

/// What a run of the first day's files takes as its `as_of`.
pub const FIRST_AS_OF: &str = "2026-01-01";
/// What a run of the second day's files takes as its `as_of`.
pub const SECOND_AS_OF: &str = "2026-01-02";

/// Rows written to a day's files, repeated ones left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct RowCounts {
    /// rows of contact systems: CRM, accounts, cards, newsletter, prospects
    pub contacts: u64,
    /// rows of `order_lines`
    pub order_lines: u64,
    /// rows of `web_events`
    pub web_events: u64,
    /// rows of `consent_events`
    pub consents: u64,
    /// rows of `inventory`
    pub products: u64,
    /// rows of `offers`
    pub offers: u64,
    /// rows of `offer_contacts`
    pub offer_contacts: u64,
    /// rows of `model_scores`
    pub scores: u64,
}

/// `YYYY-MM-DD HH:MM:SS` of a time in seconds since 1970.
fn date_time(seconds: i64) -> String {
    let (days, second) = (
        seconds.div_euclid(DAY_SECONDS),
        seconds.rem_euclid(DAY_SECONDS),
    );
    let epoch = jiff::civil::date(1970, 1, 1);
    let date = epoch.saturating_add(jiff::Span::new().days(days));
    format!(
        "{date} {:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spelled_as_in_the_files() {
        assert_eq!(date_time(OPENING), "2025-01-01 00:00:00");
        assert_eq!(date_time(SECOND_DAY - 1), "2025-12-31 23:59:59");
    }

    #[test]
    fn the_same_seed_gives_the_same_files() {
        let bytes = || {
            let folder = tempfile::tempdir().expect("temporary folder");
            let people = People { seed: 5, count: 40 };
            let first = write_first_day(&people, folder.path()).expect("first day");
            let second = write_second_day(&people, folder.path()).expect("second day");
            assert!(first.contacts > second.contacts && second.contacts > 0);
            let mut files: Vec<_> = std::fs::read_dir(folder.path())
                .expect("folder")
                .map(|entry| entry.expect("entry").path())
                .collect();
            files.sort();
            files
                .iter()
                .map(|file| std::fs::read(file).expect("file"))
                .collect::<Vec<_>>()
        };
        assert_eq!(bytes(), bytes());
    }
}
