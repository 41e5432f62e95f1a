//! The waterfall of two records as a page of HTML that needs nothing else.

use c360_flow::{Explanation, RecordName};
use minijinja::context;
use serde::Serialize;

use super::waterfall::{range, signed, steps, verdict};
use crate::failure::Failure;
use crate::markup::filled;

/// Width of the picture, and where its bars begin and end.
const WIDTH: f64 = 960.0;
const BARS: (f64, f64) = (420.0, 890.0);
/// From one bar to the next.
const ROW: f64 = 44.0;

#[derive(Serialize)]
struct Bar {
    name: String,
    agreement: String,
    class: &'static str,
    weight: String,
    x: f64,
    y: f64,
    width: f64,
    /// Where the sum stands after it.
    end: f64,
}

/// The page. Whatever it is given is escaped.
pub fn page(names: [&RecordName; 2], told: &Explanation) -> Result<String, Failure> {
    let bars = bars(told);
    let [a, b] = names.map(|name| format!("{}:{}", name.source, name.key));
    let values = context! {
        a, b,
        verdict => verdict(told.weight),
        weight => signed(told.weight),
        weight_inside => signed(told.weight_inside),
        meet => told.meet,
        width => WIDTH,
        height => ROW * bars.len() as f64,
        zero => scale(told)(0.0),
        bars,
    };
    let page = filled("explanation", include_str!("explain.html"), values)?;
    Ok(page.to_string())
}

fn bars(told: &Explanation) -> Vec<Bar> {
    let scale = scale(told);
    let steps = steps(told);
    let step = |class, name: &str, agreement: &str, from: f64, to: f64, weight: f64| {
        let (from, to) = (scale(from), scale(to));
        (
            class,
            name.to_owned(),
            agreement.to_owned(),
            signed(weight),
            from,
            to,
        )
    };
    let weights = steps.iter().map(|of| {
        let class = if of.weight < 0.0 { "against" } else { "for" };
        step(class, &of.name, &of.agreement, of.from, of.to, of.weight)
    });
    let sum = step(
        "sum",
        "sum",
        verdict(told.weight),
        0.0,
        told.weight,
        told.weight,
    );
    let numbered = (0..).zip(weights.chain([sum]));
    numbered
        .map(|(row, (class, name, agreement, weight, from, to))| Bar {
            name,
            agreement,
            class,
            weight,
            x: rounded(from.min(to)),
            y: ROW * f64::from(row),
            width: rounded((to - from).abs().max(1.0)),
            end: rounded(to),
        })
        .collect()
}

/// Where a sum stands in the picture.
fn scale(told: &Explanation) -> impl Fn(f64) -> f64 {
    let (least, most) = range(&steps(told));
    let (begin, end) = BARS;
    let unit = (end - begin) / (most - least).max(1e-9);
    move |sum| rounded(begin + (sum - least) * unit)
}

fn rounded(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use c360_flow::{Compare, Explanation, RecordName};

    use super::page;

    #[test]
    fn a_page_is_whole_and_what_it_shows_is_escaped() {
        let record = |key: &str| RecordName {
            source: "crm".into(),
            key: key.into(),
        };
        let told = Explanation {
            prior: -8.0,
            comparisons: vec![Compare {
                name: "name".into(),
                level: "a < b & \"c\"".into(),
                weight: 10.0,
                weight_inside: 11.0,
            }],
            household: 0.0,
            weight: 2.0,
            prior_inside: -8.0,
            neighbours: 0.0,
            weight_inside: 3.0,
            meet: false,
        };
        let text = page([&record("<script>alert(1)</script>"), &record("2")], &told);
        let text = text.expect("a page");
        assert!(!text.contains("<script"), "{text}");
        assert!(text.contains("crm:&lt;script&gt;"), "{text}");
        assert!(text.contains("a &lt; b &amp; &quot;c&quot;"), "{text}");
        assert!(text.contains("No blocking rule brings the two together."));
        assert_eq!(text.matches("<rect").count(), 4);
        assert!(!text.contains("http://") && !text.contains("https://"));
    }
}
