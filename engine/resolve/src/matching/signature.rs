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
    /// How many bits of `letters` are set.
    distinct: u32,
}

/// A similarity that two texts may have to reach, prepared for each number of common first letters that it counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Least([f32; ENDS + 1]);

impl Least {
    /// By Jaro's measure, m letters in common out of a and b come to (m/a + m/b + 1) / 3 at most, which is at least
    /// j where m (a + b) is at least (3 j − 1) a b. Hence the numbers.
    pub fn jaro(min: f64) -> Self {
        let share = 3.0 * (min - ROUNDING) - 1.0;
        Self([share as f32; ENDS + 1])
    }

    /// Winkler adds a tenth of what is missing for each common first letter.
    pub fn jaro_winkler(min: f64) -> Self {
        let jaro = |letters: usize| {
            let bonus = 0.1 * letters as f64;
            Self::jaro((min - bonus) / (1.0 - bonus)).0[0]
        };
        Self(std::array::from_fn(jaro))
    }
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
        Self {
            letters,
            start,
            end,
            length: text.len() as u32,
            distinct: letters.count_ones(),
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

    /// Whether the texts may be as alike: a letter that the other text lacks is not common, and at best all common
    /// ones are in order.
    #[inline]
    pub fn may_be_alike(&self, other: &Self, least: &Least) -> bool {
        let unlike = u32::from_le_bytes(self.start) ^ u32::from_le_bytes(other.start);
        let prefix = (unlike.trailing_zeros() / u8::BITS) as usize;
        let shared = (self.letters & other.letters).count_ones();
        let own = self.length - (self.distinct - shared);
        let common = own.min(other.length - (other.distinct - shared)) as f32;
        let (a, b) = (self.length as f32, other.length as f32);
        common * (a + b) >= least.0[prefix] * (a * b)
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

/// A bound is looser by this: it is computed with fewer digits than what it bounds.
const ROUNDING: f64 = 1e-5;

/// Letters of both cases below, digits and signs above.
fn bit(byte: u8) -> u32 {
    u32::from(byte & 31) | u32::from(byte < 64) << 5
}
