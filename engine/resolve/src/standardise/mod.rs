//! Standardisers: one spelling for each value that means the same.
//!
//! Each turns a raw string into its standard form, or into nothing when no usable value is in it. They know
//! no tables and no rules of a project; which one applies to which identifier is the job's choice
//! ([`Normalizer`]). Values that are well formed but name nobody (`noemail@…`, `0400 000 000`) are kept by the
//! standardisers and told apart by [`is_junk`].

mod address;
mod array;
mod email;
mod fold;
mod handle;
mod junk;
mod name;
mod normalizer;
mod phone;
mod postcode;
mod text;

pub use address::address;
pub use array::{normalize, normalize_array, normalize_dictionary};
pub use email::email;
pub use handle::handle;
pub use junk::is_junk;
pub use name::name;
pub use normalizer::Normalizer;
pub use phone::{Region, phone};
pub use postcode::postcode;
pub use text::text;
