//! What can be told of the distance between two texts without reading them: most pairs are far apart, and letters and
//! lengths alone show it. Bounds only; what they leave open is measured.

/// Sixteen bytes that stand for a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    /// The bytes that occur, as bits. Several bytes share a bit, which makes bounds weaker and never wrong.
    letters: u64,
    start: [u8; 4],
    length: u32,
}

impl Signature {
    pub fn of(text: &[u8]) -> Self {
        let letters = text
            .iter()
            .fold(0, |letters, byte| letters | 1 << bit(*byte));
        let mut start = [0; 4];
        let length = text.len().min(start.len());
        start[..length].copy_from_slice(&text[..length]);
        let length = text.len() as u32;
        Self {
            letters,
            start,
            length,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// No fewer insertions, deletions, substitutions and exchanges lead from one text to the other: each takes away at
    /// most one letter and brings at most one.
    pub fn edits_min(&self, other: &Self) -> u32 {
        let (own, others) = self.letters_apart(other);
        own.max(others).max(self.length.abs_diff(other.length))
    }

    /// The texts are no more alike by Jaro's measure: a letter that the other text lacks is not common, and at best
    /// all common ones are in order.
    pub fn jaro_max(&self, other: &Self) -> f64 {
        let (own, others) = self.letters_apart(other);
        let common = (self.length - own).min(other.length - others);
        if self.length == 0 || other.length == 0 {
            return 1.0;
        }
        if common == 0 {
            return 0.0;
        }
        let share = |length: u32| f64::from(common) / f64::from(length);
        (share(self.length) + share(other.length) + 1.0) / 3.0 + ROUNDING
    }

    /// As [`Self::jaro_max`], with Winkler's bonus for common first letters.
    pub fn jaro_winkler_max(&self, other: &Self) -> f64 {
        let letters = self.start.iter().zip(&other.start);
        let prefix = letters.take_while(|(a, b)| a == b).count();
        let jaro = self.jaro_max(other);
        jaro + 0.1 * prefix as f64 * (1.0 - jaro).max(0.0)
    }

    /// Whether one text may be the first letter of the other; a letter has at most four bytes.
    pub fn may_be_initial(&self, other: &Self) -> bool {
        self.start[0] == other.start[0] && self.length.min(other.length) <= 4
    }

    /// Letters that only one of the texts has.
    fn letters_apart(&self, other: &Self) -> (u32, u32) {
        let apart = |a: u64, b: u64| (a & !b).count_ones();
        (
            apart(self.letters, other.letters),
            apart(other.letters, self.letters),
        )
    }
}

/// A bound is taken to be greater by this, since sums in another order differ in the last bits.
const ROUNDING: f64 = 1e-9;

/// Letters of both cases below, digits and signs above.
fn bit(byte: u8) -> u32 {
    u32::from(byte & 31) | u32::from(byte < 64) << 5
}
