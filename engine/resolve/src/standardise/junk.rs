//! Values that are well formed and name nobody: what people and tills type when they must type something.
//!
//! The lists are data; a project adds its own in the spec (`blocked`). They hold only what no real person would
//! have: role mailboxes (`info@`) belong to somebody, and are for a limit to catch.

use super::Normalizer;

/// Local parts that stand for "no address", at any domain. Compared without dots, hyphens and underscores.
const JUNK_MAILBOXES: &[&str] = &[
    "0",
    "aa",
    "aaa",
    "aaaa",
    "abc",
    "abc123",
    "abcd",
    "anon",
    "anonymous",
    "asd",
    "asdf",
    "asdfasdf",
    "asdfgh",
    "blank",
    "customer",
    "declined",
    "donotemail",
    "donotreply",
    "dontreply",
    "dummy",
    "email",
    "emailaddress",
    "example",
    "fake",
    "fakeemail",
    "guest",
    "invalid",
    "na",
    "nil",
    "no",
    "noaddress",
    "nobody",
    "noemail",
    "noemailaddress",
    "noemailgiven",
    "nomail",
    "noname",
    "none",
    "nonegiven",
    "nonexistent",
    "noone",
    "noreply",
    "notapplicable",
    "notavailable",
    "notgiven",
    "nothing",
    "notprovided",
    "notsupplied",
    "null",
    "placeholder",
    "qwerty",
    "refused",
    "sample",
    "someone",
    "spam",
    "test",
    "test1",
    "test123",
    "tester",
    "testing",
    "testtest",
    "testuser",
    "unknown",
    "unsubscribe",
    "user",
    "withheld",
    "x",
    "xx",
    "xxx",
    "xxxx",
    "xyz",
];

/// Whole addresses that are typed as placeholders although their mailbox could be real elsewhere.
const JUNK_ADDRESSES: &[&str] = &[
    "123@123.com",
    "a@a.com",
    "a@b.com",
    "b@b.com",
    "email@email.com",
    "me@mail.com",
    "name@domain.com",
    "name@example.com",
    "q@q.com",
    "your@email.com",
    "you@example.com",
    "z@z.com",
];

/// Names that are not names.
const JUNK_NAMES: &[&str] = &[
    "anon",
    "anonymous",
    "account",
    "asdf",
    "blank",
    "cash customer",
    "cash sale",
    "customer",
    "deceased",
    "do not use",
    "dummy",
    "first name",
    "firstname",
    "guest",
    "guest user",
    "last name",
    "lastname",
    "miss",
    "mr",
    "mrs",
    "ms",
    "n a",
    "na",
    "name",
    "nil",
    "no name",
    "none",
    "not given",
    "not known",
    "null",
    "sir",
    "surname",
    "test",
    "test customer",
    "test test",
    "test user",
    "tester",
    "testing",
    "unknown",
    "unknown unknown",
    "user",
    "valued customer",
    "walk in",
    "x",
    "xx",
    "xxx",
];

/// Postcodes typed when there is none.
const JUNK_POSTCODES: &[&str] = &[
    "0", "000", "0000", "00000", "000000", "9999", "99999", "NA", "NIL", "NONE", "NULL", "UNKNOWN",
    "XX", "XXX", "XXXX", "XXXXX",
];

/// Texts that stand for "no value".
const JUNK_TEXTS: &[&str] = &[
    "",
    "-",
    "--",
    ".",
    "0",
    "?",
    "n/a",
    "n.a.",
    "na",
    "nil",
    "none",
    "not applicable",
    "not provided",
    "null",
    "tba",
    "tbc",
    "unknown",
    "x",
    "xx",
    "xxx",
];

/// From so many digits on, one digit repeated (0411 111 111) or counted up or down (0412 345 678) at the end of a
/// number is nobody's.
const RUN_DIGITS_MIN: usize = 7;

/// No complete phone number is shorter.
const PHONE_DIGITS_MIN: usize = 6;

