//! The weights of an explanation one under the other: each as a bar that begins where the one before it ended.
//!
//! ```text
//!   any two records    -7.93   -7.93   ░░░░░░░░│
//!   name               +6.68   -1.25   ███████ │
//!   phone              +6.69   +5.44          █████
//! ```

use c360_flow::Explanation;

use crate::grid::grid;

/// A weight, and the sum up to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub name: String,
    /// How far the two records agree, in words.
    pub agreement: String,
    pub weight: f64,
    /// The sum before this weight.
    pub from: f64,
    /// The sum with it.
    pub to: f64,
}

/// The weights in their order.
pub fn steps(told: &Explanation) -> Vec<Step> {
    let comparisons = told.comparisons.iter();
    let comparisons = comparisons.map(|of| (of.name.as_str(), of.level.as_str(), of.weight));
    let prior = ("any two records", "before anything is compared", told.prior);
    let household = (
        "household",
        "two of one household may agree like this",
        told.household,
    );
    let mut sum = 0.0;
    let all = [prior].into_iter().chain(comparisons).chain([household]);
    all.map(|(name, agreement, weight)| {
        let from = sum;
        sum += weight;
        Step {
            name: name.to_owned(),
            agreement: agreement.to_owned(),
            weight,
            from,
            to: sum,
        }
    })
    .collect()
}

/// The least and the greatest sum on the way, 0 included.
pub fn range(steps: &[Step]) -> (f64, f64) {
    let ends = steps.iter().flat_map(|step| [step.from, step.to]);
    ends.fold((0.0, 0.0), |(least, most), sum| {
        (sum.min(least), sum.max(most))
    })
}

/// Columns of a bar.
const WIDTH: f64 = 32.0;

/// The waterfall as lines: name, weight, running sum, bar, agreement.
pub fn waterfall(told: &Explanation) -> String {
    let steps = steps(told);
    let (least, most) = range(&steps);
    let scale = WIDTH / (most - least).max(1e-9);
    let column = |sum: f64| ((sum - least) * scale).round() as usize;
    let zero = column(0.0);
    let rows = steps.iter().map(|step| {
        let bar = bar(column(step.from), column(step.to), zero);
        let numbers = [step.weight, step.to].map(signed);
        [
            vec![step.name.clone()],
            numbers.to_vec(),
            vec![bar, step.agreement.clone()],
        ]
        .concat()
    });
    let headers = ["evidence", "weight", "sum", "", "agreement"];
    let mut lines = vec![grid(&headers, &["weight", "sum"], rows.collect(), false)];
    let (sum, words) = (signed(told.weight), verdict(told.weight));
    lines.push(format!("sum {sum}: {words}"));
    lines.push(format!(
        "inside a component, once other records connect them: {}",
        signed(told.weight_inside)
    ));
    if !told.meet {
        lines.push("no blocking rule brings the two together".to_owned());
    }
    lines.join("\n")
}

/// A bar from one column to another, with a line where the sum is 0: as likely one person as two.
fn bar(from: usize, to: usize, zero: usize) -> String {
    let (low, high) = (from.min(to), from.max(to));
    let cell = |at: usize| match at {
        _ if at >= low && at < high => {
            if to > from {
                '█'
            } else {
                '░'
            }
        }
        _ if at == zero => '│',
        _ => ' ',
    };
    (0..=WIDTH as usize).map(cell).collect()
}

/// A weight with its sign and two digits; what rounds to nothing has no sign to show.
pub fn signed(weight: f64) -> String {
    let hundredths = (weight * 100.0).round();
    // adding 0 turns -0 into 0
    format!("{:+.2}", hundredths / 100.0 + 0.0)
}

/// What a weight comes to in words.
pub fn verdict(weight: f64) -> &'static str {
    match weight >= 0.0 {
        true => "more likely one person than not",
        false => "more likely two persons than one",
    }
}

#[cfg(test)]
mod tests {
    use c360_flow::{Compare, Explanation};

    use super::{bar, range, signed, steps};

    fn told() -> Explanation {
        let compare = |name: &str, weight| Compare {
            name: name.into(),
            level: "equal".into(),
            weight,
            weight_inside: weight,
        };
        Explanation {
            prior: -8.0,
            comparisons: vec![compare("name", 6.0), compare("phone", 5.0)],
            household: -1.0,
            weight: 2.0,
            prior_inside: -8.0,
            neighbours: 0.0,
            weight_inside: 3.0,
            meet: true,
        }
    }

    #[test]
    fn each_weight_begins_where_the_one_before_ended() {
        let steps = steps(&told());
        let sums: Vec<(f64, f64)> = steps.iter().map(|step| (step.from, step.to)).collect();
        assert_eq!(sums, [(0.0, -8.0), (-8.0, -2.0), (-2.0, 3.0), (3.0, 2.0)]);
        assert_eq!(range(&steps), (-8.0, 3.0));
    }

    #[test]
    fn what_weighs_nothing_has_no_minus() {
        assert_eq!(signed(-0.001), "+0.00");
        assert_eq!(signed(-1.25), "-1.25");
    }

    #[test]
    fn a_bar_lies_between_its_sums() {
        assert_eq!(bar(2, 5, 0).trim_end(), "│ ███");
        assert_eq!(bar(4, 1, 6).trim_end(), " ░░░  │");
    }
}
