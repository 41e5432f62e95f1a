//! The source room over a real lake: files in, raw tables out.

mod evolving;
mod faults;
mod formats;
mod limits;
mod modes;
mod once;
mod order;
mod remote;
mod reread;
mod shop;
