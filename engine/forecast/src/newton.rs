//! Climbs to the top of a likelihood by Newton's method, over the logarithms of parameters that are all positive.
//!
//! Slopes and curvatures are exact, so the last steps double the digits, and the length of the next step says how far
//! the summit still is, also along a ridge where the slope alone would seem flat long before.

/// More steps than any likelihood with a summit was seen to take, many times over.
const STEPS_MAX: usize = 500;
/// No logarithm moves further in one step, since far from the summit the surface is no parabola.
const STRIDE_MAX: f64 = 2.0;
/// A step that moves no logarithm further ends the climb: the error left is of the order of its square.
const ARRIVED: f64 = 1e-8;
/// A parameter beyond e^±20 of its natural scale is on its way to infinity or to nothing.
const LOGARITHM_MAX: f64 = 20.0;
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
}

/// The positive parameters at which `surface` is highest, from `start`; none where it grows for ever. Parameters should
/// be of the order of 1.
pub(crate) fn climb<const N: usize>(
    start: [f64; N],
    surface: impl Fn(&[f64; N]) -> Surface<N>,
) -> Option<[f64; N]> {
    let at = |logarithms: &[f64; N]| {
        let parameters = logarithms.map(f64::exp);
        surface(&parameters).over_logarithms(&parameters)
    };
    let mut place = start.map(f64::ln);
    let mut here = at(&place);
    for _ in 0..STEPS_MAX {
        let (step, summit) = uphill(&here)?;
        let length = step
            .iter()
            .fold(0.0, |most: f64, part| most.max(part.abs()));
        if summit && length < ARRIVED {
            return Some(add(&place, &step, 1.0).map(f64::exp));
        }
        let stride = (STRIDE_MAX / length).min(1.0);
        (place, here) = advance(&place, &here, &step, stride, &at)?;
        if place.iter().any(|part| part.abs() > LOGARITHM_MAX) {
            return None;
        }
    }
    None
}

/// As far along the step as leads upwards.
fn advance<const N: usize>(
    place: &[f64; N],
    here: &Surface<N>,
    step: &[f64; N],
    stride: f64,
    at: &impl Fn(&[f64; N]) -> Surface<N>,
) -> Option<([f64; N], Surface<N>)> {
    let mut stride = stride;
    for _ in 0..HALVINGS_MAX {
        let next = add(place, step, stride);
        let there = at(&next);
        if there.value >= here.value - ROUNDING * here.value.abs() {
            return Some((next, there));
        }
        stride /= 2.0;
    }
    None
}

/// Newton's step, and whether the surface is that of a summit here. Where it is not, as much is taken from the
/// curvature as makes it one (Levenberg 1944), which turns the step towards the slope.
fn uphill<const N: usize>(here: &Surface<N>) -> Option<([f64; N], bool)> {
    let finite = here.value.is_finite() && here.slope.iter().all(|part| part.is_finite());
    if !finite {
        return None;
    }
    let steepest = (0..N).fold(0.0, |most: f64, at| most.max(here.curvature[at][at].abs()));
    let mut added = 0.0;
    while added <= 1e6 * (steepest + 1.0) {
        let mut bowl = here.curvature.map(|row| row.map(|part| -part));
        (0..N).for_each(|at| bowl[at][at] += added);
        if let Some(step) = solve(&bowl, &here.slope) {
            return Some((step, added == 0.0));
        }
        added = (added * 4.0).max(1e-6 * steepest).max(f64::MIN_POSITIVE);
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

fn add<const N: usize>(place: &[f64; N], step: &[f64; N], stride: f64) -> [f64; N] {
    std::array::from_fn(|at| place[at] + stride * step[at])
}

#[cfg(test)]
mod tests {
    use super::{Surface, climb, solve};

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
            let found = climb([start], summit).unwrap();
            assert!((found[0] - 1.0).abs() < 1e-14, "{found:?}");
        }
    }

    #[test]
    fn a_slope_without_end_has_no_summit() {
        let endless = |parameters: &[f64; 1]| Surface {
            value: parameters[0].ln(),
            slope: [1.0 / parameters[0]],
            curvature: [[-1.0 / (parameters[0] * parameters[0])]],
        };
        assert_eq!(climb([1.0], endless), None);
    }
}
