//! The one integration-test binary: every DataFusion-linked binary costs seconds of linking.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says what it expected by failing"
)]

mod asked;
mod catalog;
mod catalog_read;
mod cli;
mod flow;
mod functions;
mod planted;
mod retail;
mod rough_store;
mod source;
mod sql;
