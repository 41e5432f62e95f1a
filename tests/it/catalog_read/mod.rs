//! Reading the lake: any snapshot, what changed between any two, and only the files that matter.

mod evolution;
mod fixture;
mod history;
mod scan;
