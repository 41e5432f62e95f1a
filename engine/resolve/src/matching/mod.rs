//! Probabilistic matching (Fellegi and Sunter, 1969): which pairs of records are the same person, and how sure is that?
//!
//! Arrays in, plain vectors out. Nothing here knows storage, clock or SQL; the same content gives the same result
//! whatever the order of rows and the number of threads. The way of a run:
//!
//! ```text
//!   arrays ─▶ Columns ─▶ Frame (fields, measures) ─▶ Blocks ─▶ train ─▶ Scorer ─▶ Components ─▶ link ─▶ clusters
//!             each value    the comparisons, compiled   who may   m, u,     pairs     what pairs     average
//!             once, coded   against these columns       meet      house-    above a   connect,       linkage by
//!                                                                 holds     threshold compared       train_inside
//! ```
//!
//! | question | function |
//! |---|---|
//! | what is compared, and by which levels? | [`Model`], [`templates`] |
//! | what is a level worth? | [`train`], or [`splink::import`] |
//! | which records may be one person, and how sure is that? | [`Scorer::pairs`] |
//! | which are? | [`Components::new`], [`link`] |
//! | what tells a person from relatives and namesakes? | [`train_inside`] |
//! | why these two? | [`Scorer::explain`], [`labels::explain`] |
//! | why do these two not meet? | [`meetings`] |
//! | what do people say whom the model asks? | [`labels::review`], [`labels::learn`] |
//!
//! Candidate pairs are never stored: blocking and comparison are one loop (`scan`). [`Model`] and [`Trained`] are
//! plain data with serde; the caller stores them as JSON. A model, its trained weights and the same records give the
//! same clusters again.

mod block;
mod block_keys;
mod case;
mod columns;
mod condition;
mod describe;
mod distance;
mod elements;
mod error;
mod expression;
mod fingerprint;
mod form;
mod frame;
mod frequencies;
mod group;
mod key;
pub mod labels;
mod link;
mod measure;
mod meet;
mod model;
pub mod nicknames;
mod pattern;
mod prospect;
mod row;
mod sample;
mod scan;
mod score;
mod sheet;
mod signature;
mod soundex;
pub mod splink;
pub mod templates;
mod test;
mod train;

#[cfg(test)]
mod tests;

pub use block::{Blocks, LargeBlock};
pub use block_keys::{Batch, BlockKeys};
pub use columns::{Column, Columns};
pub use condition::Condition;
pub(crate) use distance::is_initial;
pub use error::{Error, Result};
pub use expression::Expression;
pub use frame::Frame;
pub use frequencies::{Frequencies, ValueFrequencies};
pub use labels::Correction;
pub use link::{Components, LinkRules, Linkage, link};
pub use meet::{KeyPart, Meeting, meetings};
pub use model::{
    BlockingRule, Comparison, Level, LevelWeight, Model, TermFrequency, Trained, Weights,
};
pub use score::{Pair, ScoredPairs, Scorer};
pub use train::{Training, train, train_inside};
