//! Postcodes: upper case, letters and digits only, leading zeros kept (`sw1a 1aa` is `SW1A1AA`, `0800` stays).

use unicode_normalization::UnicodeNormalization;

/// The standard form of a postcode, or None when nothing of it remains.
///
/// A fraction of zeros, as spreadsheets add (`3000.0`), is dropped.
pub fn postcode(raw: &str) -> Option<String> {
    let raw = without_zero_fraction(raw.trim());
    let mut out = String::with_capacity(raw.len());
    let mut keep = |c: char| {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_uppercase());
        }
    };
    if raw.is_ascii() {
        raw.chars().for_each(&mut keep);
    } else {
        raw.nfkc().for_each(&mut keep);
    }
    (!out.is_empty()).then_some(out)
}

fn without_zero_fraction(text: &str) -> &str {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let zeros = |t: &str| !t.is_empty() && t.bytes().all(|b| b == b'0');
    match text.split_once('.') {
        Some((whole, fraction)) if digits(whole) && zeros(fraction) => whole,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::postcode;

    #[test]
    fn only_letters_and_digits_remain() {
        let check = |raw: &str, expected: Option<&str>| {
            assert_eq!(postcode(raw).as_deref(), expected, "{raw}");
        };
        check(" sw1a 1aa ", Some("SW1A1AA"));
        check("0800", Some("0800"));
        check("3000.0", Some("3000"));
        check("90210-1234", Some("902101234"));
        check("３０００", Some("3000"));
        check(" - ", None);
    }
}
