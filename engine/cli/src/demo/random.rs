//! Chance with a seed: the same seed, stream and number give the same draws on every machine, in
//! whatever order persons are made. SplitMix64 (Steele, Lea and Flood, 2014). Not for secrets.

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// A sequence of draws.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The draws of one thing: `stream` says what is drawn, `number` for whom.
    pub fn new(seed: u64, stream: &str, number: u64) -> Self {
        let stream = stream
            .bytes()
            .fold(0u64, |hash, byte| mix(hash ^ u64::from(byte)));
        Self(mix(mix(seed ^ stream).wrapping_add(number)))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    /// A number from 0 to `bound` - 1; `bound` is at least 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    /// True in `per_mille` of a thousand cases.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of the choices, of which there is at least one.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// SplitMix64's finaliser: a bijection of 64 bits.
pub fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(GOLDEN_GAMMA);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A bijection of 32 bits, so that keys made from different numbers differ (Wellons' "lowbias32").
pub fn mix_32(value: u32) -> u32 {
    let value = (value ^ (value >> 16)).wrapping_mul(0x7FEB_352D);
    let value = (value ^ (value >> 15)).wrapping_mul(0x846C_A68B);
    value ^ (value >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_stream_and_number_alone() {
        let draws = |seed, stream, number| {
            let mut random = Random::new(seed, stream, number);
            [random.bits(), random.bits()]
        };
        assert_eq!(draws(1, "person", 7), draws(1, "person", 7));
        assert_ne!(draws(1, "person", 7), draws(2, "person", 7));
        assert_ne!(draws(1, "person", 7), draws(1, "order", 7));
        assert_ne!(draws(1, "person", 7), draws(1, "person", 8));
    }

    #[test]
    fn a_seed_means_the_same_draws_for_ever() {
        let mut random = Random::new(42, "person", 0);
        assert_eq!(random.below(1_000_000), 873_456);
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let mut random = Random::new(3, "bounds", 0);
        for _ in 0..10_000 {
            assert!(random.below(7) < 7);
            assert!((-3..=4).contains(&random.between(-3, 4)));
        }
    }
}
