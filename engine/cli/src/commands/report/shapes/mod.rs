//! What a section is made of: sentences, figures in a row, tables, and pictures as SVG.
//!
//! Pictures have no fixed width: what lies across is in per cent, what lies down in pixels, so that letters keep their
//! size on a phone. Each has a title, a description that tells its numbers, and the numbers written in it.

mod bars;
mod heat;
mod line;
mod sheet;
mod tiles;

pub use bars::{Bar, Bars, Mark};
pub use heat::{Heat, HeatCell};
pub use line::{Line, Point};
pub use sheet::Sheet;
pub use tiles::{Tile, tiles};

/// Per cent of the width, or pixels, with as many places as can be seen.
fn rounded(length: f64) -> f64 {
    (length * 100.0).round() / 100.0
}

/// Numbers as a sentence: `a: 1; b: 2`.
fn told<'a>(numbers: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let each: Vec<String> = numbers
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    each.join("; ")
}
