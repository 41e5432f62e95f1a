//! c360-resolve: the pure kernels of identity and survivorship over Arrow arrays.
//!
//! No storage, no clock, no SQL: columns in, columns out. Neither the order of input rows nor the number of threads
//! changes a result. What a caller uses:
//!
//! | question | function |
//! |---|---|
//! | what is the standard form of this value? | [`standardise::Normalizer::apply`], [`standardise::normalize`] (arrays), [`standardise::normalize_array`] (any string or dictionary type), [`standardise::is_junk`] |
//! | which code has this string? | [`Interner::codes`] |
//! | is this identifier shared too widely? | [`cluster::over_limit`] |
//! | which records are one person? | [`cluster::resolve`] |
//! | what is that person called? | [`person_id()`]; of another entity [`entity_id`] |
//! | what became of the old ids? | [`events::events`] |
//! | which persons are merged, which split? | [`difference::Difference::between`] |
//! | which evidence alone holds a person together? | [`bridge::cut_off`] |
//! | which records are probably one person? | [`matching`]: [`matching::train`], [`matching::Scorer`], [`matching::link`] |
//! | how well do persons agree with the truth? | [`evaluate::Evaluation::of`] |
//! | which record's value survives? | [`survive::Order`], [`survive::choose`], [`survive::top`] |
//!
//! ```text
//! standardise::Normalizer::{Email, Phone { region }, Name, Handle, Postcode, Text, None}: FromStr ("phone:GB")
//! cluster::resolve(&Records, &Identifiers, &Extra, &Rules) -> Result<Resolution { person, component, links }>
//! cluster::over_limit(&Records, &Identifiers, &Rules) -> Result<BooleanArray>      one flag an identifier row
//! person_id(source: &str, key: &str) -> String                                     "P" + 24 characters
//! ```

pub mod bridge;
pub mod cluster;
pub mod difference;
pub mod error;
pub mod evaluate;
pub mod events;
mod intern;
pub mod matching;
mod person_id;
pub mod standardise;
pub mod survive;

pub use error::{Error, Result};
pub use intern::Interner;
pub use person_id::{entity_id, person_id};
