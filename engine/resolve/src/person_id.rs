//! A person's public id, or another entity's: a function of the anchor record's name, and of nothing else.
//!
//! `P` and 24 characters of base 32 (RFC 4648 alphabet, lower case): the upper 120 bits of XXH3-128 (seed 0) of
//! the source's name, the byte 0x1F, and the key. Fixed for ever: changing it would rename every person. Among a
//! billion persons the chance that any two share an id is below 1 in 10^18. Ids of another entity, such as a household,
//! begin with another letter.

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const DIGITS: usize = 24;
const SEPARATOR: u8 = 0x1F;

/// The id of the person whose anchor is this record.
pub fn person_id(source: &str, key: &str) -> String {
    entity_id('P', source, key)
}

/// The id of what has this record for its anchor: the ASCII letter `initial` and 24 characters.
pub fn entity_id(initial: char, source: &str, key: &str) -> String {
    spelt(initial, hash(source, key))
}

/// Whether the id, whatever letter it begins with, is made of this record's name.
pub fn is_anchor(id: &str, source: &str, key: &str) -> bool {
    let initial = id.chars().next();
    initial.is_some_and(|initial| entity_id(initial, source, key) == id)
}

fn hash(source: &str, key: &str) -> u128 {
    let mut name = [0u8; 128];
    let length = source.len() + 1 + key.len();
    if length <= name.len() {
        name[..source.len()].copy_from_slice(source.as_bytes());
        name[source.len()] = SEPARATOR;
        name[source.len() + 1..length].copy_from_slice(key.as_bytes());
        xxh3_128(&name[..length])
    } else {
        let mut hasher = Xxh3::new();
        hasher.update(source.as_bytes());
        hasher.update(&[SEPARATOR]);
        hasher.update(key.as_bytes());
        hasher.digest128()
    }
}

fn spelt(initial: char, hash: u128) -> String {
    let mut id = String::with_capacity(1 + DIGITS);
    id.push(initial);
    for digit in 0..DIGITS {
        let bits = (hash >> (123 - 5 * digit)) & 31;
        id.push(ALPHABET[bits as usize] as char);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::{entity_id, is_anchor, person_id, spelt};

    #[test]
    fn ids_are_golden() {
        for (source, key, id) in [
            ("crm_contacts", "CRM-a03c006a", "Pm7zul5bj3m4w2wowqhrqtqmo"),
            ("ecom_accounts", "A437028896", "Pxyne5l3l3scqtj3eie4zdzzh"),
        ] {
            assert_eq!(person_id(source, key), id);
        }
    }

    #[test]
    fn long_keys_hash_as_one_text() {
        let key = "k".repeat(300);
        let whole = format!("crm\u{1f}{key}");
        let expected = spelt('P', xxhash_rust::xxh3::xxh3_128(whole.as_bytes()));
        assert_eq!(person_id("crm", &key), expected);
    }

    #[test]
    fn another_entity_has_another_letter() {
        let (person, household) = (person_id("crm", "1"), entity_id('H', "crm", "1"));
        assert_eq!(household, person.replacen('P', "H", 1));
        assert!(is_anchor(&household, "crm", "1") && is_anchor(&person, "crm", "1"));
        assert!(!is_anchor(&household, "crm", "2") && !is_anchor("", "crm", "1"));
    }

    #[test]
    fn source_and_key_do_not_run_together() {
        assert_ne!(person_id("ab", "c"), person_id("a", "bc"));
    }
}
