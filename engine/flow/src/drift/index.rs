//! The population stability index (Siddiqi, *Credit Risk Scorecards*, 2006): over parts of the rows, the sum of
//! (later share − earlier share) · ln(later share / earlier share).

/// Rows of the earlier and of the later epoch.
pub type Sides = [u64; 2];

/// The index over parts that hold all rows of both sides, from 0 on.
///
/// A part that one side has no rows in counts as half a row there, since the logarithm of none is not finite; one that
/// neither has rows in does not count. Where a side has no rows at all nothing can be said: 0.
pub fn stability_index(parts: &[Sides]) -> f64 {
    let sum = |side: usize| parts.iter().map(|part| part[side]).sum::<u64>() as f64;
    let (earlier, later) = (sum(0), sum(1));
    if earlier == 0.0 || later == 0.0 {
        return 0.0;
    }
    let share = |rows: u64, of: f64| (rows as f64).max(0.5) / of;
    let parts = parts.iter().filter(|part| **part != [0, 0]);
    let terms = parts.map(|part| {
        let (before, after) = (share(part[0], earlier), share(part[1], later));
        (after - before) * (after / before).ln()
    });
    terms.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[Sides], expected: f64) {
        let psi = stability_index(parts);
        assert!((psi - expected).abs() < 1e-12, "{psi} is not {expected}");
    }

    #[test]
    fn the_same_shares_are_stable_however_many_rows() {
        check(&[[10, 20], [30, 60]], 0.0);
        check(&[[10, 0], [30, 0]], 0.0);
        check(&[], 0.0);
    }

    #[test]
    fn shares_that_swap_have_moved() {
        // (0.8 − 0.2) ln 4 twice
        check(&[[2, 8], [8, 2]], 1.2 * 4.0_f64.ln());
    }

    #[test]
    fn a_part_empty_on_one_side_counts_as_half_a_row_and_one_empty_on_both_not_at_all() {
        let expected = 0.5 * 2.0_f64.ln() + (0.005 - 0.5) * 0.01_f64.ln();
        check(&[[50, 100], [50, 0]], expected);
        check(&[[50, 100], [0, 0], [50, 0]], expected);
    }
}
