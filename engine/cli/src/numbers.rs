//! Numbers as people read them.

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `2 rows`.
pub fn count(number: u64, singular: &str) -> String {
    match number {
        1 => format!("1 {singular}"),
        _ => format!("{} {singular}s", thousands(number)),
    }
}

/// Bytes in the unit that suits them: `3.20 MiB`.
pub fn bytes(number: u64) -> String {
    indicatif::HumanBytes(number).to_string()
}

/// Seconds with as many digits as matter.
pub fn seconds(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{seconds:.1} s")
    }
}

/// An amount of money: whole from a thousand on, else with two places.
pub fn amount(number: f64) -> String {
    let size = number.abs();
    let text = match size >= 1_000.0 {
        true => thousands(size.round() as u64),
        false => format!("{size:.2}"),
    };
    match number < 0.0 {
        true => format!("\u{2212}{text}"),
        false => text,
    }
}

/// A share from 0 to 1 as per cent: `12.3 %`, and `0.12 %` where it is small.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent == 0.0 {
        "0 %".to_owned()
    } else if percent.abs() < 1.0 {
        format!("{percent:.2} %")
    } else {
        format!("{percent:.1} %")
    }
}

/// Hours in the unit that suits them: `5.0 hours`, `12 days`, `1.5 years`.
pub fn hours(hours: f64) -> String {
    const DAY: f64 = 24.0;
    const YEAR: f64 = 365.25 * DAY;
    if hours < 2.0 * DAY {
        format!("{hours:.1} hours")
    } else if hours < YEAR {
        format!("{:.0} days", hours / DAY)
    } else {
        format!("{:.1} years", hours / YEAR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(541_909), "541,909");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(1_000, "row"), "1,000 rows");
    }

    #[test]
    fn amounts_lose_their_places_where_they_are_large() {
        assert_eq!(amount(0.0), "0.00");
        assert_eq!(amount(999.994), "999.99");
        assert_eq!(amount(-12_345.6), "\u{2212}12,346");
    }

    #[test]
    fn small_shares_keep_two_places() {
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.001_23), "0.12 %");
        assert_eq!(percent(0.123), "12.3 %");
    }

    #[test]
    fn times_are_told_in_the_unit_that_suits_them() {
        assert_eq!(hours(5.04), "5.0 hours");
        assert_eq!(hours(49.0), "2 days");
        assert_eq!(hours(13_149.0), "1.5 years");
    }
}
