//! Names of people.
//!
//! Accents off, lower case, one space between words. An apostrophe vanishes (`O'Brien` is `obrien`), a hyphen
//! and any other punctuation parts words (`Anne-Marie` is `anne marie`, `B, A` is `b a`): the same person types
//! either. The order of words is kept; letters of any script are kept.

use super::fold::words;

/// The standard form of a name, or None when no letter or digit is in it.
pub fn name(raw: &str) -> Option<String> {
    let name = words(raw);
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::name;

    fn check(raw: &str, expected: Option<&str>) {
        assert_eq!(name(raw).as_deref(), expected, "{raw}");
    }

    #[test]
    fn accents_case_and_punctuation_fold() {
        check("  ZOË   Łukasz ", Some("zoe lukasz"));
        check("O'Brien", Some("obrien"));
        check("O\u{2019}Brien", Some("obrien"));
        check("Anne-Marie", Some("anne marie"));
        check("Brown, A.", Some("brown a"));
        check("Straße", Some("strasse"));
        check("İrem", Some("irem"));
        check("山田 太郎", Some("山田 太郎"));
    }

    #[test]
    fn a_name_without_letters_is_nothing() {
        for raw in ["", "  ", "-", "'", "?!"] {
            check(raw, None);
        }
    }
}
