//! Who could belong to two strangers.

/// For each of `count` clusters that share a value, whether two others would both take it and refuse each other.
/// Nothing tells then which of the two it belongs to. `admits` is asked once for each two, the lesser first.
pub(super) fn contested(count: usize, mut admits: impl FnMut(usize, usize) -> bool) -> Vec<bool> {
    let mut claims = vec![vec![0; count.div_ceil(WORD_BITS)]; count];
    let mut strangers = Vec::new();
    for a in 0..count {
        for b in a + 1..count {
            if admits(a, b) {
                claims[a][b / WORD_BITS] |= 1 << (b % WORD_BITS);
                claims[b][a / WORD_BITS] |= 1 << (a % WORD_BITS);
            } else {
                strangers.push((a, b));
            }
        }
    }
    let mut both = vec![0_u64; count.div_ceil(WORD_BITS)];
    for (a, b) in strangers {
        for (both, (a, b)) in both.iter_mut().zip(claims[a].iter().zip(&claims[b])) {
            *both |= a & b;
        }
    }
    let is_set = |at: usize| both[at / WORD_BITS] >> (at % WORD_BITS) & 1 == 1;
    (0..count).map(is_set).collect()
}

const WORD_BITS: usize = u64::BITS as usize;

#[cfg(test)]
mod tests {
    use super::contested;

    #[test]
    fn who_two_strangers_claim_is_contested() {
        let strangers = |a, b| (a, b) == (0, 99);
        let found = contested(100, |a, b| !strangers(a, b));
        assert_eq!(found.iter().filter(|one| **one).count(), 98);
        assert!(!found[0] && !found[99]);
    }

    #[test]
    fn who_one_alone_claims_is_not() {
        assert_eq!(contested(3, |a, b| (a, b) == (0, 2)), [false; 3]);
        assert_eq!(contested(3, |_, _| true), [false; 3]);
    }
}
