//! How people and systems spell things: typos, cases, formats, placeholders, blanks.

use super::person::{Person, Story};
use super::random::Random;
use super::words::{PLACEHOLDER_EMAILS, PLACEHOLDER_PHONES};

/// The text with one slip of the finger: two letters swapped, one lost, doubled or wrong.
pub fn typo(text: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return text.to_owned();
    }
    let at = 1 + random.below(letters.len() as u64 - 2) as usize;
    match random.below(4) {
        0 => letters.swap(at, at + 1),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = char::from(b'a' + random.below(26) as u8),
    }
    letters.into_iter().collect()
}

/// The given name and the surname as a system holds them: mostly right, now and then swapped or
/// with a typo. Names are right where the person has a story that hangs on them.
pub fn names(person: &Person, random: &mut Random) -> (String, String) {
    let (given, surname) = (person.given_name.to_owned(), person.surname.to_owned());
    if person.story != Story::Plain {
        return (given, surname);
    }
    match random.below(100) {
        0..2 => (surname, given),
        2..6 => (typo(&given, random), surname),
        6..10 => (given, typo(&surname, random)),
        _ => (given, surname),
    }
}

/// An e-mail as typed: the person's own, the family's, a placeholder or nothing.
pub fn email(person: &Person, blank_per_mille: u64, random: &mut Random) -> String {
    if random.chance(blank_per_mille) {
        return String::new();
    }
    if random.chance(7) {
        return random.pick(&PLACEHOLDER_EMAILS).to_owned();
    }
    match &person.family_email {
        Some(shared) if random.chance(500) => spelled_email(shared, random),
        _ => spelled_email(&person.email, random),
    }
}

/// The same mailbox in one of the ways in which it is typed.
pub fn spelled_email(email: &str, random: &mut Random) -> String {
    match random.below(100) {
        0..5 => email.to_uppercase(),
        5..10 => capitalised(email),
        10..14 => email.replacen('@', "+shop@", 1),
        14..16 => format!(" {email} "),
        _ => email.to_owned(),
    }
}

/// A phone as typed: one of four formats, a placeholder or nothing.
pub fn phone(person: &Person, blank_per_mille: u64, random: &mut Random) -> String {
    if random.chance(blank_per_mille) {
        return String::new();
    }
    if random.chance(12) {
        return random.pick(&PLACEHOLDER_PHONES).to_owned();
    }
    spelled_phone(&person.phone, random)
}

/// The same ten digits in one of the formats in which they are typed.
pub fn spelled_phone(digits: &str, random: &mut Random) -> String {
    let (prefix, middle, end) = (&digits[..4], &digits[4..7], &digits[7..]);
    match random.below(4) {
        0 => digits.to_owned(),
        1 => format!("{prefix} {middle} {end}"),
        2 => format!("+61 {} {middle} {end}", &prefix[1..]),
        _ => format!("({prefix}) {middle}-{end}"),
    }
}

/// The text, or nothing in `per_mille` of a thousand cases.
pub fn or_blank(text: String, per_mille: u64, random: &mut Random) -> String {
    if random.chance(per_mille) {
        String::new()
    } else {
        text
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_changes_at_most_one_place() {
        for number in 0..500 {
            let slipped = typo("Charlotte", &mut Random::new(1, "typo", number));
            assert!(slipped.len().abs_diff(9) <= 1, "{slipped}");
        }
    }

    #[test]
    fn every_format_of_a_phone_holds_its_digits() {
        for number in 0..20 {
            let spelled = spelled_phone("0412345678", &mut Random::new(1, "phone", number));
            let digits: String = spelled.chars().filter(char::is_ascii_digit).collect();
            assert!(digits.ends_with("412345678"), "{spelled}");
        }
    }
}
