//! The sections of the page, a file each: what to say and to draw of some figures. Where there are none, a sentence
//! says so.

mod audiences;
mod drift;
mod identity;
mod lifetime;
mod publications;
mod segments;
mod sources;
mod standing;
mod value;

use jiff::Timestamp;

pub use audiences::audiences;
pub use drift::drift;
pub use identity::identity;
pub use lifetime::lifetime;
pub use publications::publications;
pub use segments::segments;
pub use sources::sources;
pub use standing::standing;
pub use value::value;

/// `2026-01-31 06:00 UTC`.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// How much `number` is of `of`, from 0 to 1.
fn share(number: u64, of: u64) -> f64 {
    number as f64 / of.max(1) as f64
}
