//! A square of cells, darker where there is more, with the numbers written in.

use minijinja::{Value, context};
use serde::Serialize;

use super::rounded;
use crate::failure::Failure;
use crate::markup::filled;
use crate::numbers::thousands;

/// Height of a cell, in pixels, and how much of the width the names of the rows take, in per cent.
const CELL: f64 = 52.0;
const NAMES: f64 = 9.0;

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
    is_strong: bool,
    number: String,
}

#[derive(Serialize)]
struct Name {
    at: f64,
    score: i64,
}

impl Heat<'_> {
    /// The picture; cells that are not given have nothing in them.
    pub fn markup(&self) -> Result<Value, Failure> {
        let given = self.cells.iter().flat_map(|cell| [cell.row, cell.column]);
        let scores = given.fold(self.scores, i64::max);
        let most = self.cells.iter().map(|cell| cell.number).max();
        let width = (100.0 - NAMES) / scores as f64;
        let left = |column: i64| NAMES + width * (column - 1) as f64;
        let top = |row: i64| CELL * (scores - row) as f64;
        let mut cells = Vec::new();
        let mut lines = Vec::new();
        for row in (1..=scores).rev() {
            let numbers: Vec<u64> = (1..=scores)
                .map(|column| self.number(row, column))
                .collect();
            lines.push(line(self.axes, row, &numbers));
            for (column, number) in (1..).zip(numbers) {
                let strength = number as f64 / most.unwrap_or(0).max(1) as f64;
                cells.push(Drawn {
                    x: rounded(left(column)),
                    y: top(row),
                    width: rounded(width),
                    strength: rounded(0.06 + 0.94 * strength),
                    is_strong: strength > 0.5,
                    number: thousands(number),
                });
            }
        }
        let name = |at: f64, score| Name {
            at: rounded(at),
            score,
        };
        let rows: Vec<Name> = (1..=scores)
            .map(|row| name(top(row) + CELL / 2.0, row))
            .collect();
        let columns: Vec<Name> = (1..=scores)
            .map(|column| name(left(column) + width / 2.0, column))
            .collect();
        let values = context! {
            id => self.id,
            title => self.title,
            description => lines.join("; "),
            axes => self.axes,
            note => self.note,
            cell => CELL,
            height => CELL * scores as f64,
            cells, rows, columns,
        };
        filled("report", include_str!("heat.html"), values)
    }

    fn number(&self, row: i64, column: i64) -> u64 {
        let mut cells = self.cells.iter();
        let found = cells.find(|cell| (cell.row, cell.column) == (row, column));
        found.map_or(0, |cell| cell.number)
    }
}

/// A row in words: `recency 5: 1, 0, 3 for frequency 1 to 3`.
fn line([rows, columns]: [&str; 2], row: i64, numbers: &[u64]) -> String {
    let last = numbers.len();
    let numbers: Vec<String> = numbers.iter().map(|number| thousands(*number)).collect();
    format!(
        "{rows} {row}: {} for {columns} 1 to {last}",
        numbers.join(", ")
    )
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
        assert!(text.contains("fill-opacity=\"1.0\""), "{text}");
        assert!(text.contains("a &lt; b"), "{text}");
    }

    #[test]
    fn a_greater_score_makes_the_square_larger() {
        assert_eq!(picture(&[(3, 1, 1)]).matches("class=\"cell\"").count(), 9);
        assert_eq!(picture(&[]).matches("class=\"cell\"").count(), 4);
    }
}
