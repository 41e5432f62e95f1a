//! Handles: initial, surname and year of birth, as people name their mailboxes.
//!
//! `anna.lee84@…`, `alee1984@…` and the name and year of a customer, written `Anna.Lee1984`, are all `alee84`. So a
//! subscriber of whom nothing but an address is known can be the customer of that name.
//!
//! Words are parted by dots, hyphens and underscores, and two digits, or four that are a year, stand at the end. Of
//! several words the first gives its initial and the last the surname; a single word may be both. Anything else says
//! too little: a name alone has many bearers, and digits elsewhere are a department's or a machine's.

use super::fold::folded;

/// An initial and a surname of two letters.
const LETTERS_MIN: usize = 3;

/// The handle that an e-mail address, or a name and a year, spells; None when it spells none.
pub fn handle(raw: &str) -> Option<String> {
    let mailbox = raw.split(['@', '+']).next().unwrap_or(raw);
    let mut text = String::with_capacity(mailbox.len());
    folded(mailbox, |c| text.push(c));
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let year = year(&text[name.len()..])?;
    let mut words = name.split(['.', '-', '_']).map(letters);
    let mut handle = words.next()??;
    for word in words {
        let word = word?;
        if !word.is_empty() {
            handle = handle.chars().take(1).chain(word.chars()).collect();
        }
    }
    let letters = handle.chars().count();
    (letters >= LETTERS_MIN).then(|| handle + year)
}

/// A word without spaces and apostrophes; None when there is more than letters in it.
fn letters(word: &str) -> Option<String> {
    let is_silent = |c: &char| c.is_whitespace() || matches!(c, '\'' | '\u{2019}');
    let word: String = word.chars().filter(|c| !is_silent(c)).collect();
    word.chars().all(char::is_alphabetic).then_some(word)
}

/// The last two digits of a year.
fn year(digits: &str) -> Option<&str> {
    match digits.len() {
        2 => Some(digits),
        4 if digits.starts_with("19") || digits.starts_with("20") => Some(&digits[2..]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::handle;

    fn check(raw: &str, expected: Option<&str>) {
        assert_eq!(handle(raw).as_deref(), expected, "{raw}");
        if let Some(value) = expected {
            assert_eq!(handle(value).as_deref(), Some(value), "standard twice");
        }
    }

    #[test]
    fn mailboxes_and_names_spell_the_same() {
        for raw in [
            "anna.lee84@post.example",
            "Anna_Lee.84@post.example",
            "a.lee1984+shop@post.example",
            "alee84@mail.example",
            "Anna.Lee1984",
            "anna-maria.lee84",
            "A.Lee84",
        ] {
            check(raw, Some("alee84"));
        }
        check("Zoë.O'Brien de Łuca2001", Some("zobriendeluca01"));
    }

    #[test]
    fn what_is_no_name_and_year_is_nothing() {
        for raw in [
            "",
            "@post.example",
            "anna.lee@post.example",
            "anna.lee.123@work.example",
            "a84@post.example",
            "84@post.example",
            "anna3lee84@post.example",
            "anna.lee3084@post.example",
            ".84",
        ] {
            check(raw, None);
        }
    }
}
