//! A square of cells, darker where there is more, with the numbers written in.

use minijinja::{Value, context};
use serde::Serialize;

use super::rounded;
use crate::failure::Failure;
use crate::markup::filled;
use crate::numbers::thousands;

/// Height of a cell, in pixels, and how much of the width the names of the rows take, in per cent.
const CELL: f64 = 44.0;
const NAMES: f64 = 9.0;
/// How strong the colour is where there is nothing, and where there is most: letters stay legible on it.
const FAINTEST: f64 = 0.04;
const STRONGEST: f64 = 0.68;

/// A picture of numbers by two scores.
pub struct Heat<'a> {
    /// Tells the picture from others of the page.
    pub id: &'a str,
    pub title: &'a str,
    /// What the rows are, the greatest score above, and the columns, the greatest to the right.
    pub axes: [&'a str; 2],
    /// Scores go from 1 to this, or to the greatest that there is.
    pub scores: i64,
    pub cells: Vec<HeatCell>,
    /// A sentence below the picture.
    pub note: &'a str,
}

/// A number and its scores.
pub struct HeatCell {
    pub row: i64,
    pub column: i64,
    pub number: u64,
}

#[derive(Serialize)]
struct Drawn {
    x: f64,
    y: f64,
    width: f64,
    /// From 0 to 1.
    strength: f64,
    number: String,
}

#[derive(Serialize)]
struct Name {
    at: f64,
    score: i64,
}

/// Where cells lie: x and width in per cent, y in pixels.
struct Square {
    scores: i64,
}

impl Square {
    fn width(&self) -> f64 {
        (100.0 - NAMES) / self.scores as f64
    }

    fn x(&self, column: i64) -> f64 {
        NAMES + self.width() * (column - 1) as f64
    }

    fn y(&self, row: i64) -> f64 {
        CELL * (self.scores - row) as f64
    }

    fn height(&self) -> f64 {
        CELL * self.scores as f64
    }

    /// Each score at the middle of its row or column.
    fn names(&self, middle: impl Fn(i64) -> f64) -> Vec<Name> {
        let name = |score| Name {
            at: rounded(middle(score)),
            score,
        };
        (1..=self.scores).map(name).collect()
    }
}

impl Heat<'_> {
    /// The picture; cells that are not given have nothing in them.
    pub fn markup(&self) -> Result<Value, Failure> {
        let given = self.cells.iter().flat_map(|cell| [cell.row, cell.column]);
        let square = Square {
            scores: given.fold(self.scores, i64::max),
        };
        let lines: Vec<String> = (1..=square.scores)
            .rev()
            .map(|row| self.line(row, square.scores))
            .collect();
        let values = context! {
            id => self.id,
            title => self.title,
            description => lines.join("; "),
            axes => self.axes,
            note => self.note,
            best => square.scores,
            cell => CELL,
            height => square.height(),
            cells => self.drawn(&square),
            rows => square.names(|row| square.y(row) + CELL / 2.0),
            columns => square.names(|column| square.x(column) + square.width() / 2.0),
        };
        filled("report", include_str!("heat.html"), values)
    }

    fn drawn(&self, square: &Square) -> Vec<Drawn> {
        let most = self.cells.iter().map(|cell| cell.number).max();
        let most = most.unwrap_or(0).max(1) as f64;
        let mut drawn = Vec::new();
        for row in 1..=square.scores {
            for column in 1..=square.scores {
                let number = self.number(row, column);
                let part = number as f64 / most;
                drawn.push(Drawn {
                    x: rounded(square.x(column)),
                    y: square.y(row),
                    width: rounded(square.width()),
                    strength: rounded(FAINTEST + (STRONGEST - FAINTEST) * part),
                    number: thousands(number),
                });
            }
        }
        drawn
    }

    fn number(&self, row: i64, column: i64) -> u64 {
        let mut cells = self.cells.iter();
        let found = cells.find(|cell| (cell.row, cell.column) == (row, column));
        found.map_or(0, |cell| cell.number)
    }

    /// A row in words: `recency 3: 1, 0, 3 for frequency 1 to 3`.
    fn line(&self, row: i64, scores: i64) -> String {
        let [rows, columns] = self.axes;
        let numbers: Vec<String> = (1..=scores)
            .map(|column| thousands(self.number(row, column)))
            .collect();
        format!(
            "{rows} {row}: {} for {columns} 1 to {scores}",
            numbers.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(cells: &[(i64, i64, u64)]) -> String {
        let cells = cells.iter().map(|&(row, column, number)| HeatCell {
            row,
            column,
            number,
        });
        let picture = Heat {
            id: "scores",
            title: "Scores",
            axes: ["recency", "frequency"],
            scores: 2,
            cells: cells.collect(),
            note: "a < b",
        };
        picture.markup().expect("a picture").to_string()
    }

    #[test]
    fn every_cell_has_its_number_and_its_place() {
        let text = picture(&[(2, 1, 1_200), (1, 2, 300)]);
        assert_eq!(text.matches("class=\"cell\"").count(), 4, "{text}");
        assert!(text.contains(">1,200<"), "{text}");
        assert!(
            text.contains("x=\"9.0%\" y=\"0.0\""),
            "the best row is above: {text}"
        );
        assert!(text.contains("recency 2: 1,200, 0 for frequency 1 to 2"));
        assert!(text.contains("fill-opacity=\"0.68\""), "{text}");
        assert!(text.contains("a &lt; b"), "{text}");
    }

    #[test]
    fn a_greater_score_makes_the_square_larger() {
        assert_eq!(picture(&[(3, 1, 1)]).matches("class=\"cell\"").count(), 9);
        assert_eq!(picture(&[]).matches("class=\"cell\"").count(), 4);
    }
}
