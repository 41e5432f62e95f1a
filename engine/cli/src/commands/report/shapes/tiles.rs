//! A few figures in a row, large.

use minijinja::{Value, context};
use serde::Serialize;

use crate::failure::Failure;
use crate::markup::filled;

/// A figure.
#[derive(Serialize)]
pub struct Tile {
    name: &'static str,
    value: String,
    note: String,
}

impl Tile {
    /// A figure with what it is, and what else there is to say.
    pub fn new(name: &'static str, value: String, note: impl Into<String>) -> Self {
        Self {
            name,
            value,
            note: note.into(),
        }
    }
}

/// The figures.
pub fn tiles(tiles: &[Tile]) -> Result<Value, Failure> {
    filled("report", include_str!("tiles.html"), context! { tiles })
}
