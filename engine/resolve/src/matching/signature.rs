//! What can be told of the distance between two texts without reading them: most pairs are far apart, and letters and
//! lengths alone show it. Bounds only; what they leave open is measured.

/// A few bytes that stand for a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    /// The bytes that occur, as bits. Several bytes share a bit, which makes bounds weaker and never wrong.
    letters: u64,
    start: [u8; ENDS],
    end: [u8; ENDS],
    length: u32,
    /// 1 / length, which costs less to multiply by.
    inverse: f32,
}

/// So many bytes of each end are known.
const ENDS: usize = 4;

impl Signature {
    pub fn of(text: &[u8]) -> Self {
        let letters = text
            .iter()
            .fold(0, |letters, byte| letters | 1 << bit(*byte));
        let (mut start, mut end) = ([0; ENDS], [0; ENDS]);
        start
            .iter_mut()
            .zip(text)
            .for_each(|(at, byte)| *at = *byte);
        end.iter_mut()
            .zip(text.iter().rev())
            .for_each(|(at, byte)| *at = *byte);
        let length = text.len() as u32;
        Self {
            letters,
            start,
            end,
            length,
            inverse: 1.0 / length.max(1) as f32,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether so few insertions, deletions, substitutions and exchanges of neighbours may lead from one text to the
    /// other. Each takes away at most one letter and brings at most one, and changes only one end of a text whose ends
    /// do not touch.
    #[inline]
    pub fn may_be_edits(&self, other: &Self, most: u32) -> bool {
        let (own, others) = (self.letters & !other.letters, other.letters & !self.letters);
        let long = self.length.min(other.length) > 2 * ENDS as u32;
        let both_ends = long && self.start != other.start && self.end != other.end;
        self.length.abs_diff(other.length) <= most
            && at_most(own, most)
            && at_most(others, most)
            && (most > 1 || !both_ends)
    }

    /// The texts are no more alike by Jaro's measure: a letter that the other text lacks is not common, and at best
    /// all common ones are in order.
    #[inline]
    pub fn jaro_max(&self, other: &Self) -> f32 {
        let apart = |a: u64, b: u64| (a & !b).count_ones();
        let own = self.length - apart(self.letters, other.letters);
        let common = own.min(other.length - apart(other.letters, self.letters));
        if common == 0 {
            return f32::from(u8::from(self.is_empty() || other.is_empty()));
        }
        (common as f32 * (self.inverse + other.inverse) + 1.0) * (1.0 / 3.0) + ROUNDING
    }

    /// As [`Self::jaro_max`], with Winkler's bonus for common first letters.
    #[inline]
    pub fn jaro_winkler_max(&self, other: &Self) -> f32 {
        let unlike = u32::from_le_bytes(self.start) ^ u32::from_le_bytes(other.start);
        let prefix = unlike.trailing_zeros() / u8::BITS;
        let jaro = self.jaro_max(other);
        jaro + 0.1 * prefix as f32 * (1.0 - jaro).max(0.0)
    }

    /// Whether one text may be the first letter of the other; a letter has at most four bytes.
    pub fn may_be_initial(&self, other: &Self) -> bool {
        self.start[0] == other.start[0] && self.length.min(other.length) <= 4
    }
}

/// Whether so few bits are set.
#[inline]
fn at_most(mut bits: u64, most: u32) -> bool {
    for _ in 0..most {
        bits &= bits.wrapping_sub(1);
    }
    bits == 0
}

/// A bound is taken to be greater by this: it is computed with fewer digits than what it bounds.
const ROUNDING: f32 = 1e-5;

/// Letters of both cases below, digits and signs above.
fn bit(byte: u8) -> u32 {
    u32::from(byte & 31) | u32::from(byte < 64) << 5
}
