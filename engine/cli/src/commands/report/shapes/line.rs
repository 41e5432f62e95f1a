//! A line through the epochs.

use minijinja::{Value, context};
use serde::Serialize;

use super::{rounded, told};
use crate::failure::Failure;
use crate::markup::filled;
use crate::numbers::{count, thousands};

/// Height of the picture, in pixels, and what is free above and below the line.
const HEIGHT: f64 = 96.0;
const MARGIN: f64 = 10.0;

/// A picture of one number over the epochs.
pub struct Line<'a> {
    /// Tells the picture from others of the page.
    pub id: &'a str,
    pub title: &'a str,
    /// Oldest first.
    pub points: Vec<Point>,
    /// What is counted, singular.
    pub unit: &'a str,
}

/// A number at an epoch.
pub struct Point {
    pub epoch: u64,
    pub number: u64,
}

#[derive(Serialize)]
struct Drawn {
    epoch: String,
    number: String,
    x: f64,
    y: f64,
}

impl Line<'_> {
    /// The picture, from the least number to the greatest; all numbers are written below it.
    pub fn markup(&self) -> Result<Value, Failure> {
        let numbers = || self.points.iter().map(|point| point.number);
        let (least, most) = (numbers().min().unwrap_or(0), numbers().max().unwrap_or(0));
        let points = self.drawn(least, most);
        let path: Vec<String> = points
            .iter()
            .map(|point| format!("{},{}", point.x, point.y))
            .collect();
        let description = points.iter();
        let description = description.map(|point| (point.epoch.as_str(), point.number.as_str()));
        let values = context! {
            id => self.id,
            title => self.title,
            description => told(description),
            height => HEIGHT,
            note => self.note(least, most),
            path => path.join(" "),
            points,
        };
        filled("report", include_str!("line.html"), values)
    }

    /// All numbers in their order, unless they are one.
    fn note(&self, least: u64, most: u64) -> String {
        let upper = count(most, self.unit);
        if least == most {
            return format!("{upper} throughout");
        }
        let numbers = self.points.iter().map(|point| thousands(point.number));
        let numbers: Vec<String> = numbers.collect();
        format!(
            "between {} and {upper}: {}",
            thousands(least),
            numbers.join(", ")
        )
    }

    fn drawn(&self, least: u64, most: u64) -> Vec<Drawn> {
        let last = self.points.len().saturating_sub(1).max(1) as f64;
        let range = most - least;
        let across = |at: usize| rounded(1.0 + 98.0 * at as f64 / last);
        let height = |number: u64| match range {
            0 => 0.5,
            _ => (number - least) as f64 / range as f64,
        };
        let down = |number| HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * height(number);
        let numbered = self.points.iter().enumerate();
        let points = numbered.map(|(at, point)| Drawn {
            epoch: format!("epoch {}", point.epoch),
            number: count(point.number, self.unit),
            x: across(at),
            y: rounded(down(point.number)),
        });
        points.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(title: &str, points: &[(u64, u64)]) -> String {
        let points = points
            .iter()
            .map(|&(epoch, number)| Point { epoch, number });
        let picture = Line {
            id: "a",
            title,
            points: points.collect(),
            unit: "person",
        };
        picture.markup().expect("a picture").to_string()
    }

    #[test]
    fn a_line_goes_from_the_least_to_the_greatest() {
        let text = picture("loyal", &[(3, 1_000), (4, 1_500), (6, 2_000)]);
        assert!(text.contains("points=\"1,86 50,48 99,10\""), "{text}");
        assert!(text.contains("epoch 3: 1,000 persons; epoch 4: 1,500 persons"));
        assert!(text.contains("between 1,000 and 2,000 persons: 1,000, 1,500, 2,000"));
        assert_eq!(text.matches("<circle").count(), 3, "{text}");
    }

    #[test]
    fn one_epoch_is_a_point_and_none_is_no_fault() {
        assert!(picture("new", &[(1, 7)]).contains("points=\"1,48\""));
        assert!(!picture("new", &[]).contains("<circle"));
        assert!(!picture("new", &[(1, 7), (2, 7)]).contains("NaN"));
    }

    #[test]
    fn titles_are_escaped() {
        let text = picture("\"><script>", &[(1, 7)]);
        assert!(!text.contains("<script"), "{text}");
    }
}
