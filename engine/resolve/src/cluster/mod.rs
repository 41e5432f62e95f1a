//! Who is who, without a model: records that share identifiers become persons, unless a rule forbids it.
//!
//! A pure function of its input's content: neither the order of rows, nor how values are coded, nor the number of
//! threads changes what comes out. And each connected component of the candidate links comes out the same alone or
//! together with all others, so that an incremental run may resolve the touched components only. One thing is not
//! a matter of one component, and is therefore an input as well: whether a value is over its limit
//! ([`over_limit`]).
//!
//! 1. Records are put in *anchor order*: first seen, source's name, key. Everything below works in that order.
//! 2. Records that share a value of a linking kind under its limit, scored pairs and must-links are candidate
//!    links; their connected components are named by their earliest record.
//! 3. A component none of whose constraints could be violated is one person. That is nearly every one.
//! 4. In the others, candidate links are taken in a fixed order: must-links, then by rank; within a rank the
//!    identifiers by kind and by members in anchor order, then scored pairs, heaviest first. The clusters of the two
//!    records are joined unless a constraint forbids it; a refused link keeps its reason.
//!
//! A value that many records share is one group rather than many pairs. Its members are taken in anchor order, and
//! each joins the first cluster of the group that admits it, or begins a new one. So one refusal does not cut off
//! the rest:
//!
//! ```text
//!   family@post.example      A 1980 ── B 1980          A─C is refused (two birth dates),
//!                            C 2005 ── D 2005          yet D still finds C
//! ```
//!
//! That holds for whom one of the clusters alone admits. A record that two of them claim, which refuse each other, joins
//! neither: the value is a household's, and nothing says whose record this is.
//!
//! ```text
//!   family@post.example      A 1980 ── B 1980          E has no birth date: it may be A's or C's,
//!                            C 2005     E ?            and stays alone
//! ```
//!
//! A link is refused when the joined cluster would
//! - hold both records of a cannot-link, or
//! - hold more records than `person_records_max`, or
//! - hold more distinct values of an identifier or a guard than allowed, and more than either side holds already, or
//! - bring together two who have names, none of which is like one of the other's, by a kind that asks for that.
//!
//! Must-links are a person's decision: only a cannot-link stops them. What they join beyond a limit stays joined,
//! and may still take in records that bring no further value.

mod alike;
mod constrained;
mod contest;
pub(crate) mod forest;
mod group;
mod input;
mod limit;
mod order;
mod output;
mod partition;
mod resolve;
mod split;
mod step;
mod suspect;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

pub use input::{
    Extra, Guard, Identifiers, KindRule, Limit, NULL_CODE, Records, Rules, ScoredLink,
};
pub use limit::over_limit;
pub use order::anchor_places;
pub use output::{Evidence, Link, Refusal, Resolution};
pub use resolve::resolve;
