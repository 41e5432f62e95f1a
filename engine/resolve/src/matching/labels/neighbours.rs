//! What the other records of a component say of two of them.

/// By weights between each and each: how well a third record connects the two, how well the best other partner of the
/// one suits it, and of the other. The better connected of the two comes first.
pub type Neighbours = [f64; COUNT];

pub(super) const COUNT: usize = 3;

/// Beyond so many bits no neighbour is in doubt, for or against.
const BITS_MAX: f64 = 10.0;
/// Neighbours are measured in so many bits.
const UNIT: f64 = 5.0;

/// Of each pair of so many records, in the order of `weights`: each with each later one.
pub(super) fn neighbours(records: usize, weights: &[f64]) -> Vec<Neighbours> {
    let mut of = vec![f64::NEG_INFINITY; records * records];
    let mut pairs = weights.iter();
    for a in 0..records {
        for (b, weight) in (a + 1..records).zip(&mut pairs) {
            of[a * records + b] = *weight;
            of[b * records + a] = *weight;
        }
    }
    let row = |a: usize| &of[a * records..][..records];
    let later = |a: usize| (a + 1..records).map(move |b| (a, b));
    let pairs = (0..records).flat_map(later);
    pairs.map(|(a, b)| of_pair(row(a), row(b), a, b)).collect()
}

fn of_pair(of_a: &[f64], of_b: &[f64], a: usize, b: usize) -> Neighbours {
    let mut through = -BITS_MAX;
    let mut others = [-BITS_MAX; 2];
    for (third, (with_a, with_b)) in of_a.iter().zip(of_b).enumerate() {
        if third != a && third != b {
            through = f64::max(through, with_a.min(*with_b));
            others = [others[0].max(*with_a), others[1].max(*with_b)];
        }
    }
    let [one, other] = others;
    [through, one.max(other), one.min(other)].map(|weight| weight.clamp(-BITS_MAX, BITS_MAX) / UNIT)
}

#[cfg(test)]
mod tests {
    use super::neighbours;

    #[test]
    fn a_third_record_connects_two_as_well_as_its_weaker_side() {
        // 0–1: 8, 0–2: −3, 1–2: 5
        let found = neighbours(3, &[8.0, -3.0, 5.0]);
        assert_eq!(found[1], [1.0, 1.6, 1.0]);
    }

    #[test]
    fn two_alone_have_no_neighbours() {
        assert_eq!(neighbours(2, &[8.0]), [[-2.0; 3]]);
    }
}
