//! Climbs to the top of a likelihood by Newton's method, over the logarithms of parameters that are all positive.
//!
//! Slopes and curvatures are exact, so the last steps double the digits, and the length of the next step says how far
//! the summit still is, also along a ridge where the slope alone would seem flat long before.
//!
//! Where customers are alike in something, a likelihood rises for ever towards a simpler model: shapes that grow without
//! end say that all have one pace, a vanishing one that nobody leaves. Parameters have bounds for this, so far out that
//! what is at a bound is as good as that simpler model; there the climb goes on along the bound.

/// More steps than any likelihood with a summit was seen to take, many times over.
const STEPS_MAX: usize = 500;
/// No logarithm moves further in one step, since far from the summit the surface is no parabola.
const STRIDE_MAX: f64 = 2.0;
/// A step that moves no logarithm further ends the climb: the error left is of the order of its square.
const ARRIVED: f64 = 1e-8;
/// A step this short is right to twice its digits, while the value may be lost in rounding, so it is not asked any more.
const CLOSE: f64 = 1e-4;
/// What rounding may take from a sum of many terms, as a part of it.
const ROUNDING: f64 = 1e-12;
/// A step that was cut in half so often leads nowhere.
const HALVINGS_MAX: usize = 60;

/// A function of `N` parameters at one place: its value, first and second derivatives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surface<const N: usize> {
    pub value: f64,
    pub slope: [f64; N],
    /// Symmetric.
    pub curvature: [[f64; N]; N],
}

/// Between what a parameter is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    min: f64,
    max: f64,
}

/// Of a shape: a gamma or beta distribution of this many is as good as a single point, of this few as two.
pub(crate) const SHAPE: Bounds = Bounds {
    min: 1e-6,
    max: 1e4,
};
/// Of a rate in the unit of the data, which a shape at its bound may draw far away.
pub(crate) const RATE: Bounds = Bounds {
    min: 1e-12,
    max: 1e12,
};

impl<const N: usize> Surface<N> {
    pub fn level() -> Self {
        Self {
            value: 0.0,
            slope: [0.0; N],
            curvature: [[0.0; N]; N],
        }
    }

    /// The same function of the parameters' logarithms.
    fn over_logarithms(mut self, parameters: &[f64; N]) -> Self {
        for row in 0..N {
            self.slope[row] *= parameters[row];
            for column in 0..N {
                self.curvature[row][column] *= parameters[row] * parameters[column];
            }
            self.curvature[row][row] += self.slope[row];
        }
        self
    }

    /// As it looks to who may not change a parameter.
    fn hold(&mut self, parameter: usize) {
        self.slope[parameter] = 0.0;
        for other in 0..N {
            self.curvature[parameter][other] = 0.0;
            self.curvature[other][parameter] = 0.0;
        }
        self.curvature[parameter][parameter] = -1.0;
    }
}

impl Bounds {
    /// How far a logarithm may still go in the direction of a step; nothing where it is as good as there.
    fn room(&self, logarithm: f64, step: f64) -> f64 {
        let left = match step {
            step if step > 0.0 => self.max.ln() - logarithm,
            step if step < 0.0 => logarithm - self.min.ln(),
            _ => f64::INFINITY,
        };
        if left < ARRIVED { 0.0 } else { left }
    }
}

/// The parameters within `bounds` at which `surface` is highest, from `start`; none where the climb does not end.
/// Parameters should be of the order of 1.
pub(crate) fn climb<const N: usize>(
    start: [f64; N],
    bounds: &[Bounds; N],
    surface: impl Fn(&[f64; N]) -> Surface<N>,
) -> Option<[f64; N]> {
    let at = |logarithms: &[f64; N]| {
        let parameters = logarithms.map(f64::exp);
        surface(&parameters).over_logarithms(&parameters)
    };
    let mut place = start.map(f64::ln);
    let mut here = at(&place);
    for _ in 0..STEPS_MAX {
        let (step, summit) = within(&place, bounds, here)?;
        let length = step
            .iter()
            .fold(0.0, |most: f64, part| most.max(part.abs()));
        if summit && length < ARRIVED {
            let end = walk(&place, &step, bounds).map(f64::exp);
            return Some(std::array::from_fn(|at| end[at].min(bounds[at].max)));
        }
        let share = room(&place, &step, bounds).min(STRIDE_MAX / length);
        let stride = step.map(|part| part * share);
        if summit && length < CLOSE {
            place = walk(&place, &stride, bounds);
            here = at(&place);
        } else {
            (place, here) = advance(&place, &here, stride, bounds, &at)?;
        }
    }
    None
}

/// As far along the stride as leads upwards.
fn advance<const N: usize>(
    place: &[f64; N],
    here: &Surface<N>,
    mut stride: [f64; N],
    bounds: &[Bounds; N],
    at: &impl Fn(&[f64; N]) -> Surface<N>,
) -> Option<([f64; N], Surface<N>)> {
    for _ in 0..HALVINGS_MAX {
        let next = walk(place, &stride, bounds);
        let there = at(&next);
        if there.value >= here.value - ROUNDING * here.value.abs() {
            return Some((next, there));
        }
        stride = stride.map(|part| part / 2.0);
    }
    None
}