/// True when the standardised value is a well-known placeholder. `None` knows no junk.
pub fn is_junk(normalizer: &Normalizer, value: &str) -> bool {
    match normalizer {
        Normalizer::Email => is_junk_email(value),
        Normalizer::Phone { .. } => is_junk_phone(value),
        Normalizer::Name => JUNK_NAMES.contains(&value),
        Normalizer::Handle => is_junk_handle(value),
        Normalizer::Postcode => JUNK_POSTCODES.contains(&value),
        Normalizer::Text => JUNK_TEXTS.contains(&value),
        Normalizer::None => false,
    }
}

fn is_junk_email(value: &str) -> bool {
    let Some((local, _)) = value.split_once('@') else {
        return true;
    };
    let separators = ['.', '-', '_', '/'];
    let mailbox = if local.contains(separators) {
        JUNK_MAILBOXES.contains(&local.replace(separators, "").as_str())
    } else {
        JUNK_MAILBOXES.binary_search(&local).is_ok()
    };
    mailbox || JUNK_ADDRESSES.contains(&value)
}

fn is_junk_handle(value: &str) -> bool {
    let name = value.trim_end_matches(|c: char| c.is_ascii_digit());
    JUNK_MAILBOXES.binary_search(&name).is_ok()
}

fn is_junk_phone(value: &str) -> bool {
    let digits: Vec<u8> = value.bytes().filter(u8::is_ascii_digit).collect();
    if digits.len() < PHONE_DIGITS_MIN {
        return true;
    }
    [0, 1, 9]
        .iter()
        .any(|step| final_run(&digits, *step) >= RUN_DIGITS_MIN)
}

/// How many digits at the end follow each other at a step of `step`, modulo ten: 0 repeats, 1 counts up, 9 down.
fn final_run(digits: &[u8], step: u8) -> usize {
    let follows = |pair: &&[u8]| (pair[0] - b'0' + step) % 10 == pair[1] - b'0';
    1 + digits.windows(2).rev().take_while(follows).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standardise::{email, phone};

    #[test]
    fn placeholder_mailboxes_are_junk_at_any_domain() {
        for raw in [
            "test@test.example",
            "noemail@shop.example",
            "none@none.example",
            "N.A@x.example",
            "a@a.com",
            "no-reply@shop.example",
            "null@post.example",
            "Unknown+1@post.example",
            "no_email@post.example",
        ] {
            let value = email(raw).expect("well formed");
            assert!(is_junk(&Normalizer::Email, &value), "{raw}");
        }
    }

    #[test]
    fn people_and_role_mailboxes_are_not_junk() {
        for value in [
            "testa.rossa@post.example",
            "nona@post.example",
            "info@shop.example",
            "a@post.example",
        ] {
            assert!(!is_junk(&Normalizer::Email, value), "{value}");
        }
    }

    #[test]
    fn repeated_and_counted_digits_are_junk() {
        let region = "AU".parse().expect("a region");
        let normalizer = Normalizer::Phone { region };
        for raw in [
            "0400000000",
            "0411111111",
            "0412345678",
            "0498 765 432",
            "02 9999 9999",
            "0123456789",
        ] {
            let value = phone(raw, region).unwrap_or_else(|| raw.to_owned());
            assert!(is_junk(&normalizer, &value), "{raw}");
        }
        for value in ["000", "0", "+61000", "123456789"] {
            assert!(is_junk(&normalizer, value), "{value}");
        }
        for value in [
            "+61412345670",
            "+61400100200",
            "+61293744000",
            "+61411111112",
        ] {
            assert!(!is_junk(&normalizer, value), "{value}");
        }
    }

    #[test]
    fn lists_are_sorted() {
        assert!(JUNK_MAILBOXES.is_sorted());
    }

    #[test]
    fn other_kinds_have_their_own_lists() {
        assert!(is_junk(&Normalizer::Name, "unknown"));
        assert!(is_junk(&Normalizer::Handle, "test12"));
        assert!(is_junk(&Normalizer::Postcode, "0000"));
        assert!(is_junk(&Normalizer::Text, "n/a"));
        assert!(!is_junk(&Normalizer::None, "null"));
    }
}
