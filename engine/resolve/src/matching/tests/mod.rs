//! Tests of matching at its boundary.

mod block_keys; // blocking keys against blocks
mod condition; // an example for each condition
mod distance; // plain definitions of all distances
mod frequencies; // what a model learnt of rarity
mod invariance; // order of records and number of threads
mod labels; // what answers teach
mod naive; // all pairs, plain formulas
mod oracle; // the kernel against `naive`
mod people; // synthetic persons with errors
mod rarity; // values that few records have
mod splink; // an imported model against what Splink says
mod training; // known probabilities found again
