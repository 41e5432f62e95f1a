//! Import of a Splink model (its settings JSON): the SQL forms that Splink's comparison library writes for DuckDB.

mod condition;
mod settings;
mod syntax;

pub use settings::{Settings, import};
