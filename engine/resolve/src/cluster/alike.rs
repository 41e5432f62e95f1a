//! Names of one person, differently written.

use rapidfuzz::distance::jaro_winkler;

use crate::matching::is_initial;

/// As in the comparison of names ([`templates::name`](crate::matching::templates::name)): so alike, by Jaro and
/// Winkler, two spellings of a name are at least.
const SIMILARITY_MIN: f64 = 0.85;

/// Whether two standardised names may be one: equal, mistyped, or the one an initial of the other.
pub(super) fn alike(a: &str, b: &str) -> bool {
    a == b
        || is_initial(a.as_bytes(), b.as_bytes())
        || jaro_winkler::similarity(a.chars(), b.chars()) >= SIMILARITY_MIN
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn spellings_and_initials_are_alike_and_other_names_are_not() {
        for (a, b) in [("rebecca", "rebcca"), ("d", "daniel"), ("leo", "leo")] {
            assert!(alike(a, b) && alike(b, a), "{a}, {b}");
        }
        for (a, b) in [("renee", "daniel"), ("d", "renee"), ("anna", "peter")] {
            assert!(!alike(a, b) && !alike(b, a), "{a}, {b}");
        }
    }
}
