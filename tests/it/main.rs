//! The one integration-test binary: every DataFusion-linked binary costs seconds of linking.

mod catalog;
mod catalog_read;
mod cli;
mod flow;
mod source;
