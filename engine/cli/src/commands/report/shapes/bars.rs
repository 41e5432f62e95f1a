//! Bars, one under the other: the name and the number above each.

use minijinja::{Value, context};
use serde::Serialize;

use super::{rounded, told};
use crate::failure::Failure;
use crate::markup::filled;

/// From one bar to the next, in pixels.
const ROW: f64 = 40.0;
/// What is not nothing can be seen, in per cent of the width.
const WIDTH_MIN: f64 = 0.4;

/// A picture of bars.
#[derive(Default)]
pub struct Bars<'a> {
    /// Tells the picture from others of the page.
    pub id: &'a str,
    pub title: &'a str,
    pub bars: Vec<Bar>,
    /// What the parts of a bar are, where bars have several.
    pub parts: &'a [&'a str],
    /// Sizes that matter, as dashed lines.
    pub marks: Vec<Mark>,
    /// A sentence below the picture.
    pub note: Option<String>,
}

/// A bar.
pub struct Bar {
    pub name: String,
    /// The number, with its unit.
    pub value: String,
    /// How long each part is; what is below zero has no length.
    pub sizes: Vec<f64>,
}

/// A size that matters.
pub struct Mark {
    pub name: String,
    pub size: f64,
}

#[derive(Serialize)]
struct Drawn<'a> {
    name: &'a str,
    value: &'a str,
    y: f64,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    /// 1 for the first.
    number: usize,
    x: f64,
    width: f64,
}

#[derive(Serialize)]
struct DrawnMark {
    name: String,
    x: f64,
}

impl Bar {
    /// A bar of one part.
    pub fn new(name: impl Into<String>, value: String, size: f64) -> Self {
        Self {
            name: name.into(),
            value,
            sizes: vec![size],
        }
    }

    fn length(&self) -> f64 {
        self.sizes.iter().map(|size| size.max(0.0)).sum()
    }

    fn drawn(&self, row: usize, longest: f64) -> Drawn<'_> {
        let mut parts = Vec::new();
        let mut x = 0.0;
        for (number, size) in (1..).zip(&self.sizes) {
            if *size > 0.0 {
                let width = rounded((100.0 * size / longest).max(WIDTH_MIN));
                parts.push(Part { number, x, width });
                x = rounded(x + width).min(100.0 - WIDTH_MIN);
            }
        }
        Drawn {
            name: &self.name,
            value: &self.value,
            y: ROW * row as f64,
            parts,
        }
    }
}

impl Bars<'_> {
    /// The picture; the longest bar, or the last mark, takes the whole width.
    pub fn markup(&self) -> Result<Value, Failure> {
        let lengths = self.bars.iter().map(Bar::length);
        let lengths = lengths.chain(self.marks.iter().map(|mark| mark.size));
        let longest = lengths.fold(f64::MIN_POSITIVE, f64::max);
        let numbered = self.bars.iter().enumerate();
        let bars: Vec<Drawn> = numbered.map(|(row, bar)| bar.drawn(row, longest)).collect();
        let mark = |mark: &Mark| DrawnMark {
            name: mark.name.clone(),
            x: rounded(100.0 * mark.size / longest),
        };
        let marks: Vec<DrawnMark> = self.marks.iter().map(mark).collect();
        let numbers = self.bars.iter();
        let numbers = numbers.map(|bar| (bar.name.as_str(), bar.value.as_str()));
        let values = context! {
            id => self.id,
            title => self.title,
            description => told(numbers),
            height => ROW * self.bars.len() as f64,
            parts => self.parts,
            note => self.note,
            bars, marks,
        };
        filled("report", include_str!("bars.html"), values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(bars: Vec<Bar>) -> String {
        let picture = Bars {
            id: "sizes",
            title: "Sizes",
            bars,
            ..Bars::default()
        };
        picture.markup().expect("a picture").to_string()
    }

    #[test]
    fn the_longest_bar_takes_the_whole_width() {
        let text = picture(vec![
            Bar::new("one", "20 rows".into(), 20.0),
            Bar::new("two", "5 rows".into(), 5.0),
            Bar::new("none", "0 rows".into(), -1.0),
        ]);
        assert!(text.contains("width=\"100.0%\" height=\"10\""), "{text}");
        assert!(text.contains("width=\"25.0%\""), "{text}");
        assert_eq!(text.matches("class=\"part-1\"").count(), 2, "{text}");
        assert!(text.contains("height=\"120.0\""), "{text}");
        assert!(text.contains("one: 20 rows; two: 5 rows; none: 0 rows"));
    }

    #[test]
    fn parts_lie_beside_each_other() {
        let text = picture(vec![Bar {
            name: "epoch 2".into(),
            value: "4 rows".into(),
            sizes: vec![1.0, 0.0, 3.0],
        }]);
        assert!(text.contains("class=\"part-1\" x=\"0.0%\""), "{text}");
        assert!(text.contains("class=\"part-3\" x=\"25.0%\""), "{text}");
        assert!(!text.contains("part-2"), "{text}");
    }

    #[test]
    fn names_are_escaped() {
        let text = picture(vec![Bar::new("<script>&", "1".into(), 1.0)]);
        assert!(!text.contains("<script"), "{text}");
        assert!(text.contains("&lt;script&gt;&amp;"), "{text}");
    }

    #[test]
    fn nothing_to_draw_is_no_fault() {
        assert!(picture(Vec::new()).contains("height=\"0.0\""));
        assert!(!picture(vec![Bar::new("a", "0".into(), 0.0)]).contains("NaN"));
    }
}
