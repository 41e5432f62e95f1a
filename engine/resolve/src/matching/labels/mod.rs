//! Labels: pairs of which somebody knows whether they are one person, and what a model learns from them.
//!
//! Labels do not replace what was trained without them, they correct it: a few hundred are too few to learn every
//! level of every comparison from nothing, and enough to see where the weights are wrong.
//!
//! ```text
//!   weight = weight inside its component     as trained without labels
//!          + a start                         pairs inside components are more often one person than was thought, or less
//!          + Σ a shift for each level        a level says more than was thought, or less
//!          + Σ neighbours                    what the component's other records say of the two
//! ```
//!
//! The last sum is what no comparison of two records can see: a third record that both agree with speaks for them,
//! partners that suit either far better speak against. All of it is a sum, so a pair is explained like any other.
//!
//! | question | function |
//! |---|---|
//! | which pairs should somebody look at? | [`review`] |
//! | what do the answers say? | [`learn`] |
//! | why does this pair weigh so much? | [`explain`] |

mod correction;
mod explain;
mod learn;
mod neighbours;
mod review;
mod ridge;

pub use self::correction::Correction;
pub use self::explain::{Parts, explain};
pub use self::learn::learn;
pub use self::neighbours::Neighbours;
pub use self::review::review;

/// What somebody says of two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    pub a: u32,
    pub b: u32,
    pub same: bool,
}