/// Newton's step from here, and whether it leads to a summit. Where it would leave the bounds at once, it goes along
/// them instead.
fn within<const N: usize>(
    place: &[f64; N],
    bounds: &[Bounds; N],
    mut here: Surface<N>,
) -> Option<([f64; N], bool)> {
    loop {
        let (step, summit) = uphill(&here)?;
        let leaves = |at: &usize| bounds[*at].room(place[*at], step[*at]) <= 0.0;
        let Some(at) = (0..N).find(leaves) else {
            return Some((step, summit));
        };
        here.hold(at);
    }
}

/// How much of the step, at most all, stays within the bounds.
fn room<const N: usize>(place: &[f64; N], step: &[f64; N], bounds: &[Bounds; N]) -> f64 {
    let share = |at: usize| bounds[at].room(place[at], step[at]) / step[at].abs();
    (0..N).map(share).fold(1.0, f64::min)
}

/// Newton's step, and whether the surface is that of a summit here. Where it is not, as much is taken from the
/// curvature as makes it one (Levenberg 1944), which turns the step towards the slope.
fn uphill<const N: usize>(here: &Surface<N>) -> Option<([f64; N], bool)> {
    let finite = here.value.is_finite() && here.slope.iter().all(|part| part.is_finite());
    if !finite {
        return None;
    }
    let steepest = (0..N).fold(0.0, |most: f64, at| most.max(here.curvature[at][at].abs()));
    let mut taken = 0.0;
    while taken <= 1e6 * (steepest + 1.0) {
        let mut bowl = here.curvature.map(|row| row.map(|part| -part));
        (0..N).for_each(|at| bowl[at][at] += taken);
        if let Some(step) = solve(&bowl, &here.slope) {
            return Some((step, taken == 0.0));
        }
        taken = (taken * 4.0).max(1e-6 * steepest).max(f64::MIN_POSITIVE);
    }
    None
}

/// `x` of `matrix · x = right`, by Cholesky; none where the matrix is not positive definite.
fn solve<const N: usize>(matrix: &[[f64; N]; N], right: &[f64; N]) -> Option<[f64; N]> {
    let mut lower = [[0.0; N]; N];
    for row in 0..N {
        for column in 0..=row {
            let known: f64 = (0..column)
                .map(|at| lower[row][at] * lower[column][at])
                .sum();
            let rest = matrix[row][column] - known;
            if row > column {
                lower[row][column] = rest / lower[column][column];
            } else if rest > f64::EPSILON * matrix[row][row].abs() {
                lower[row][row] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    let mut solution = *right;
    for row in 0..N {
        let known: f64 = (0..row).map(|at| lower[row][at] * solution[at]).sum();
        solution[row] = (solution[row] - known) / lower[row][row];
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|at| lower[at][row] * solution[at]).sum();
        solution[row] = (solution[row] - known) / lower[row][row];
    }
    Some(solution)
}

/// One step on, but not out of bounds.
fn walk<const N: usize>(place: &[f64; N], step: &[f64; N], bounds: &[Bounds; N]) -> [f64; N] {
    std::array::from_fn(|at| {
        let Bounds { min, max } = bounds[at];
        (place[at] + step[at]).clamp(min.ln(), max.ln())
    })
}

#[cfg(test)]
mod tests {
    use super::{SHAPE, Surface, climb, solve};

    #[test]
    fn equations_are_solved_and_saddles_refused() {
        let found = solve(&[[4.0, 2.0], [2.0, 3.0]], &[2.0, 3.0]).unwrap();
        assert!(
            found[0].abs() < 1e-15 && (found[1] - 1.0).abs() < 1e-15,
            "{found:?}"
        );
        assert_eq!(solve(&[[1.0, 2.0], [2.0, 1.0]], &[1.0, 1.0]), None);
    }

    /// p - ln p is lowest at 1; its negative has a summit there.
    fn summit(parameters: &[f64; 1]) -> Surface<1> {
        let p = parameters[0];
        Surface {
            value: p.ln() - p,
            slope: [1.0 / p - 1.0],
            curvature: [[-1.0 / (p * p)]],
        }
    }

    #[test]
    fn the_summit_is_found_from_afar() {
        for start in [1e-4, 0.5, 1.0, 1e3] {
            let found = climb([start], &[SHAPE], summit).unwrap();
            assert!((found[0] - 1.0).abs() < 1e-14, "{found:?}");
        }
    }

    #[test]
    fn a_slope_without_end_ends_at_the_bound() {
        let endless = |parameters: &[f64; 1]| Surface {
            value: parameters[0].ln(),
            slope: [1.0 / parameters[0]],
            curvature: [[-1.0 / (parameters[0] * parameters[0])]],
        };
        let found = climb([1.0], &[SHAPE], endless).unwrap();
        assert!((found[0] / SHAPE.max - 1.0).abs() < 1e-12, "{found:?}");
    }
}
